"""The figures of the handouts: `draw()` gives them all, of closed forms and of the trained network of the first page.

They lie beside the handouts, `tasks/NN_name/figures/*.svg`; `make figures` writes them again.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ... import closed_form
from .. import beginning, drawing

#: Colours of the course's pages by name, for whoever shows a file alone; a page leaves them out and has its own.
_LIGHT = "--ink:#23211d;--soft:#5b554b;--rule:#ddd5c5;--sheet:#fffdf9;--fail:#b83a0b;--series-1:#0b7a75"
_DARK = "--ink:#e7e2d8;--soft:#b0aa9e;--rule:#383b3e;--sheet:#1f2224;--fail:#ff9a68;--series-1:#5fc9bd"
_STYLE = f"<style>svg{{{_LIGHT};font-family:system-ui,sans-serif}}@media(prefers-color-scheme:dark){{svg{{{_DARK}}}}}</style>"


def draw(data: Path | None = None, stage: str = "") -> dict[str, str]:
    """Path within the folder of the stages -> the SVG that belongs there, of one stage or of all; no data is needed."""
    return {f"{name}/figures/{file}.svg": _file(maps()) for (name, file), maps in _FIGURES.items() if stage in ("", name)}


def _file(maps: Sequence[drawing.Map]) -> str:
    width, height, inside = drawing.laid_out(maps)
    whole = max(width + 16, 360.0)  # the width of a phone, so that texts are legible there and no larger elsewhere
    elements = re.sub(r"(?=<(?:rect|text))", "\n", inside)
    begin = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole:g} {height + 16:g}">\n{_STYLE}'
    paper = f'<rect width="{whole:g}" height="{height + 16:g}" rx="6" fill="var(--sheet)"/>'
    return f'{begin}\n{paper}\n<g transform="translate({(whole - width) / 2:g} 8)">{elements}\n</g>\n</svg>\n'


def _worked_example() -> list[drawing.Map]:
    """The weights of handout 01: as they are, masked too late, and masked."""
    q, k = np.array([[[2.0, 0, 0, 0], [0, 1, 1, 0]]]), np.array([[[1.0, 0, 0, 1], [0, 2, 0, 0], [1, 0, 4, 0]]])
    mask = np.array([[True, True, False], [True, True, True]])
    free, masked = closed_form.weights(q, k)[0], closed_form.weights(q, k, mask)[0]
    return [("no mask", free, None, None), ("mask too late", free * mask, None, None), ("mask in time", masked, None, None)]


def _copying() -> list[drawing.Map]:
    """Where the first head of the trained network looks."""
    text, heads = beginning.stored()
    letters = list(text[: len(heads[0])])
    return [("head 0", heads[0], letters, letters)]


_FIGURES = {("01_attention", "mask"): _worked_example, ("05_copy", "heads"): _copying}
