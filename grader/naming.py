"""After the verdicts: which failed checks have a known mistake behind them?"""

import msgspec

from grader import scores
from grader.records import CheckResult
from grader.runner import load_checks
from grader.session import Session
from grader.task import Check


def name_mistakes(session: Session) -> None:
    """Give each failed check of the session the name of the mistake that answers alike, as far as there is one."""
    from grader.diagnose import diagnose

    context = session.context
    for check in session.order:
        where = scores.key(check)
        result = session.results.get(where)
        if result is None or result.state != "fail" or where not in context.transcripts:
            continue
        function = load_checks(context.course.stage(check.stage))[check.id]
        diagnosis = diagnose(check, function, context.transcripts[where], context.pool)
        named = with_diagnosis(check, result, diagnosis)
        if named is not result:
            session.rename(check, named)


def with_diagnosis(check: Check, result: CheckResult, diagnosis) -> CheckResult:
    """The same result with what a diagnosis found: a mistake's name and hint, or what the numbers show."""
    changes: dict = {}
    if diagnosis.mistake is not None:
        changes["mistake"] = diagnosis.mistake
    if diagnosis.looks_like and result.card is not None and not result.card.looks_like:
        changes["card"] = msgspec.structs.replace(result.card, looks_like=diagnosis.looks_like)
    return msgspec.structs.replace(result, **changes) if changes else result
