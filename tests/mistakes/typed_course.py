"""The whole course as somebody types it, with the ten commonest mistakes of each stage, and what the screen says of each.

    python -m tests.mistakes.typed_course OUT [STAGE ...]

What is typed lies in `typed/`: answers written from the handouts, and `slips.txt`, edits of them. OUT is a text file with two
screens a step, of 24 lines: that of `make grade` and that of `make watch`. What has scrolled out of the first one is marked
with ":"; a table at the end has a line a step. It takes about ten minutes, most of it for the trainings of stage 12.
"""

import argparse
import io
import re
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from grader.course.skeleton import put_back_all, read_sources
from grader.course.source_spans import definition_span, find, parse
from grader.course.stage import Stage
from grader.grading.output import Output
from grader.grading.request import Request
from grader.learner.events import IDLE, SAVED, Events
from grader.learner.watch_loop import Loop
from grader.learner.watched import Watched
from grader.worker.outside.pool import WorkerPool
from tests.command_line import asked
from tests.courses import HERE
from tests.golden.submissions import skeleton

TYPED = Path(__file__).with_name("typed")
LINES = 24
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Slip(NamedTuple):
    """One mistake: in a function, some lines that become others."""

    stage: str
    function: str  #: "losses.softmax"
    title: str
    edits: tuple[tuple[list[str], list[str]], ...]

    @property
    def file(self) -> str:
        return self.function.partition(".")[0] + ".py"

    def applied(self, text: str) -> str:
        """The text of a module with the mistake in it; each edit has one place in the function."""
        node = find(parse(text), self.function)
        assert node is not None, f"{self.function} is not there"
        first, last = definition_span(node)
        lines = text.split("\n")
        body = lines[first:last]
        for old, new in self.edits:
            size = len(old)
            places = [i for i in range(len(body) - size + 1) if _bare(body[i : i + size]) == _bare(old)]
            assert len(places) == 1, f"{self.stage}, {self.title}: {old} has {len(places)} places"
            there = slice(places[0], places[0] + size)
            indent = " " * min(len(line) - len(line.lstrip()) for line in body[there])
            body[there] = [indent + line for line in new]
        return "\n".join([*lines[:first], *body, *lines[last:]])


def _bare(lines: list[str]) -> list[str]:
    return textwrap.dedent("\n".join(lines)).split("\n")


def slips() -> list[Slip]:
    """All mistakes of `typed/slips.txt`."""
    found: list[Slip] = []
    stage = ""
    for block in re.split(r"\n(?=#)", (TYPED / "slips.txt").read_text("utf-8"))[1:]:
        head, *lines = block.strip("\n").split("\n")
        if head.startswith("## "):
            stage = head[3:]
            continue
        function, title = head[2:].split(": ", 1)
        edits = re.findall(r"((?:^- .*\n)+)((?:^\+ .*\n)+)", "\n".join(lines) + "\n", re.MULTILINE)
        assert sum(text.count("\n") for pair in edits for text in pair) == len(lines), head
        found.append(Slip(stage, function, title, tuple((_cut(old), _cut(new)) for old, new in edits)))
    return found


def _cut(text: str) -> list[str]:
    return [line[2:] for line in text.splitlines()]


def typed_until(stage: Stage) -> dict[str, str]:
    """The files of who has typed all that the stages before this one ask for."""
    before = HERE.stages[: HERE.stages.index(stage)]
    return put_back_all(skeleton(), read_sources(TYPED), [name for other in before for name in other.claims])


class Screens:
    """A folder in which somebody types, `make watch` beside it, and both screens of each step."""

    def __init__(self, folder: Path, pool: WorkerPool, stage: Stage):
        self.student, self.out, self.stage = folder / "student", folder / "build", stage
        self.student.mkdir(parents=True)
        self.save(typed_until(stage))
        request = Request(HERE, self.student, Output(folder / "watch"))
        watched = Watched(self.student, HERE, pool, stage=stage, out=request.output)
        self.loop = Loop(watched, Events(self.student), request, pool.ready)
        plain = {"highlight": False, "markup": False, "emoji": False, "no_color": True}
        self.loop.console = Console(file=io.StringIO(), force_terminal=True, width=80, height=LINES, **plain)

    def save(self, texts: dict[str, str]) -> None:
        for name, text in texts.items():
            (self.student / name).write_text(text, encoding="utf-8")

    def watch(self) -> str:
        """The screen after a save, when all other stages were looked at, too."""
        for event in (SAVED, IDLE):
            self.loop._handle(event)
        return ESCAPES.sub("", self.loop.shown)

    def grade(self) -> str:
        """What `make grade` prints; of a stage that trains, of that stage alone."""
        stages = [self.stage.id] if self.stage.id > "10_training_loop" else []
        said = asked("grade", *stages, "--student", self.student, "--out", self.out)
        return said.output


def steps(stage: Stage) -> Iterator[tuple[str, dict[str, str]]]:
    """(what is done, the files then): each function typed, then each mistake made in a right answer."""
    answers, texts = read_sources(TYPED), typed_until(stage)
    for name in stage.claims:
        texts = put_back_all(texts, answers, [name])
        yield f"{name} is typed", texts
    for slip in slips():
        if slip.stage == stage.id:
            yield f"{slip.function}: {slip.title}", {**texts, slip.file: slip.applied(texts[slip.file])}


def marked(printed: str, shown: int = LINES - 1) -> str:
    """The lines that a terminal of 24 lines still shows, its last one being the prompt; those above are marked."""
    lines = printed.rstrip("\n").split("\n")
    gone = max(0, len(lines) - shown)
    return "\n".join([*(f": {line}" for line in lines[:gone]), *(f"| {line}" for line in lines[gone:])])


def said_next(screen: str) -> str:
    """What stands behind "Next:", and how many lines of it a terminal shows."""
    lines = screen.rstrip("\n").split("\n")
    found = next((number for number, line in enumerate(lines) if line.startswith("Next: ")), None)
    if found is None:
        return "(nothing)"
    return lines[found].removeprefix("Next: ") + ("" if found >= len(lines) - LINES + 1 else " (above the screen)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("stages", nargs="*")
    options = parser.parse_args()
    table = []
    with open(options.out, "w", encoding="utf-8") as out, tempfile.TemporaryDirectory() as scratch:
        for stage in HERE.select(options.stages):
            with WorkerPool(HERE.withheld) as pool:
                screens = Screens(Path(scratch) / stage.id, pool, stage)
                for what, texts in steps(stage):
                    screens.save(texts)
                    graded, watched = screens.grade(), screens.watch()
                    print(
                        f"\n{'=' * 20} {stage.id}: {what}\n\n{marked(graded)}\n\n{marked(watched, LINES)}", file=out, flush=True
                    )
                    table.append(f"{stage.id[:2]}  {what:66.66}  {said_next(graded)}")
                    print(table[-1], file=sys.stderr)
        print("\n".join(["", "=" * 20, *table]), file=out)


if __name__ == "__main__":
    main()
