"""Several mistakes match: which of them is it?"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from grader.course.misconceptions import Misconception
from grader.course.stage import Check
from grader.diagnosis.answer_table import KnownMistake
from grader.diagnosis.bench import PROBE, Bench, Forms, probes
from grader.diagnosis.runs import Runs, agree_but_for_the_draw
from grader.diagnosis.same_answers import ALL_OF_HISTORY, NO_HISTORY, answers, last_words
from grader.records import Mistake
from grader.running import scores

M = TypeVar("M", Misconception, KnownMistake)


def groups(found: Iterable[Misconception | KnownMistake]) -> int:
    return len({m.group for m in found})


def likeliest(where: scores.Key, matching: list[M], found: Mapping[scores.Key, list[M]], known: set[str]) -> list[M]:
    """Of several that match: one that another failure has been named after, or those that match elsewhere, too.

    found : what matches each failure
    known : ids of the mistakes that failures have been named after
    """
    likely = [m for m in matching if m.id in known]
    left = likely if groups(likely) == 1 else matching
    for other, also in found.items():
        if groups(left) > 1 and other != where:
            left = [m for m in left if m in also] or left
    return left


def one_group(left: list[M]) -> list[M]:
    """Those of one group, if there is one; what the bank has as it stands is likelier than what was filled in."""
    as_they_stand = [m for m in left if m.number is None]
    if groups(left) > 1 and groups(as_they_stand) == 1:
        return as_they_stand
    return left if groups(left) == 1 else []


def one_of(bench: Bench, left: list[Misconception]) -> list[Misconception]:
    """The same, if there was time to see."""
    return one_group(left) if bench.in_time() else []


def mistake_of(found: Sequence[M]) -> Mistake:
    """What is told of mistakes that cannot be told apart."""
    ids = list(dict.fromkeys(m.id for m in found))
    return Mistake(id=ids[0], title=found[0].title, hint=found[0].hint, alike=ids[1:])


def separated(bench: Bench, check: Check, left: list[Misconception], under: Forms = ()) -> list[Misconception]:
    """Those that answer as the submission does to all questions about the same functions, failed, blocked or passed.

    under : mistakes that the submission has besides
    """
    if words := last_words(answers(bench.context.state.transcripts.get(scores.key(check), ()))):
        run = bench.runs(check)  # the same kind of exception at the same call: does it say the same?
        left = [m for m in left if last_words(run.course(bench.mutant(m, *under)) or ()) == words] or left
    for other in (check, *_about_the_same(bench, check, left)):
        if groups(left) == 1 or other.training or not bench.in_time():
            break
        probe = other.id.startswith(PROBE)
        run = bench.runs(other, NO_HISTORY if probe else ALL_OF_HISTORY)
        own = run.own(lenient=True)
        kept = [m for m in left if run.course(bench.mutant(m, *under), expected=own, lenient=True) is not None]
        left = kept or (left if under else _but_for_the_draw(bench, run, left))
    return left


def _but_for_the_draw(bench: Bench, run: Runs, left: list[Misconception]) -> list[Misconception]:
    """Those that agree with the submission in what does not change from draw to draw; all, if none does."""
    own, right = run.own(), bench.reference
    return [m for m in left if agree_but_for_the_draw(run, bench.mutant(m), own, right)] or left


def _about_the_same(bench: Bench, check: Check, left: Iterable[Misconception]) -> list[Check]:
    """The other checks of its stage that are for what these misconceptions are in, or for its class; then its probes."""
    others = [c for c in bench.context.course.stage(check.stage).checks if c.id != check.id]
    near = [c for c in others if any(is_about(c, m.target) for m in left)]
    return near + probes(check, bench.functions(check.stage))


def is_about(check: Check, target: str) -> bool:
    """Whether a check is for a function, or for others of its class."""
    about = {target, _owner(target) if target.count(".") > 1 else target}
    return bool(about & {*check.functions, *map(_owner, check.functions)})


def _owner(function: str) -> str:
    """ "layers.Linear.forward" -> "layers.Linear"."""
    return function.rpartition(".")[0]
