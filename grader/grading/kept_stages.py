"""What came of a submission, stage by stage, kept for a later grade that could only say the same.

A stage's results depend on its own fingerprint and on what it sees of the stages before. Names depend on more: on all
failures together, and on every known mistake. Where they may be others, the failed checks run again and nothing else.
"""

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from grader.course.course import Course
from grader.course.fingerprint import StagePrint, of_text
from grader.course.stage import Check, Stage
from grader.files import write_atomically
from grader.records import CheckResult, Report
from grader.running.context import Context
from grader.running.follow_through import seen_of_others
from grader.running.scores import Key, key, passed_alone
from grader.running.session import Session


class KeptStage(Struct, frozen=True):
    """What came of one stage."""

    stage: str
    seen: str  #: of other stages; nothing if what it needs passed, and each of its own checks as well or is to do
    names: str  #: what names depended on
    results: list[CheckResult]
    heard: list[str] = []  #: checks that failed
    cut: list[str] = []  #: checks that a limit or a death decided
    evidence: dict[str, bytes] = {}  #: by name of the file


class KeptStages:
    """What is known of a submission's stages; given to a session, and asked afterwards what to keep of it.

    prints : fingerprints of the stages
    found  : made under these very fingerprints, from this submission and with these settings
    """

    def __init__(self, course: Course, prints: Mapping[str, StagePrint], found: Iterable[KeptStage] = ()) -> None:
        self._prints, self._found = prints, list(found)
        self._reworded = rewording(course, ((k.stage, r) for k in self._found for r in k.results))
        self._seen: dict[str, tuple[str, bool]] = {}
        self._taken: dict[str, KeptStage] = {}
        self._heard: set[Key] = set()
        self._names = ""
        self.left: list[KeptStage] = []

    def known(self, check: Check, context: Context) -> CheckResult | None:
        """The result of a check whose stage is known."""
        if check.stage not in self._seen:
            self._take(context.course.stage(check.stage), context)
        kept = self._taken.get(check.stage)
        return next((self._reworded(check.stage, r) for r in kept.results if r.id == check.id), None) if kept else None

    def _take(self, stage: Stage, context: Context) -> None:
        """See whether a stage is known, before its first check, and put back what came of it beside results."""
        needed = [core for need in context.course.needed_by([stage]) for core in need.checks if core.core]
        seen, met = of_text(seen_of_others(stage, context)), all(passed_alone(core, context.state.results) for core in needed)
        self._seen[stage.id] = seen, met
        kept = next((k for k in self._found if k.stage == stage.id and (k.seen == seen or (met and not k.seen))), None)
        if kept is None:
            return
        self._taken[stage.id] = kept
        for check in stage.checks:
            if check.id in kept.cut:
                context.state.cut_short(check)
            if check.id in kept.heard:
                context.state.fail(check, [])  # that it failed is known; what it heard, once it has run again
        for name, content in kept.evidence.items() if context.evidence else ():
            assert context.evidence is not None
            write_atomically(context.evidence / name, content)

    def ask_again(self, session: Session) -> None:
        """Once all verdicts are out: run the failed checks that were known, if mistakes may have other names now."""
        state, stages = session.context.state, session.context.course.stages
        self._heard = set(state.transcripts)
        unnamed = {stage for (stage, _), result in session.results.items() if result.state in ("fail", "blocked")}
        last = max((place for place, stage in enumerate(stages, 1) if stage.id in unnamed), default=0)
        before = {stage.id for stage in stages[:last]}
        told = [(k, r.state, r.substituted, r.blocked_by) for k, r in sorted(session.results.items()) if k[0] in before]
        prints = [
            part for stage in stages[:last] for part in (*self._prints.get(stage.id, ()), *map(str, self._seen.get(stage.id, ())))
        ]
        self._names = of_text(repr((told, sorted(state.unrepeatable))), *prints)
        due = any(stage not in self._taken or self._taken[stage].names != self._names for stage in unnamed)
        for check in session.order:
            if check.stage not in self._taken:
                continue
            where, result = key(check), session.results[key(check)]
            again = due and where in self._heard and not check.training and where not in state.unrepeatable
            fresh = session.again(check) if again else None
            if not due or (fresh and fresh.state != "fail"):
                state.forget(check)
            if due and (fresh or result.mistake):
                session.rename(check, replace(result, mistake=None, card=fresh.card if fresh else result.card))

    def keep(self, session: Session) -> None:
        """See to what is kept of a session whose mistakes have names: `left`."""
        context = session.context
        for stage in context.course.stages:
            checks = [check for check in session.order if check.stage == stage.id]
            if not checks:
                continue
            results = [session.results[key(check)] for check in checks]
            own = (passed_alone(c, session.results) or any(map(context.is_to_do, c.functions)) for c in checks)
            seen, met = self._seen[stage.id]
            files = sorted(context.evidence.glob(f"{stage.id}.*.npz")) if context.evidence else []
            heard, cut = ([c.id for c in checks if key(c) in among] for among in (self._heard, context.state.unrepeatable))
            evidence = {path.name: path.read_bytes() for path in files}
            self.left.append(KeptStage(stage.id, "" if met and all(own) else seen, self._names, results, heard, cut, evidence))


def rewording(course: Course, stored: Iterable[tuple[str, CheckResult]]) -> Callable[[str, CheckResult], CheckResult]:
    """How stored results of stages are told with today's hints and promises, which other checks' messages may quote."""
    now = {key(check): check for stage in course.stages for check in stage.checks}
    old = [(now[stage, r.id].promise, r.promise) for stage, r in stored if (stage, r.id) in now]
    quoted = {_quoted(before): _quoted(after) for after, before in old if after != before}

    def reworded(stage: str, result: CheckResult) -> CheckResult:
        check, message, card = now.get((stage, result.id)), result.message, result.card
        for before, after in quoted.items():
            message = message.replace(before, after)
        if check is None:
            return result
        if card is not None and card.should == result.promise:
            card = replace(card, should=check.promise)
        return replace(result, promise=check.promise, hints=list(check.hints), message=message, card=card)

    return reworded


def in_todays_words(report: Report, course: Course) -> Report:
    """A stored report with the titles, hints and promises that the course has now."""
    titles = {stage.id: stage.title for stage in course.stages}
    reworded = rewording(course, ((stage.id, check) for stage in report.stages for check in stage.checks))
    stages = [
        replace(s, title=titles.get(s.id, s.title), checks=[reworded(s.id, check) for check in s.checks]) for s in report.stages
    ]
    return replace(report, stages=stages)


def _quoted(promise: str) -> str:
    return f"\u201c{promise.rstrip('.')}\u201d"
