"""The words for states, points and times, the same on the page and in the terminal. Imports nothing heavy."""

from grader.records import CheckResult, NextStep, StageResult

#: What a state is called.
STATE = {
    "pass": "holds",
    "fail": "does not hold",
    "error": "could not be checked",
    "blocked": "not checked yet",
    "todo": "still a TODO",
}
#: The same for a whole stage.
STAGE_STATE = {
    "pass": "done",
    "fail": "in progress",
    "error": "interrupted",
    "blocked": "waits",
    "todo": "to do",
}
#: One character for each, told apart by shape alone; the second is for terminals without Unicode.
SYMBOL = {"pass": ("✓", "+"), "fail": ("✗", "x"), "error": ("◆", "!"), "blocked": ("–", "-"), "todo": ("○", "o")}

RAN = "What we ran"
SHOULD = "What should hold"
GAVE = "What you gave"
LOOKS_LIKE = "What it looks like"
PRINTED = "What your code printed"
SOURCE = "Your lines"
NEXT = "Do this next"


def plural(count: int, one: str, many: str = "") -> str:
    """`3 points`, `1 point`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def stage_number(stage_id: str) -> str:
    """`03_softmax` -> `03`."""
    return stage_id.partition("_")[0]


def named(mistake_id: str) -> str:
    """`sums_over_the_batch` -> `sums over the batch`."""
    return mistake_id.partition("__")[0].replace("_", " ")


def looks_like(check: CheckResult) -> str:
    """What the numbers of a failed check show and, where its mistake is known, the hint: the number makes it concrete."""
    shown = check.card.looks_like if check.card else ""
    hint = check.mistake.hint if check.mistake else ""
    return "\n".join(text for text in (shown if shown.rstrip(".") not in hint else "", hint) if text)


def seconds(value: float) -> str:
    """`0.4 ms`, `12 ms`, `3.4 s`, `2 min 5 s`."""
    if value < 0.01:
        return f"{value * 1000:.1f} ms"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def stage_line(stage: StageResult, stages: list[StageResult]) -> str:
    """What the ladder says of one stage: `done`, `3 of 5 promises hold`, `waits for 03 Softmax`."""
    if stage.state == "pass":
        return STAGE_STATE["pass"]
    if stage.state == "blocked":
        return f"waits for {', '.join(blockers(stage, stages))}"
    holding = sum(check.state == "pass" for check in stage.checks)
    if stage.state == "todo" and not holding:
        return STAGE_STATE["todo"]
    return f"{holding} of {plural(len(stage.checks), 'promise')} hold{'s' if len(stage.checks) == 1 else ''}"


def blockers(stage: StageResult, stages: list[StageResult]) -> list[str]:
    """The stages that a blocked stage waits for, as `03 Softmax`: those needed that are not done, or that its checks name."""
    by_id = {other.id: other for other in stages}
    named_by_checks = [check.blocked_by.partition(":")[0].strip() for check in stage.checks if check.blocked_by]
    ids = [other for other in dict.fromkeys(named_by_checks) if other in by_id and other != stage.id]
    if not ids:
        ids = [other for other in stage.needs if other in by_id and by_id[other].state != "pass"] or stage.needs
    return [f"{stage_number(other)} {by_id[other].title}" if other in by_id else other for other in ids]


def blocked_line(check: CheckResult, stages: list[StageResult]) -> str:
    """`Not checked yet: needs 03 Softmax, where "each row sums to 1" does not hold.`"""
    stage_id, _, check_id = (part.strip() for part in check.blocked_by.partition(":"))
    stage = next((stage for stage in stages if stage.id == stage_id), None)
    if stage is None:
        return f"Not checked yet: needs {check.blocked_by}." if check.blocked_by else "Not checked yet."
    cause = next((other for other in stage.checks if other.id == check_id), None)
    if cause is not None and check in stage.checks:
        return f"Not checked yet: waits for promise {stage.checks.index(cause) + 1} of this stage."
    where = f"{stage_number(stage.id)} {stage.title}"
    if cause is None:
        return f"Not checked yet: needs {where}."
    return f'Not checked yet: needs {where}, where "{cause.promise.rstrip(".")}" {STATE[cause.state]}.'


def next_place(step: NextStep) -> str:
    """`student/losses.py, line 12`, or as much of it as is known."""
    if not step.file:
        return ""
    return f"{step.file}, line {step.line}" if step.line else step.file


def number(value: float) -> int | float:
    """A score as exports want it: whole if it is whole, else with two decimals."""
    rounded = round(value, 2)
    return int(rounded) if rounded == int(rounded) else rounded
