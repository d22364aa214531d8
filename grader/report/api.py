"""What the author of a course's pictures imports: `pictures` in its toolbox makes `Wanted` ones of what checks left.

A plot is an SVG element of matplotlib in the style of the page; a table, an image or tiles need no plotting library.
"""

from markupsafe import Markup

from grader.records import Report
from grader.report.evidence import Arrays, Curves
from grader.report.pictures import Tile, Wanted
from grader.report.svg import BAND, DASHES, EDGE, FIRST, KEY, OFF, SECOND, THIRD, Dash, element, new_figure, style
from grader.report.tables import Cell, ValueTable, largest, number, shades
from grader.report.words import listed, plural

__all__ = [
    "BAND", "DASHES", "EDGE", "FIRST", "KEY", "OFF", "SECOND", "THIRD", "Arrays", "Cell", "Curves", "Dash", "Markup", "Report", "Tile",
    "ValueTable", "Wanted", "element", "largest", "listed", "new_figure", "number", "plural", "shades", "style",
]  # fmt: skip
