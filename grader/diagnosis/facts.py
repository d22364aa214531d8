"""What a stage itself finds out of its failed checks, where facts tell more than a comparison with known mistakes.

A stage's checks.py may have functions `explain_...(student, case, failed)`: asked after the verdicts of the submission
alone, they give for each failed check that they can explain the name of a known mistake of the stage, and what was seen of
it in a sentence, before all other names. A fourth parameter, `heard`, is check -> (its case, the steps that it took).
"""

import contextlib
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import msgspec

from grader.checks.case import Case
from grader.checks.compare import Unmet
from grader.diagnosis.matches import M
from grader.diagnosis.runs import EXPLAINS, Functions, checks_and_probes
from grader.records import Mistake
from grader.running import scores
from grader.running.context import Context
from grader.worker.outside.errors import StudentError


class Fact(NamedTuple):
    name: str  #: of a known mistake of the stage; empty where it is only known which it is not
    says: str = ""  #: what was seen of it, as a sentence
    not_these: Collection[str] = ()  #: names of mistakes that would have been seen

    def told(self, mistake: Mistake) -> Mistake:
        """The mistake, with what was seen of it."""
        return msgspec.structs.replace(mistake, hint=f"{mistake.hint} {self.says}".strip(), says=self.says or msgspec.UNSET)

    def twins(self, bank: Iterable[M]) -> list[M]:
        """The mistake of that name, then what always coincides with it."""
        known = sorted(bank, key=lambda m: m.id != self.name)
        (group,) = {m.group for m in known if m.id == self.name}
        return [m for m in known if m.group == group]


def facts_of(context: Context, failed: Collection[scores.Key], read: Mapping[str, Functions] = {}) -> dict[scores.Key, Fact]:
    """(stage, check) -> the fact that explains why it failed, for those failed checks that have one; `read` by stage."""
    found: dict[scores.Key, Fact] = {}
    for stage in context.course.stages:
        checks = [check for check in stage.checks if scores.key(check) in failed]
        heard = {c.id: (Case(context.seed, stage.id, c.id), context.state.transcripts.get(scores.key(c), ())) for c in checks}
        for name, explain in (read.get(stage.id) or checks_and_probes(stage)).items() if checks else ():
            if name.startswith(EXPLAINS):
                case, limits = Case(context.seed, stage.id, name), context.limits.of(checks[0], stage)
                # What cannot be asked to the end, or is answered by what no array can be made of, is no fact; the verdict stands.
                with (
                    contextlib.suppress(Unmet, StudentError, TypeError, ValueError, LookupError),
                    context.pool.student(context.submission, limits, case.describe) as student,
                ):
                    student.use_names_of(context.course.about)
                    told = explain(student, case, {*heard}, *[heard] * (explain.__code__.co_argcount > 3))
                    found |= {(stage.id, check): Fact(*fact) for check, fact in told.items()}
    return found
