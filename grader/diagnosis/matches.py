"""The misconceptions that answer one check as the submission did, exactly or but for the numbers that were drawn; and where
several do, which of them it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from grader.course.misconceptions import Misconception
from grader.course.stage import Check
from grader.diagnosis.answer_table import KnownMistake
from grader.diagnosis.random_draws import agree, share_what_is_odd, shows, varies
from grader.diagnosis.runs import PROBE, Bench, Forms, Runs, agree_but_for_the_draw, probes
from grader.diagnosis.same_answers import (
    ALL_OF_HISTORY,
    NO_HISTORY,
    Answers,
    answers,
    comparable,
    history_scope,
    last_words,
    same,
    same_answers,
)
from grader.records import Mistake
from grader.running import scores
from grader.running.context import Context
from grader.worker.outside.errors import CallTimeout
from grader.worker.outside.transcript import ErrorInfo

M = TypeVar("M", Misconception, KnownMistake)
MEETINGS = 40  #: random draws tried before giving up: enough for thirty different outcomes


def all_that_match(bench: Bench, check: Check, given: Answers, candidates: Forms) -> list[Misconception] | None:
    """Those of the candidates that answer as the submission did, in this check and with other inputs.

    given   : the submission's answers
    returns : None if that cannot be known: one was not heard to its end, or not asked yet
    """
    bench.start(check)
    try:
        exact = _matching(bench, check, given, candidates)
        if not exact and (much := history_scope(given)) != ALL_OF_HISTORY:
            exact = _matching(bench, check, comparable(given, much), candidates, much)
    except CallTimeout:
        return None
    return exact if bench.in_time() else None


def _matching(bench: Bench, check: Check, given: Answers, candidates: Forms, much: int = ALL_OF_HISTORY) -> list[Misconception]:
    run = bench.runs(check, much)
    exact = bench.kept(candidates, lambda m: run.course(bench.mutant(m), expected=given) is not None)
    if exact and run.course(bench.reference, expected=given) is None:
        again = run.own(other=1)  # and with other inputs
        exact = bench.kept(exact, lambda m: run.course(bench.mutant(m), expected=again, other=1) is not None)
    elif candidates and bench.in_time():
        exact = _matching_but_for_the_draw(bench, run, given, candidates)
    if exact and bench.in_time() and not shows_values(given, run.course(bench.reference) or ()):
        exact = [m for m in exact if fails_alike(bench.context, check, m.stage, m.fails)]
        exact = [m for m in exact if last_words(run.course(bench.mutant(m)) or ()) == last_words(given)]
    return exact


def shows_values(given: Answers, right: Answers) -> bool:
    """Whether anything but an exception tells these answers from the right ones."""
    for mine, theirs in zip(given, right):
        if mine[:2] != theirs[:2]:
            return True
        if not same(mine[2], theirs[2]):
            return not isinstance(mine[2], ErrorInfo)
    return True


def fails_alike(context: Context, check: Check, stage: str, known: Iterable[str]) -> bool:
    """Whether the submission fails no check of this one's functions, in a stage, but those that a mistake is known to break."""
    others = (c for c in context.course.stage(stage).checks if {*c.functions} & {*check.functions})
    return {c.id for c in others if scores.key(c) in context.state.transcripts} <= {*known}


def _matching_but_for_the_draw(bench: Bench, run: Runs, given: Answers, candidates: Forms) -> list[Misconception]:
    """Those that agree with the submission in everything that does not change from draw to draw."""
    right = run.draws(bench.reference)
    if right is None or not varies(right):
        return []
    own = run.own_draws(given)
    if agree(own, right, right):
        return []
    shown = shows(own, right)
    found = []
    for m in candidates:
        if not bench.in_time():
            break
        drawn = run.draws(bench.mutant(m), own, right)
        if drawn is None or agree(drawn, right, right):
            continue
        if m.number is not None and not share_what_is_odd(own, drawn, right):
            continue  # its number was chosen to fit: that nothing contradicts it is too little
        if agree(own, drawn, right):
            found.append(m)
    return found if shown else [m for m in found if _meets(bench, run, m, given)]


def _meets(bench: Bench, run: Runs, m: Misconception, given: Answers) -> bool:
    """Whether some draw takes it to the very numbers to which some draw takes the submission."""
    own = [comparable(one, NO_HISTORY) for one in run.own_runs(given)]
    for salt in range(MEETINGS):
        if not bench.in_time():
            break
        theirs = comparable(run.course(bench.mutant(m), salt=salt) or (), NO_HISTORY)
        if any(same_answers(mine, theirs) for mine in own):
            return True
    return False


# -- which of several --------------------------------------------------------------------------------------------------


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


def mistake_of(found: Sequence[M], stage: str = "") -> Mistake:
    """What is told of mistakes that cannot be told apart, in a check of a stage."""
    m, ids, more = found[0], list(dict.fromkeys(m.id for m in found)), dict[str, Any]()
    if isinstance(m, Misconception):
        more |= {"filled": (m.open, m.number)} if m.number is not None else {}
        more |= {"stage": m.stage} if m.stage != stage else {}
    return Mistake(ids[0], m.hint, ids[1:], m.title, **more)


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
    about = {target, owner(target) if target.count(".") > 1 else target}
    return bool(about & {*check.functions, *map(owner, check.functions)})


def owner(function: str) -> str:
    """ "layers.Linear.forward" -> "layers.Linear"."""
    return function.rpartition(".")[0]
