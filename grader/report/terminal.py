"""What a grade looks like in a terminal: score, ladder of stages, and the first thing to do next with its card.

Fits 80 columns, and says everything without colour too: each state has a sign and a word. Text that came from a
submission is only ever put on the screen as text, never as markup.
"""

import io
from collections.abc import Iterator
from typing import IO, NamedTuple

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from grader.course.about import About
from grader.records import Card, CheckResult, Report, SourceLines, StageResult
from grader.report import words


class Look(NamedTuple):
    sign: str
    plain: str  #: the sign where the terminal knows ASCII alone
    word: str
    style: str


LOOKS = {state: Look(*(told[name] for name in Look._fields)) for state, told in words.STATES.items()}
WIDTH, BAR = 80, 40
RAN_LINES = 24  #: lines of "what we ran" shown here; the report has them all


def console(file: IO[str] | None = None, no_color: bool | None = None) -> Console:
    """A console of at most 80 columns that never interprets or highlights what it is given."""
    elsewhere = False if file else None  # in a notebook, rich shows what is written to a file as well
    made = Console(highlight=False, markup=False, emoji=False, file=file, no_color=no_color, force_jupyter=elsewhere)
    made.width = min(made.width, WIDTH) if made.is_terminal else WIDTH
    return made


def plain_card(stage: str, result: CheckResult) -> str:
    """One result as plain text, for pytest and logs."""
    out = io.StringIO()
    console(file=out, no_color=True).print(CardText(stage, result))
    return out.getvalue().rstrip()


class CardText:
    """What a learner is told about one check: its name, what happened, what it looks like, and what was run.

    ran_lines : so many lines of what was run; None leaves out what was expected, too, which what happened mostly repeats
    """

    def __init__(self, stage: str, result: CheckResult, title: bool = True, ran_lines: int | None = RAN_LINES):
        self.stage, self.result, self.title, self.ran_lines = stage, result, title, ran_lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        result, look = self.result, LOOKS[self.result.state]
        if self.title:
            yield Text.assemble((sign(console, result.state) + " ", look.style), (result.promise, "bold"))
            yield Text(f"  {self.stage}, {result.id}, {look.word}", style="dim")
        if said := words.with_help(result):
            yield from indented(console, said, "dim", 2)
        for label, text, style in self.parts():
            yield Text()
            yield Text(f"  {label}", style="bold dim")
            yield from indented(console, text, style)

    def parts(self) -> Iterator[tuple[str, str, str]]:
        """(label, text, style) of everything there is to say."""
        card = self.result.card or Card()
        yield from self._verdict()
        for lines in [lines for lines in card.source if lines.marked][-2:]:
            yield f"where: {lines.file}" + (f", in {lines.function}" if lines.function else ""), _numbered(lines), ""
        if looks := words.looks_like(self.result):
            yield "what it looks like", looks, "yellow"
        if card.printed:
            yield "what your code printed in that call", card.printed, "dim"
        if card.ran and self.ran_lines and not self.result.broken:
            ran = card.ran.rstrip().split("\n")
            most = self.ran_lines
            cut = [f"... {len(ran) - most} more lines are in the report"] if len(ran) > most else []
            yield "what we ran", "\n".join([*ran[:most], *cut]), "dim"

    def _verdict(self) -> Iterator[tuple[str, str, str]]:
        """The mistake, what came, and what should have come; of a file that cannot be imported its one sentence."""
        result, card = self.result, self.result.card
        if result.mistake is not None and self.title:
            yield "likely mistake", words.title(result.mistake), "bold yellow"
        if card is not None and not result.broken:
            said = self.ran_lines is not None and card.should != result.promise  # it is that where an exception came first
            yield from [("what was expected", card.should, "")] if said and card.should else []
            yield "what happened", card.gave or result.message, ""
        elif result.message and (self.title or card is None):
            yield "what happened", result.message, ""


def _numbered(lines: SourceLines) -> str:
    """Lines of code with their numbers, the marked ones pointed at, and a caret below the place of the fault."""
    width = len(str(lines.first + len(lines.lines)))
    shown = []
    for number, text in enumerate(lines.lines, lines.first):
        text = text if number in lines.marked or len(text) < WIDTH - 12 else f"{text[: WIDTH - 16]}..."
        shown.append(f"{'>' if number in lines.marked else ' '} {number:{width}d}  {text}")
        if 0 < lines.column <= len(text) + 1 and number == max(lines.marked, default=0):
            shown.append(" " * (width + 3 + lines.column) + "^")
    return "\n".join(shown)


def indented(console: Console, text: str, style: str = "", by: int = 4) -> Iterator[Text]:
    """A text's lines, wrapped to the console and moved to the right, without spaces at their ends."""
    for line in Text(text, style=style).wrap(console, console.width - by):
        line.rstrip()
        yield Text(" " * by if line.plain else "") + line


def sign(console: Console, state: str) -> str:
    """A state's sign, as far as the terminal's encoding can show it."""
    look = LOOKS[state]
    try:
        look.sign.encode(console.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return look.plain
    return look.sign


def ladder(console: Console, stages: list[StageResult], here: str = "") -> Iterator[Text]:
    """One line a stage: sign, id, points, and in words what is missing; `here` is pointed at."""
    width = max((len(stage.id) for stage in stages), default=0)
    for stage in stages:
        state = words.shown_state(stage)
        style = LOOKS[state].style
        pointer = ">" if stage.id == here else " "
        line = Text(f"{pointer} ", style="bold")
        line.append(f"{sign(console, state)} ", style=style)
        line.append(f"{stage.id:{width}}", style="bold" if stage.id == here else style)
        line.append(f"  {stage.points:3d} of {stage.max_points:2d}  ")
        line.append(_progress(stage), style="" if stage.state in ("fail", "error") else style)
        line.truncate(console.width, overflow="ellipsis")
        yield line


def _progress(stage: StageResult) -> str:
    states, helped = [words.shown_state(check) for check in stage.checks], words.passing_with_help([stage])
    if stage.state == "blocked":
        return f"waits for {stage.checks[0].blocked_by.partition(':')[0]}"
    if stage.state != "fail":
        return words.stage_line(stage, []) if helped else LOOKS[stage.state].word
    held = f"{states.count('pass')} of {len(states)} pass"
    more = [f"{len(helped)} more with {words.a_correct(helped)}"] if helped else []
    others = [f"{states.count(s)} {word}" for s, word in (("todo", "to do"), ("blocked", "waiting")) if s in states]
    return ", ".join([held, *more, *others])


def bar(console: Console, points: int, most: int, alone: int) -> Text:
    """The score as a bar: what was earned alone, what came with substitutes, what is missing."""
    full, helped, empty = "█▒░" if sign(console, "pass") == "✓" else "#=."
    own, filled = (round(BAR * share / most) if most else 0 for share in (alone, points))
    return Text.assemble((full * own, "green"), (helped * (filled - own), "green"), (empty * (BAR - filled), "dim"))


def short_ladder(console: Console, stages: list[StageResult], here: str = "") -> Text:
    """All stages on one line, by number, for a terminal that has few of them."""
    line = Text()
    for stage in stages:
        state = words.shown_state(stage)
        line.append(">" if stage.id == here else " ", style="bold")
        line.append(f"{sign(console, state)}{stage.id.partition('_')[0]} ", style=LOOKS[state].style)
    return line


def next_part(report: Report, ran_lines: int | None = RAN_LINES, last: bool = False, keys: bool = False) -> list[RenderableType]:
    """The one next thing to do, with its card if there is one to show, above it if it is the `last` thing on the screen.
    Where there are `keys`, s and h stand for the commands.
    """
    step = report.next
    if step is None:
        return []
    check = report.next_check
    headline = words.headline(step, check)
    head: list[RenderableType] = [Text.assemble(("Next: ", "bold"), (headline, "bold yellow" if headline != step.text else ""))]
    head += [Text(step.text)] if headline != step.text else []
    if check is None:
        return head
    if check.state == "todo":
        about = "s" if keys else f"make stage STAGE={step.stage} "
        return [*([Text()] if last else []), *head, Text(f"      {about} shows what it is about", style="dim")]
    # Hints are about what the check promises, which a file that cannot be read has nothing to do with.
    asked = "h" if keys else f"make hint STAGE={step.stage} "
    hint = [] if check.broken else [Text(f"      {asked} gives a hint", style="dim")]
    card = CardText(step.stage, check, title=False, ran_lines=ran_lines)
    return [card, Text(), *head, *hint] if last else [*head, card, *([Text()] if hint else []), *hint]


def summary(console: Console, report: Report, about: About, *, whole: bool = True) -> Group:
    """Everything a grade says in the terminal.

    whole : all stages were graded, so that the score is the course's
    """
    score = f"{report.score} of {report.max_score} points"
    title = about.title if whole else ", ".join(stage.id for stage in report.stages)
    head = Text(f"{title} · {report.student}", style="bold", no_wrap=True, overflow="ellipsis")
    head.truncate(console.width - len(score) - 2, overflow="ellipsis", pad=True)
    parts: list[RenderableType] = [
        Text.assemble(head, "  ", (score, "bold")),
        bar(console, report.score, report.max_score, report.score_alone),
        *([Text(f"{told}.", style="dim")] if (told := words.beside_score(report.stages)) else []),
        Text(),
    ]
    here = report.next.stage if report.next else ""
    untouched = len(report.stages) > 1 and all(stage.state == "todo" for stage in report.stages)
    parts += [short_ladder(console, report.stages, here)] if untouched else ladder(console, report.stages, here)
    if not report.complete:
        parts += [Text(), Text("Stopped early: everything graded so far is kept.", style="bold")]
    ended = report.complete and (report.next is None or 0 < report.score == report.max_score)
    achieved = about.done if whole else ""
    parts += [*_remarks(console, report), *([Text(), _nothing_left(report, achieved)] if ended else [])]
    return Group(*parts, *next_part(report, ran_lines=0, last=True))


def _remarks(console: Console, report: Report) -> Iterator[Text]:
    """Notes on what passes (the card of what fails says it), faults of the grader, and a sandbox that lacks something."""
    notes = [note for _, check in report.checks if check.state == "pass" for note in check.notes]
    remarks = [line for note in notes for line in indented(console, note, "dim", 6)]
    for check in (check for _, check in report.checks if check.state == "error"):
        remarks.append(Text(f"{check.id}: {check.message}", style="magenta"))
    remarks += [Text(note, style="dim") for note in report.notes]
    if (measured := report.sandbox.get("summary")) and not report.sandbox.get("complete"):
        remarks.append(Text(f"sandbox: {measured}", style="yellow"))
    yield from (*([Text()] if remarks else []), *remarks)


def greeting(report: Report, about: About) -> Group:
    """What somebody sees who has not written anything yet."""
    parts: list[RenderableType] = [
        Text(f"Welcome to {about.title}!", style="bold"),
        *([Text(about.greeting)] if about.greeting else []),
        Text(),
    ]
    if report.next is not None:
        parts += [
            Text(f"1. make stage STAGE={report.next.stage}  shows the first handout: read it first."),
            Text(f"2. Open {report.next.file} in your editor and write the first function."),
            Text("3. make watch  grades whenever you save, and shows what to do next."),
            Text(),
        ]
    return Group(*parts)


def _nothing_left(report: Report, achieved: str) -> Text:
    if 0 < report.score == report.max_score or all(stage.state == "pass" for stage in report.stages):
        return Text(f"All done: full marks. {achieved}" if achieved else "All checks pass: full marks.", style="bold green")
    blocked = next((check for _, check in report.checks if check.blocked_by), None)
    if blocked is None:
        return Text("Nothing here can be checked until the stages it needs are done.")
    return Text(f"{blocked.message}\n      make grade STAGE={blocked.blocked_by.partition(':')[0]}  shows it")
