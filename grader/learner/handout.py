"""A stage's handout as the terminal shows it: its formulas drawn or in a line, and what is folded there left out or opened."""

import re

from rich.console import Console
from rich.markdown import Markdown

from grader.course.stage import Stage
from grader.errors import Refusal

#: LaTeX -> text, in this order.
_REWRITTEN = [
    (r"\\partial ?", "∂"), (r"\\cdot", "·"), (r"\\lceil ?(.*?) ?\\rceil", r"ceil(\1)"), (r"\\text\{([^{}]*)\}", r"\1"),
    (r"\\sqrt\{([^{}]*)\}", r"√(\1)"), (r"\\sum_\{([^{}]*)\}", r"sum over \1 of "), (r"_\{([^{}]*)\}", r"[\1]"),
]  # fmt: skip
#: What gets a blank before and behind it in a drawing: what stands between two terms, and a function before its argument.
_BETWEEN = re.compile(r"(?<![{^_(,|&]) *(&?)(=|\\leftarrow|\+|-|\\cdot)(?= )")
_FUNCTION = re.compile(r"\\(log|exp)(?= )")
_FIGURE = re.compile(r"!\[([^\]]*)\]\([^)\s]+\)")
_FOLDED = re.compile(r"<details><summary>(.*?)</summary>\n(.*?)</details>\n", re.DOTALL)


def rendered(console: Console, stage: Stage, unfold: bool = False) -> str:
    """The handout's text with the console's colours; what is folded in it opens with `unfold`."""
    try:
        text = stage.handout.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{stage.handout} cannot be read: {error}. Remedy: restore it.") from None
    with console.capture() as captured:
        console.print(Markdown(readable(text, unfold), hyperlinks=False))
    return captured.get()


def readable(handout: str, unfold: bool = False) -> str:
    """The Markdown of a handout with formulas as text; of each folded part the title, and the part itself if asked."""
    text = _FOLDED.sub(r"▾ *\1*\n\2" if unfold else r"▸ *\1*\n", handout)
    text = _FIGURE.sub(lambda m: f"(Figure, shown by `make site`: {' '.join(m[1].split())})", text)
    text = re.sub(r"```math\n(.*?)```", lambda m: f"```text\n{_drawn(m[1])}\n```", text, flags=re.DOTALL)
    return re.sub(r"\$`(.*?)`\$", lambda m: f"`{_linear(m[1])}`", text, flags=re.DOTALL)


def _drawn(latex: str) -> str:
    """A formula as lines of text that lie above and below one another; as it was written if it cannot be drawn."""
    from texicode.pipeline import render_tex

    spaced = _FUNCTION.sub(r"\\\1\\;", _BETWEEN.sub(r"\\;\1\2\\;", latex.strip()))
    drawn = render_tex(spaced, debug=False, color=False, context="raw", options={"fonts": "normal"})
    return latex.strip() if drawn.startswith("TeXicode:") else "\n".join(row.rstrip() for row in drawn.split("\n")).strip("\n")


def _linear(latex: str) -> str:
    for pattern, new in _REWRITTEN:
        latex = re.sub(pattern, new, latex)
    return " ".join(latex.replace("\\", "").split())
