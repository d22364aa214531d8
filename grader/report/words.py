"""The words for states, points and times, the same on the page and in the terminal. Imports nothing heavy."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from grader.records import CheckResult, Mistake, NextStep, StageResult

#: Shown instead of "pass" where that took a substitute.
HELPED = "helped"
STATES: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("states.toml").read_text("utf-8"))
#: What a state is called, of a check and of a whole stage, and the character for it.
STATE, STAGE_STATE, SYMBOL = ({s: told[of] for s, told in STATES.items()} for of in ("check", "stage", "symbol"))

WHY = "Why this is a mistake"
RAN = "What we ran"
SHOULD = "What was expected"
GAVE = "What happened"
LOOKS_LIKE = "What it looks like"
PRINTED = "What your code printed"
SOURCE = "Your lines"
NEXT = "Do this next"


def plural(count: int, one: str) -> str:
    """`3 points`, `1 point`."""
    return f"{count} {one}{'' if count == 1 else 's'}"


def stage_number(stage_id: str) -> str:
    """`03_softmax` -> `03`."""
    return stage_id.partition("_")[0]


def title(mistake: Mistake) -> str:
    """What a mistake is called."""
    return mistake.title or mistake.id.partition("__")[0].replace("_", " ")


def headline(step: NextStep, check: CheckResult | None) -> str:
    """The mistake that is next, if it has a name; of a training what it came to; else the next step."""
    return title(check.mistake) if check is not None and check.mistake is not None else trained(check) or step.text


def trained(check: CheckResult | None) -> str:
    """The first sentence of what a training that failed came to; empty for everything else."""
    card = check.card if check is not None and check.state == "fail" else None
    return card.gave.partition(". ")[0] if card is not None and any(role.startswith("history:") for role in card.evidence) else ""


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


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def a_correct(checks: Iterable[CheckResult]) -> str:
    """`a correct A`, `a correct A, B and 2 more`: what was put in for the learner's own in these checks."""
    names = list(dict.fromkeys(name.partition(".")[2] or name for check in checks for name in check.substituted))
    return f"a correct {listed(names if len(names) < 4 else [*names[:2], f'{len(names) - 2} more'])}"


def shown_state(of: CheckResult | StageResult) -> str:
    """The state, or HELPED for what passes with a substitute."""
    helped = of.substituted if isinstance(of, CheckResult) else passing_with_help([of])
    return HELPED if of.state == "pass" and helped else of.state


def passing_with_help(stages: Iterable[StageResult]) -> list[CheckResult]:
    """The checks that pass with a substitute."""
    return [check for stage in stages for check in stage.checks if shown_state(check) == HELPED]


def beside_score(stages: Sequence[StageResult], weights: Mapping[str, float] | None = None) -> str:
    """`41 on its own, 21 more with a correct A`; empty if nothing passes with a substitute.

    weights : stage -> factor on its points, where that is not 1
    """
    helped, weights = passing_with_help(stages), weights or {}
    if counted := [check for check in helped if check.points]:
        own = sum(stage.points_alone * weights.get(stage.id, 1) for stage in stages)
        more = sum(stage.points * weights.get(stage.id, 1) for stage in stages) - own
        return f"{number(own)} on its own, {number(more)} more with {a_correct(counted)}"
    worth = plural(sum(check.max_points for check in helped), "point")
    return f"{worth} more with {a_correct(helped)}: shown, not counted" if helped else ""


def with_help(of: CheckResult | StageResult) -> str:
    """What a substitute changed: `With a correct A, your noun passes 7 of 7 checks.`, or of one check; else empty."""
    if isinstance(of, CheckResult):
        verb = {"pass": "Passes", "fail": "Fails too"}.get(of.state, "")
        checks, said = [of] if verb and of.substituted else [], f"{verb} with"
    else:
        checks, passed = passing_with_help([of]), sum(check.state == "pass" for check in of.checks)
        noun = of.id.partition("_")[2].replace("_", " ") or of.title
        said = f"your {noun} passes {passed} of {plural(len(of.checks), 'check')}"
    if not checks:
        return ""
    told = f"{said} {a_correct(checks)}" if isinstance(of, CheckResult) else f"With {a_correct(checks)}, {said}"
    uncounted = any(check.state == "pass" and check.max_points > check.points for check in checks)
    return f"{told}{': shown, not counted' if uncounted else ''}."


def stage_line(stage: StageResult, stages: list[StageResult]) -> str:
    """What the ladder says of one stage: `done`, `3 of 5 checks pass`, `waits for 03 Sums`."""
    helped = passing_with_help([stage])
    if stage.state == "pass":
        counted = "" if stage.points == stage.max_points else ", not counted"
        return f"done with {a_correct(helped)}{counted}" if helped else STAGE_STATE["pass"]
    if stage.state == "blocked":
        return f"waits for {', '.join(blockers(stage, stages))}"
    holding = sum(check.state == "pass" for check in stage.checks)
    if stage.state == "todo" and not holding:
        return STAGE_STATE["todo"]
    told = f"{holding} of {plural(len(stage.checks), 'check')} pass{'es' if len(stage.checks) == 1 else ''}"
    return f"{told}, {len(helped)} with {a_correct(helped)}" if helped else told


def blockers(stage: StageResult, stages: list[StageResult]) -> list[str]:
    """The stages that a blocked stage waits for, as `03 Sums`: those needed that are not done, or that its checks name."""
    by_id = {other.id: other for other in stages}
    named_by_checks = [check.blocked_by.partition(":")[0].strip() for check in stage.checks if check.blocked_by]
    ids = [other for other in dict.fromkeys(named_by_checks) if other in by_id and other != stage.id]
    if not ids:
        ids = [other for other in stage.needs if other in by_id and by_id[other].state != "pass"] or stage.needs
    return [f"{stage_number(other)} {by_id[other].title}" if other in by_id else other for other in ids]


def blocked_line(check: CheckResult, stages: list[StageResult]) -> str:
    """`Not checked yet: needs 03 Sums, where "each row sums to 1" fails.`"""
    stage_id, _, check_id = (part.strip() for part in check.blocked_by.partition(":"))
    stage = next((stage for stage in stages if stage.id == stage_id), None)
    if stage is None:
        return f"Not checked yet: needs {check.blocked_by}." if check.blocked_by else "Not checked yet."
    cause = next((other for other in stage.checks if other.id == check_id), None)
    if cause is not None and check in stage.checks:
        return f"Not checked yet: needs check {stage.checks.index(cause) + 1} of this stage."
    where = f"{stage_number(stage.id)} {stage.title}"
    if cause is None:
        return f"Not checked yet: needs {where}."
    return f'Not checked yet: needs {where}, where "{cause.promise.rstrip(".")}" {STATE[cause.state]}.'


def next_place(step: NextStep) -> str:
    """`student/losses.py, line 12`, or as much of it as is known."""
    return f"{step.file}, line {step.line}" if step.file and step.line else step.file


def number(value: float) -> int | float:
    """A score as exports want it: whole if it is whole, else with two decimals."""
    rounded = round(value, 2)
    return int(rounded) if rounded == int(rounded) else rounded
