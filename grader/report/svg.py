"""matplotlib, set up in the page's style, and its drawings as elements of a page. The one place of the pages that imports it.

Colours are the page's own variables, so that one drawing serves light, dark and print; texts are texts. `warm()` starts the
import in the background while checks still run.

Plots that were drawn before are kept beside the grade: the same numbers give the same picture, without matplotlib.
`out/figures.json` maps a key, made of what the plot shows and of the code that draws it, to the SVG. A file that holds
anything but plain drawings is not used: what is in it would stand in the page as markup.
"""

import contextlib
import hashlib
import io
import json
import re
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np

from grader.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

#: What matplotlib is told, and what stands in the page instead.
COLOURS = {
    "#010101": "var(--ink)", "#020202": "var(--soft)", "#030303": "var(--rule)", "#040404": "var(--edge)",
    "#050505": "var(--series-1)", "#060606": "var(--series-2)", "#070707": "var(--series-3)",
    "#080808": "var(--band)", "#090909": "var(--fail)",
}  # fmt: skip
INK, SOFT, RULE, EDGE, FIRST, SECOND, THIRD, BAND, OFF = COLOURS
STYLE = Path(__file__).with_name("page.mplstyle")
#: Stands for the name that a figure gets on its page.
KEY = "@figure@"
Dash = str | tuple[float, tuple[float, ...]]
DASHES: list[Dash] = ["solid", (0, (5, 2)), (0, (1.2, 1.6)), (0, (7, 2, 1.5, 2))]

FILE = "figures.json"
MOST_BYTES = 3_000_000
ELEMENTS = {"svg", "g", "defs", "clipPath", "path", "rect", "circle", "use", "text", "tspan", "image"}

_warming: threading.Thread | None = None


@lru_cache
def _library() -> "tuple[type[Figure], type[FigureCanvasSVG], Callable[[], AbstractContextManager[None]]]":
    """matplotlib's Figure, its SVG canvas, and the page's style to draw in; pyplot stays out of it."""
    import matplotlib

    matplotlib.use("svg", force=False)
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    style = matplotlib.rc_params_from_file(STYLE, use_default_template=False)
    return Figure, FigureCanvasSVG, lambda: rc_context(style)


def style() -> AbstractContextManager[None]:
    """What is made and drawn within it looks as the page does."""
    return _library()[2]()


def new_figure(width: float, height: float) -> "Figure":
    """An empty figure on the SVG canvas; inches."""
    figure_class, canvas, _ = _library()
    made = figure_class(figsize=(width, height))
    canvas(made)
    return made


def warm() -> None:
    """Begin to import matplotlib in the background; calling it again does nothing. A failed import shows at the first figure."""
    global _warming
    if _warming is None:
        _warming = threading.Thread(target=_imported, name="matplotlib-import", daemon=True)
        _warming.start()


def available() -> bool:
    """Whether plots can be drawn here: without matplotlib the page says so in their place."""
    if _warming is not None:
        _warming.join()
    return _imported()


def _imported() -> bool:
    try:
        _library()
    except ImportError:
        return False
    return True


def element(figure: "Figure", part: int = 0) -> str:
    """The figure as an SVG element for the page, its ids beginning with KEY-part, described by the element KEY-finding."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", text))
    text = re.sub(r' id="([^"]+)"', lambda found: f' id="{KEY}-{part}-{found[1]}"' if found[1] in used else "", text)
    text = re.sub(r"(url\(#|href=\"#)", rf"\1{KEY}-{part}-", text)
    for colour, variable in COLOURS.items():
        text = text.replace(colour, variable)
    text = re.sub(r"font-family: [^;\"]*; ", "", text)  # the page's own
    text = re.sub(r"font: ([^'\";]*?)(\d[\d.]*px) [^;\"]*", r"font: \1\2 var(--sans)", text)
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    text = re.sub(r">\s+<", "><", text)
    opening = re.match(r"<svg[^>]*>", text)
    if opening is None:
        raise ValueError("the SVG writer gave no <svg> element")
    box = re.search(r'viewBox="[^"]*"', opening.group())
    width = round(figure.get_figwidth() * 90)
    shell = (
        f'<svg class="plot" {box.group() if box else ""} role="img" aria-labelledby="{KEY}-finding" style="--width:{width}px"'
        ' xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    return shell + text[opening.end() :].strip()


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
    return b"".join(path.read_bytes() for path in (Path(__file__), STYLE, *sorted(pictures.glob("*.py"))))


def _read(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_size > MOST_BYTES:
            return {}
        stored = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
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
