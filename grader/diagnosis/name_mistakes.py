"""After the verdicts: which failed checks have a known mistake behind them?"""

from collections.abc import Callable
from pathlib import Path

import msgspec

from grader.running.session import Session
from grader.submission import NotASubmission, read_submission

#: Wall-clock seconds for one failed check, times the machine's scale. Every known mistake is asked long before, each with
#: the check's own limits: no name depends on what else the machine does. The last resort against a list that never ends.
SECONDS = 60.0


def name_mistakes(session: Session, reference: Path | None, stop: Callable[[], bool] = lambda: False) -> str:
    """Give the failed checks of a session the names of the mistakes that answer alike, as far as there are such.

    reference : the course's own answer, into which the known mistakes are put; without it nothing is named
    stop      : whether nobody waits for names any longer; then there are none
    returns   : a sentence if nothing could be named, nothing otherwise; the verdicts stand in any case
    """
    if reference is None or not reference.is_dir():
        return "Graded without the reference: mistakes are not named, and its curves are not shown."
    if not session.context.state.transcripts:
        return ""
    try:
        answer = read_submission(reference)
    except NotASubmission as problem:
        return f"Mistakes are not named: {problem}"
    from grader.diagnosis.diagnose import diagnose

    try:
        found = diagnose(session.context, answer, SECONDS * session.context.limits.scale, stop)
    except Exception as fault:  # whatever it is, the verdicts are out, and losing them would be worse
        return f"Mistakes could not be named, which is the grader's own fault: {type(fault).__name__}: {fault}"
    for check in session.order:
        if mistake := found.get((check.stage, check.id)):
            result = session.results[check.stage, check.id]
            session.rename(check, msgspec.structs.replace(result, mistake=mistake))
    return ""
