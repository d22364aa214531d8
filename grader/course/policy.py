"""`policy.toml`: how a class is graded. A key that is not known or does not fit is refused in a sentence.

What changes a grade's making (seed, limits, stages, private checks) is part of the journal's key; what only changes its
counting (lateness, attempts, weights, feedback) is applied afterwards, so that changing it grades nothing again.
"""

import difflib
import functools
import hashlib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import Meta, Struct, field

from grader.course.explain import read_toml
from grader.errors import Refusal
from grader.records import FOLLOW_THROUGH, FollowThrough

POLICY = "policy.toml"  #: in a course's folder
Feedback = Literal["full", "promise", "none"]
Visibility = Literal["visible", "after_due_date", "after_published", "hidden"]
Percent = Annotated[float, Meta(ge=0, le=100)]
Amount = Annotated[float, Meta(ge=0, le=1e6)]


class Grading(Struct, frozen=True, forbid_unknown_fields=True):
    """What is checked, and with which random inputs."""

    seed: int | str = 0  #: a whole number is open; a phrase stays secret and only its fingerprint is shown
    stages: tuple[str, ...] = ()  #: all of them if empty
    sandbox: Literal["auto", "strict", "off"] = "auto"
    private: str = ""  #: folder of further stages, laid out like tasks/, relative to policy.toml
    #: checks behind a mistake, run with something right in its place: counted, only shown, or not run
    follow_through: FollowThrough = FOLLOW_THROUGH


class LimitRules(Struct, frozen=True, forbid_unknown_fields=True):
    """Above the limits of the single checks, which the course computes itself."""

    time: Annotated[float, Meta(ge=0.1, le=100)] = 1.0  #: factor on every check's time limit
    memory_mb: Annotated[int, Meta(ge=0, le=10**6)] = 0  #: of one worker; 0 leaves it to the course
    submission_seconds: Annotated[int, Meta(ge=10, le=86400)] = 1800  #: a whole submission; then it is stopped, as its own fault
    #: how many training images the trainings get; 0 is all, less is for rehearsals only
    training_images: Annotated[int, Meta(ge=0, le=10**6)] = 0


class FeedbackRules(Struct, frozen=True, forbid_unknown_fields=True):
    """How much a learner is told about a check: all, only its promise and whether it holds, or nothing."""

    default: Feedback = "full"
    checks: dict[str, Feedback] = {}  #: by check ("check_...") or by stage ("12_mnist")


class Late(Struct, frozen=True, forbid_unknown_fields=True):
    """What lateness costs. A day that has begun counts as a day."""

    policy: Literal["none", "constant", "percentage", "days"] = "none"
    due: datetime | None = None
    grace_minutes: Amount = 0
    points: Amount = 10  #: constant: points taken off once
    percent: Percent = 10  #: percentage and days: of what was earned, for each day
    most_percent: Percent = 100  #: percentage and days: no more than this is taken
    #: days: that many cost nothing; the roster's column late_days goes before it
    free_days: Annotated[int, Meta(ge=0, le=1000)] = 3
    closed_after_days: Annotated[int, Meta(ge=0, le=10000)] = 0  #: nothing counts that comes later than this; 0 is never
    timezone: str = ""  #: of times that have none, such as "Europe/Berlin"; without it they count as unknown
    trust_commits: bool = False  #: whether the date of a last commit counts, which a student may set

    @property
    def zone(self) -> ZoneInfo | None:
        """Of times that have none."""
        return ZoneInfo(self.timezone) if self.timezone else None


class Attempts(Struct, frozen=True, forbid_unknown_fields=True):
    """Which of several attempts counts."""

    keep: Literal["last", "best"] = "last"
    most: Annotated[int, Meta(ge=0, le=100000)] = 0  #: only the first so many count; 0 is no limit


class Export(Struct, frozen=True, forbid_unknown_fields=True):
    """How course systems are told."""

    visibility: Visibility = "visible"  #: Gradescope: the whole result
    hidden_checks: Visibility = "after_published"  #: Gradescope: checks whose feedback is "none"
    leaderboard: bool = False  #: Gradescope: validation accuracy


class LookAlikeRules(Struct, frozen=True, forbid_unknown_fields=True):
    """What is no sign of copying when the code of two students is alike."""

    known: tuple[str, ...] = ()  #: folders of code that all may have seen, relative to policy.toml


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """All of `policy.toml`."""

    grading: Grading = field(default_factory=Grading)
    limits: LimitRules = field(default_factory=LimitRules)
    feedback: FeedbackRules = field(default_factory=FeedbackRules)
    late: Late = field(default_factory=Late)
    attempts: Attempts = field(default_factory=Attempts)
    weights: dict[str, Annotated[float, Meta(ge=0, le=1000)]] = {}  #: stage -> factor on its points
    export: Export = field(default_factory=Export)
    look_alikes: LookAlikeRules = field(default_factory=LookAlikeRules)
    file: str = ""  #: that was read; relative paths in it start from its folder

    @property
    def seed(self) -> int:
        """The seed of the checks' random inputs."""
        if isinstance(self.grading.seed, int):
            return self.grading.seed
        return _of_phrase(self.grading.seed)

    @property
    def secret(self) -> bool:
        return isinstance(self.grading.seed, str)

    @property
    def private(self) -> Path | None:
        """The folder of private stages."""
        return (Path(self.file).parent / self.grading.private).resolve() if self.grading.private else None

    @property
    def known(self) -> list[Path]:
        """The folders of code that all may have seen."""
        return [Path(self.file).parent / folder for folder in self.look_alikes.known]

    def fingerprint(self) -> str:
        """Of all that changes how a submission is graded, private stages apart; the seed itself cannot be read from it."""
        how = self.grading
        told = self.seed, how.stages, how.sandbox, how.follow_through, self.limits
        return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


@functools.cache
def _of_phrase(phrase: str) -> int:
    """A seed that is slow to guess: results show a fingerprint of it, which everybody may try phrases against.

    scrypt (RFC 7914) takes 32 MB and some 0.1 s for each try. Equal phrases give equal seeds on every machine.
    """
    key = hashlib.scrypt(phrase.encode(), salt=b"Chain Rule", n=2**15, r=8, p=1, maxmem=2**26, dklen=7)
    return int.from_bytes(key, "big")


def read_policy(path: Path | None, course: Path) -> Policy:
    """Read a file, or else policy.toml in the course's folder; without one, every default.

    raises : Refusal naming the key, the cause and the remedy
    """
    given, path = path is not None, path or course / POLICY
    if not path.exists() and not given:
        return Policy(file=str(path.absolute()))
    try:
        policy = read_toml(path, Policy)
    except OSError as error:
        raise Refusal(f"{path} cannot be read ({error.strerror}). Remedy: --policy names another file.") from None
    if policy.file:
        raise Refusal(f"{path}: 'file' is not a key of policy.toml. Remedy: remove it.")
    policy = msgspec.structs.replace(policy, file=str(path.resolve()))
    if message := _contradiction(policy):
        raise Refusal(f"{path}: {message}")
    return policy


def check_against(policy: Policy, stages: dict[str, list[str]]) -> None:
    """Refuse names of stages and checks that the course does not have.

    stages : stage id -> ids of its checks
    """
    known = set(stages) | {check for checks in stages.values() for check in checks}
    for section, names in (("weights", policy.weights), ("feedback.checks", policy.feedback.checks)):
        for name in names:
            if name not in (known if section != "weights" else stages):
                near = difflib.get_close_matches(name, known, n=1)
                meant = f" Did you mean {near[0]}?" if near else ""
                raise Refusal(f"{policy.file}: [{section}] names {name!r}, which the course does not have.{meant}")


def _contradiction(policy: Policy) -> str:
    late = policy.late
    if late.policy != "none" and late.due is None:
        return f"late.policy is {late.policy!r}, but late.due is not set. Remedy: due = 2026-11-30T23:59:00+01:00"
    if late.closed_after_days and late.due is None:
        return "late.closed_after_days is set, but late.due is not. Remedy: due = 2026-11-30T23:59:00+01:00"
    if late.due is not None and late.due.tzinfo is None:
        return "late.due has no time zone. Remedy: end it with Z or with an offset such as +01:00"
    if late.timezone and late.timezone not in available_timezones():
        return f'late.timezone is {late.timezone!r}, which is not a time zone. Remedy: a name such as "Europe/Berlin"'
    if 0 < policy.limits.memory_mb < 512:
        return f"limits.memory_mb is {policy.limits.memory_mb}; NumPy and the training data need at least 512."
    if isinstance(policy.grading.seed, str) and len(policy.grading.seed) < 12:
        return "grading.seed is a phrase of fewer than 12 letters, which could be guessed. Remedy: a longer phrase."
    return _missing_folder(policy)


def _missing_folder(policy: Policy) -> str:
    named = [("grading.private", policy.private), *(("look_alikes.known", folder) for folder in policy.known)]
    missing = [f"{key} names {folder}, which is not a folder." for key, folder in named if folder and not folder.is_dir()]
    if not missing and policy.private and not any(policy.private.glob("*/task.toml")):
        return f"grading.private names {policy.private}, which contains no stage. Remedy: the folder of those with a task.toml."
    return missing[0] if missing else ""
