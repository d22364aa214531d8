"""What came of a submission, stage by stage, kept for a later grade that could only say the same.

A stage's results depend on its own fingerprint and on what it sees of the stages before. Names depend on more: on all
failures together, and on every known mistake. Where they may be others, the failed checks run again and nothing else.
"""

import contextlib
from collections.abc import Collection, Iterable, Mapping

import msgspec
from msgspec.structs import replace

from grader.course.course import Course
from grader.course.fingerprint import StagePrint, of_text
from grader.course.misconceptions import with_number
from grader.course.stage import Check, Stage
from grader.files import write_atomically
from grader.records import CheckResult, Mistake, Report
from grader.running.context import Context
from grader.running.follow_through import seen_of_others
from grader.running.scores import key, outcome, passed_alone
from grader.running.session import Session

RUNS = 20  #: whose trainings are kept; older ones are removed


class KeptStage(msgspec.Struct, frozen=True):
    """What came of one stage."""

    stage: str
    seen: str  #: of the stages before; nothing if what it needs passed, and each of its checks, too, or is to do
    names: str  #: what the names of its mistakes depend on
    results: list[CheckResult]
    heard: list[str] = []  #: checks that failed
    cut: list[str] = []  #: checks that a limit or a death decided
    completed: list[str] = []  #: checks before which what was missing of the stages before was run
    evidence: dict[str, bytes] = {}  #: by name of the file


class KeptStages:
    """What is known of a submission's stages; a session asks for it, and `left` is what to keep of the session.

    prints : fingerprints of the stages
    found  : made under these very fingerprints, from this submission and with these settings
    """

    def __init__(self, course: Course, prints: Mapping[str, StagePrint], found: Iterable[KeptStage] = ()) -> None:
        self._prints, self._found = prints, list(found)
        self._words = Words(course, ((k.stage, r) for k in self._found for r in k.results))
        self._seen: dict[str, tuple[str, bool]] = {}
        self._taken: dict[str, KeptStage] = {}
        self._heard, self._names = set[tuple[str, str]](), ""
        self.left: list[KeptStage] = []

    def known(self, check: Check, context: Context) -> CheckResult | None:
        """The result of a check whose stage is known."""
        if check.stage not in self._seen:
            self._look_up(context.course.stage(check.stage), context)
        results = self._taken[check.stage].results if check.stage in self._taken else []
        return next((self._words.of(check.stage, result) for result in results if result.id == check.id), None)

    def _look_up(self, stage: Stage, context: Context) -> None:
        """See whether a stage is known, before its first check; then put back what came of it beside the results."""
        needed = [core for need in context.course.needed_by([stage]) for core in need.checks if core.core]
        seen, met = of_text(seen_of_others(stage, context)), all(passed_alone(core, context.state.results) for core in needed)
        self._seen[stage.id], true = (seen, met), {seen, ""} if met else {seen}
        for kept in [k for k in self._found if k.stage == stage.id and k.seen in true][:1]:
            self._taken[stage.id], checks = kept, {check.id: check for check in stage.checks}
            for name in kept.cut:
                context.state.cut_short(checks[name])
            for name in kept.heard:
                context.state.fail(checks[name], [])  # what it heard is known once it has run again
            for name, content in kept.evidence.items():
                write_atomically(context.evidence / name, content) if context.evidence else None

    def ask_again(self, session: Session) -> None:
        """Once all verdicts are out: run the failed checks that were known, if mistakes may have other names now."""
        state, self._heard = session.context.state, set(session.context.state.transcripts)
        known = [check for check in session.order if check.stage in self._taken]
        for check in (check for check in known if check.id in self._taken[check.stage].completed):
            session.complete_before(check)
        if self._may_be_others(session):
            self._hear(session, known, [c for c in known if not c.training and key(c) in self._heard - state.unrepeatable])
        else:
            for check in known:
                state.forget(check)

    def _hear(self, session: Session, known: Iterable[Check], failed: Collection[Check]) -> None:
        """Run what failed once more, and take the names off all that is known."""
        groups = {(check.stage, check.group) for check in failed if check.group}  # what one of them hears depends on those before
        for check in known:
            result = session.results[key(check)]
            if check in failed:
                session.context.state.forget(check)
                result = replace(result, card=session.again(check).card)
            elif result.state == "pass" and (check.stage, check.group) in groups:
                session.again(check)
            if check in failed or result.mistake is not None:
                session.rename(check, replace(result, mistake=None))

    def _may_be_others(self, session: Session) -> bool:
        """Whether names may be others than the kept ones. They depend on all that is known of the stages up to the last one
        that has failures or waits.
        """
        stages = session.context.course.stages
        unnamed = {stage for (stage, _), result in session.results.items() if result.state in ("fail", "blocked")}
        last = max((place for place, stage in enumerate(stages, 1) if stage.id in unnamed), default=0)
        told = [outcome(check, session.results) for stage in stages[:last] for check in stage.checks]
        prints = [(self._prints.get(stage.id), self._seen.get(stage.id)) for stage in stages[:last]]
        self._names = of_text(repr((told, prints, sorted(session.context.state.unrepeatable))))
        return any(stage not in self._taken or self._taken[stage].names != self._names for stage in unnamed)

    def keep(self, session: Session) -> None:
        """See to `left`, once mistakes have their names."""
        context, cut = session.context, session.context.state.unrepeatable
        for stage, (seen, met) in self._seen.items():
            checks = [check for check in context.course.stage(stage).checks if key(check) in session.results]
            own = (passed_alone(c, session.results) or any(map(context.is_to_do, c.functions)) for c in checks)
            heard, ended, done = ([c.id for c in checks if key(c) in s] for s in (self._heard, cut, context.state.completed))
            results = [session.results[key(check)] for check in checks]
            files = sorted(context.evidence.glob(f"{stage}.*.npz")) if context.evidence else []
            evidence, seen = {path.name: path.read_bytes() for path in files}, "" if met and all(own) else seen
            self.left.append(KeptStage(stage, seen, self._names, results, heard, ended, done, evidence))


class TrainingCache(KeptStages):
    """Trainings in the course's memory, for an equal run: same submission, course, reference, data, environment and seed.

    Only what the learner's own machine computed for the learner is kept there. Strict grades and classes neither read nor
    write it. A result that a time limit or the end of a process decided is never kept.
    """

    def __init__(self, course: Course, name: str) -> None:
        self.file = course.memory / "trainings" / f"{name[:32]}.bin"
        found: list[KeptStage] = []
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            found = msgspec.msgpack.decode(self.file.read_bytes(), type=list[KeptStage])
        super().__init__(course, {}, found)

    def keep(self, session: Session) -> None:
        """Keep the trained stages whose every check was run to its end."""
        super().keep(session)
        trained = {stage.id for stage in session.stages if stage.training}
        ended = [k for k in self.left if not k.cut and {r.state for r in k.results} <= {"pass", "fail"}]
        if left := [replace(kept, completed=[]) for kept in ended if kept.stage in trained]:
            with contextlib.suppress(OSError):  # a full or read-only disk costs the cache, not the grade
                write_atomically(self.file, msgspec.msgpack.encode(left))
                for old in sorted(self.file.parent.iterdir(), key=lambda path: path.stat().st_mtime)[:-RUNS]:
                    old.unlink(missing_ok=True)


class Words:
    """Today's hints, promises and names of mistakes for stored results of stages; messages quote other checks' promises."""

    def __init__(self, course: Course, stored: Iterable[tuple[str, CheckResult]]) -> None:
        self._course = course
        self._now = {key(check): check for stage in course.stages for check in stage.checks}
        told = [(r.promise, self._now[stage, r.id].promise) for stage, r in stored if (stage, r.id) in self._now]
        self._quoted = [tuple(f"\u201c{text.rstrip('.')}\u201d" for text in pair) for pair in told if pair[0] != pair[1]]

    def text(self, told: str) -> str:
        for old, new in self._quoted:
            told = told.replace(old, new)
        return told

    def of(self, stage: str, result: CheckResult) -> CheckResult:
        if (check := self._now.get((stage, result.id))) is None:
            return result
        card = result.card
        if card is not None and card.should == result.promise:
            card = replace(card, should=check.promise)
        told, mistake = self.text(result.message), result.mistake and self._named(stage, result.mistake)
        return replace(result, promise=check.promise, hints=list(check.hints), message=told, card=card, mistake=mistake)

    def _named(self, stage: str, mistake: Mistake) -> Mistake:
        if told := self._course.mistakes.get((mistake.stage or stage, mistake.id)):
            title, hint = (with_number(text, *mistake.filled) for text in told) if mistake.filled else told
            return replace(mistake, title=title, hint=f"{hint} {mistake.says or ''}".strip())
        return mistake


def in_todays_words(report: Report, course: Course) -> Report:
    """A stored report with the titles, hints and promises that the course has now."""
    titles = {stage.id: stage.title for stage in course.stages}
    words = Words(course, report.checks)
    stages = [replace(s, title=titles.get(s.id, s.title), checks=[words.of(s.id, c) for c in s.checks]) for s in report.stages]
    return replace(report, stages=stages, next=report.next and replace(report.next, text=words.text(report.next.text)))
