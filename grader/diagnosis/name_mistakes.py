"""After the verdicts: which failed checks have a known mistake behind them?"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from grader.course.course import Course
from grader.course.stage import Stage
from grader.records import FOLLOW_THROUGH, Card, CheckResult, Mistake
from grader.running import scores
from grader.running.limits import Limits, calibrate
from grader.running.session import Session, run_stages
from grader.submission import NotASubmission, Submission, read_submission
from grader.worker.outside.pool import WorkerPool


def run_and_name(
    course: Course, stages: Iterable[Stage], submission: Submission, seed: int, evidence: Path | None = None
) -> Session:
    """Some stages of a submission in workers of their own, with the names of its mistakes."""
    how: dict[str, Any] = {"seed": seed, "follow_through": FOLLOW_THROUGH, "evidence": evidence}
    with WorkerPool(course.withheld) as pool:
        session = run_stages(stages, pool, submission, course=course, limits=Limits(calibrate()), **how)
        name_mistakes(session, course.reference)
    return session


def names_beside(course: Course, stage: Stage, submission: Submission, seed: int) -> dict[str, Mistake]:
    """Check -> mistake, as `grade` would name it, while somebody sits at a debugger: a breakpoint stops nothing here."""
    texts = {module: f"{text}\n\n\ndef breakpoint(*_, **__): pass\n" for module, text in submission.modules.items()}
    results = run_and_name(course, [stage], submission.replaced(texts), seed).results
    return {check: result.mistake for (_, check), result in results.items() if result.mistake}


def name_mistakes(session: Session, reference: Path | None, stop: Callable[[], bool] = lambda: False) -> str:
    """Name the mistake behind each failed check of a session, where one gives the same answers.

    reference : the course's own answer, into which the known mistakes are put; without it they are only recognised by what
                the stages' tables tell of their answers
    stop      : whether nobody waits for names any longer; then there are none
    returns   : a sentence if something could not be named, nothing otherwise; the verdicts stand in any case
    """
    context, whole = session.context, reference is not None and reference.is_dir()
    remark = "" if whole else _without_reference(session)
    failed = context.state.transcripts
    if all(context.state.results[where].broken for where in failed):
        return remark  # nothing failed, or only because of a file that cannot be imported: no known mistake is in that
    from grader.diagnosis.runs import BUDGET  # not before: where nothing fails, nothing is looked for

    found: Mapping[scores.Key, Mistake | None]
    budget = BUDGET * context.limits.scale
    try:
        if reference is not None and whole:
            from grader.diagnosis.diagnose import diagnose

            # Not by the tables: they know few other numbers, and no second mistake behind the first.
            found = diagnose(context, read_submission(reference), budget, stop)
        else:
            from grader.diagnosis.answer_table import tables_of
            from grader.diagnosis.known_mistakes import named_by_tables

            found = named_by_tables(context, tables_of(context.course, {stage for stage, _ in failed}), stop)
    except NotASubmission as problem:
        return f"Mistakes are not named: {problem}"
    except Exception as fault:  # whatever it is, the verdicts are out, and losing them would be worse
        return f"Mistakes could not be named, which is the grader's own fault: {type(fault).__name__}: {fault}"
    for check in session.order:
        if (where := scores.key(check)) in found:
            session.rename(check, _named(session.results[where], found[where], budget))
    return remark


def _named(result: CheckResult, mistake: Mistake | None, budget: float) -> CheckResult:
    """With a mistake, or with the word that it may be a known one, and that nobody looked to the end."""
    card, told = result.card or Card(), f"This may be a known mistake: the search for its name was stopped after {budget:.0f} s."
    late = replace(card, looks_like="\n".join(filter(None, (card.looks_like, told))))
    return replace(result, mistake=mistake, card=result.card if mistake else late)


def _without_reference(session: Session) -> str:
    from grader.diagnosis.answer_table import SEED, has_tables

    if not has_tables(session.context.course):
        return "Graded without the reference: mistakes are not named, and its curves are not shown."
    if session.context.seed != SEED:
        return (
            f"Graded without the reference: its curves are not shown, and mistakes are named with seed {SEED} alone. "
            "Remedy: grade without SEED to see their names."
        )
    return "Graded without the reference: its curves are not shown."
