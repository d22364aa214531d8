"""Plots that were drawn before, kept beside the grade: the same numbers give the same picture, without matplotlib.

`out/figures.json` maps a key, made of what the plot shows and of the code that draws it, to the SVG. A file that holds
anything but plain drawings is not used: what is in it would stand in the page as markup.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from grader.files import write_atomically

FILE = "figures.json"
MOST_BYTES = 3_000_000
ELEMENTS = {"svg", "g", "defs", "clipPath", "path", "rect", "circle", "use", "text", "tspan", "image"}


class Drawings:
    """The plots of one grade: from the file if it has them, else drawn now.

    After the page is made, `keep()` writes those that it uses, and only those.

    code : of all that draws
    """

    def __init__(self, out: Path, code: bytes = b"") -> None:
        self._path, self._code = out / FILE, code
        self._stored = _read(self._path)
        self._used: dict[str, str] = {}

    def get(self, key: str, draw: Callable[[], str | None]) -> str | None:
        """The plot of that key; `draw` is called if it is not stored, and returns None where it cannot."""
        svg = self._used[key] if key in self._used else self._stored[key] if key in self._stored else draw()
        if svg is not None:
            self._used[key] = svg
        return svg

    def key(self, kind: str, arrays: Iterable[tuple[str, np.ndarray]]) -> str:
        """What a plot shows, in 32 characters: its kind, its named arrays, and the code that draws it."""
        mark = hashlib.sha256(self._code + kind.encode())
        for name, array in arrays:
            mark.update(f"\0{name} {array.dtype} {array.shape}\0".encode())
            mark.update(np.ascontiguousarray(array).tobytes())
        return mark.hexdigest()[:32]

    def keep(self) -> None:
        """Write the plots that were used, if they are not those that were stored; a full disk costs the file only."""
        if self._used == self._stored:
            return
        with contextlib.suppress(OSError):
            write_atomically(self._path, json.dumps(self._used))


def drawing_code(pictures: Path) -> bytes:
    """The text of all that draws: the page's style, and a course's folder of pictures."""
    from grader.report import svg

    return b"".join(path.read_bytes() for path in (Path(svg.__file__), svg.STYLE, *sorted(pictures.glob("*.py"))))


def _read(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_size > MOST_BYTES:
            return {}
        stored = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    fits = isinstance(stored, dict) and all(isinstance(svg, str) and plain(svg) for svg in stored.values())
    return stored if fits else {}


def plain(svg: str) -> bool:
    """Whether these are drawings and nothing else: known elements, no handler, no link but into itself or to inline pixels."""
    if "<!" in svg or "<?" in svg:
        return False
    try:
        root = ElementTree.fromstring(f"<svg>{svg}</svg>")
    except ElementTree.ParseError:
        return False
    return all(_plain_element(element) for element in root.iter())


def _plain_element(element: ElementTree.Element) -> bool:
    if element.tag.rpartition("}")[2] not in ELEMENTS:
        return False
    for name, value in element.attrib.items():
        bare = name.rpartition("}")[2].lower()
        if bare.startswith("on") or (bare == "href" and not value.startswith(("#", "data:image/png;base64,"))):
            return False
        if "url(" in value.replace("url(#", "") or "javascript:" in value.lower():
            return False
    return True
