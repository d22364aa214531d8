"""What came of the checks of one grade so far. Read by everybody, written by the methods here alone."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Any

from grader.course.stage import Check
from grader.records import CheckResult
from grader.running.scores import Key, key

if TYPE_CHECKING:
    from grader.worker.outside.transcript import Step

EVIDENCE_BYTES = 1_000_000  #: of a whole submission; what does not fit any more costs its picture


class RunState:
    """The results, and what diagnosis and the caches need to know of how they came about.

    results : known already, of checks that are not run; they decide what is blocked
    """

    def __init__(self, results: Mapping[Key, CheckResult] | None = None, evidence_bytes: int = EVIDENCE_BYTES) -> None:
        self._results, self._touched = dict(results or {}), dict[Key, set[str]]()
        self._transcripts: dict[Key, list[Step]] = {}
        self._unrepeatable = set[Key]()
        self.results: Mapping[Key, CheckResult] = self._results  #: of every check that is decided
        self.transcripts: Mapping[Key, list[Step]] = self._transcripts  #: of checks that failed, for diagnosis
        self.touched: Mapping[Key, set[str]] = self._touched  #: the modules that a check asked for names of
        #: Checks that a limit or a death decided: their results are never kept.
        self.unrepeatable: Set[Key] = self._unrepeatable
        self.completed = set[Key]()  #: checks before which was run what was missing of the stages before
        self._notes: dict[Key, tuple[list[str], list[str]] | None] = {}
        self.executions: dict[Key, Any] = {}  #: the runner's Execution of each check that failed with nothing put in
        self._killed: set[Key] = set()
        self._evidence_left = evidence_bytes

    def decide(self, check: Check, result: CheckResult) -> None:
        self._results[key(check)] = result

    def touch(self, check: Check, modules: set[str]) -> None:
        self._touched[key(check)] = modules

    def fail(self, check: Check, transcript: list[Step]) -> None:
        self._transcripts[key(check)] = transcript

    def note(self, check: Check, notes: tuple[list[str], list[str]] | None) -> None:
        """What a failed run read beyond the contract of what was put in, and called of it; None if nobody can tell."""
        self._notes[key(check)] = notes

    def notes(self, check: Check) -> tuple[list[str], list[str]] | None:
        return self._notes.get(key(check))

    def forget(self, check: Check) -> None:
        """A check's failure is not what is told of it."""
        self._transcripts.pop(key(check), None)

    def cut_short(self, check: Check) -> None:
        """A limit or a death decided a check."""
        self._unrepeatable.add(key(check))

    def kill(self, check: Check) -> bool:
        """A check's worker was killed; whether for the first time."""
        first = key(check) not in self._killed
        self._killed.add(key(check))
        return first

    def has_room(self, size: int) -> bool:
        """Whether evidence of this many bytes still fits; then they are taken."""
        fits = size <= self._evidence_left
        self._evidence_left -= size if fits else 0
        return fits
