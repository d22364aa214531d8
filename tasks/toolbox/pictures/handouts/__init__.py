"""The figures of the handouts: `draw(data)` gives them all, made of closed forms and of the course's own images.

They lie beside the handouts, `tasks/NN_name/figures/*.svg`; `make figures` writes them again.
"""

from pathlib import Path

from . import functions, trainings
from .canvas import Sheet, chart

__all__ = ["Sheet", "chart", "draw"]


def draw(data: Path, stage: str = "") -> dict[str, str]:
    """Path within the folder of the stages -> the SVG that belongs there, of one stage or of all.

    data : the folder of the images
    """
    known = {name: figures for name, figures in functions.FIGURES.items() if stage in ("", name)}
    trained = {name: figures for name, figures in trainings.FIGURES.items() if stage in ("", name)}
    drawn = {f"{name}/figures/{file}.svg": make().svg() for name, figures in known.items() for file, make in figures.items()}
    return drawn | {
        f"{name}/figures/{file}.svg": make(data).svg() for name, figures in trained.items() for file, make in figures.items()
    }
