"""The misconceptions that answer one check as the submission did: exactly, or but for the numbers that were drawn."""

from grader.course.misconceptions import Misconception
from grader.course.stage import Check
from grader.diagnosis.bench import Bench, Forms
from grader.diagnosis.random_draws import agree, share_what_is_odd, shows, varies
from grader.diagnosis.runs import Runs
from grader.diagnosis.same_answers import (
    ALL_OF_HISTORY,
    NO_HISTORY,
    Answers,
    comparable,
    history_scope,
    last_words,
    same,
    same_answers,
)
from grader.running import scores
from grader.worker.outside.errors import CallTimeout
from grader.worker.outside.transcript import ErrorInfo

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
        exact = [m for m in exact if _fails_alike(bench, check, m)]
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


def _fails_alike(bench: Bench, check: Check, m: Misconception) -> bool:
    """Whether the submission fails no check of this one's functions but those that this mistake is known to break."""
    about, state = set(check.functions), bench.context.state
    checks = bench.context.course.stage(m.stage).checks
    failed = {c.id for c in checks if about & set(c.functions) and scores.key(c) in state.transcripts}
    return failed <= set(m.fails)


def _matching_but_for_the_draw(bench: Bench, run: Runs, given: Answers, candidates: Forms) -> list[Misconception]:
    """Those that agree with the submission in everything that does not change from draw to draw."""
    right = run.draws(bench.reference)
    if right is None or not varies(right):
        return []
    own = run.own_draws(given)
    if agree(own, right, right):
        return []
    shown = shows(own, right)
    exact, nearly = [], []
    for m in candidates:
        if not bench.in_time():
            break
        drawn = run.draws(bench.mutant(m), own, right)
        if drawn is None or agree(drawn, right, right):
            continue
        if m.number is not None and not share_what_is_odd(own, drawn, right):
            continue  # its number was chosen to fit: that nothing contradicts it is too little
        if agree(own, drawn, right):
            exact.append(m)
        elif agree(own, drawn, right, constants=False):
            nearly.append(m)
    found = exact or nearly
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
