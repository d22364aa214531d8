"""A stage's handout as the terminal shows it."""

from rich.console import Console
from rich.markdown import Markdown

from grader.course.stage import Stage
from grader.errors import Refusal
from grader.report.formulas import readable


def rendered(console: Console, stage: Stage, unfold: bool = False) -> str:
    """The handout's text with the console's colours; what is folded in it opens with `unfold`."""
    try:
        text = stage.handout.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{stage.handout} cannot be read: {error}. Remedy: restore it.") from None
    with console.capture() as captured:
        console.print(Markdown(readable(text, unfold), hyperlinks=False))
    return captured.get()
