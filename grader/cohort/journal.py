"""What a class's grading has finished, on disk: a kill at any moment loses only what was under way.

One SQLite file in WAL mode with full synchronisation. One record a submission, and one for each of its stages: its key is
made of the content's digest, the course's or the stage's fingerprint and the policy's, so a record is found again exactly as
long as it is still true.
"""

import hashlib
import os
import sqlite3
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal, TextIO

import msgspec

from grader.course.course import Course
from grader.errors import Refusal
from grader.grading.kept_stages import KeptStage, in_todays_words
from grader.records import Report, StageResult

#: graded; the submission's own fault (stopped by time, cannot be read); the grader's fault (tried again next time)
State = Literal["graded", "submission", "fault"]
_SCHEMA = 1
_OF_THE_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM}
_TABLES = Path(__file__).with_suffix(".sql").read_text("utf-8")


class Outcome(msgspec.Struct, frozen=True):
    """What became of one submission."""

    state: State
    reason: str = ""  #: a sentence, unless graded
    report: Report | None = None
    seconds: float = 0.0


def brief(report: Report) -> Report:
    """A report's points by stage, the mistakes that were named, what was substituted, and why files could not be imported."""
    stages = []
    for stage in report.stages:
        bare: dict[str, object] = {
            "promise": "", "card": None, "hints": [], "printed": "", "notes": [], "functions": [],
        }  # fmt: skip
        counted = [check for check in stage.checks if check.mistake or check.substituted or check.broken]
        kept = [msgspec.structs.replace(c, message=c.message if c.broken else "", **bare) for c in counted]
        stages.append(StageResult(stage.id, stage.title, stage.state, stage.points, stage.max_points, kept))
    return Report(report.score, report.max_score, stages, complete=report.complete)


def record_key(digest: str, course: str, policy: str) -> str:
    """The key of a submission's record under one course, or stage of it, and policy."""
    return hashlib.sha256(f"{digest}\n{course}\n{policy}\n".encode()).hexdigest()


class Journal:
    """The record of a class; open it once in the process that drives the run."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = open(path.with_suffix(".lock"), "a+")  # noqa: SIM115 - held as long as the journal
        _lock_or_refuse(self._lock, path)
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_TABLES)
            self._db.execute("INSERT OR IGNORE INTO about VALUES ('schema', ?)", (str(_SCHEMA),))
            (schema,) = self._db.execute("SELECT value FROM about WHERE name = 'schema'").fetchone()
        except sqlite3.DatabaseError as error:
            self._lock.close()
            raise self._refusal(error) from None
        if schema != str(_SCHEMA):
            self.close()
            raise Refusal(f"{path} was written by another version of the course. Remedy: another OUT, or move it away.")

    def close(self) -> None:
        self._db.close()
        self._lock.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, _kind: object, error: object, _traceback: object) -> None:
        self.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise self._refusal(error) from None

    def _refusal(self, error: Exception) -> Refusal:
        told, remedy = "is damaged", "move it away; everything is graded again"
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _OF_THE_DISK:  # its records are as they were
            remedy = f"make room on the disk, or change the permissions of {self._path.name}*; finished grades are kept"
            told = "cannot be written"
        return Refusal(f"{self._path} {told} ({error}). Remedy: {remedy}.")

    def finish(self, key: str, digest: str, outcome: Outcome, stages: Mapping[str, KeptStage] | None = None) -> None:
        """Write one outcome and what came of its stages, each under its key; when this returns it is on the disk."""
        report = zlib.compress(msgspec.json.encode(outcome.report)) if outcome.report is not None else None
        short = msgspec.json.encode(brief(outcome.report)) if outcome.report is not None else None
        finished = time.time()
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (key, digest, outcome.state, outcome.reason, report, short, outcome.seconds, finished),
            )
            self._db.execute("INSERT INTO history VALUES (?, ?, ?, ?)", (key, outcome.state, finished, os.getpid()))
            packed = [(under, s.seen, zlib.compress(msgspec.msgpack.encode(s))) for under, s in (stages or {}).items()]
            self._db.executemany("INSERT OR REPLACE INTO stage VALUES (?, ?, ?)", packed)

    def stages(self, under: Iterable[str]) -> list[KeptStage]:
        """The records of stages under these keys; of one several, if its results depended on other stages'. For any thread."""
        with closing(sqlite3.connect(self._path)) as reader:
            rows = [row for key in under for row in reader.execute("SELECT content FROM stage WHERE under = ?", (key,))]
        return [msgspec.msgpack.decode(zlib.decompress(content), type=KeptStage) for (content,) in rows]

    def states(self) -> dict[str, State]:
        """Key -> state of every record."""
        return dict(self._db.execute("SELECT key, state FROM record"))

    def get(self, key: str) -> Outcome | None:
        """The record of that key."""
        return self._outcome(key, "report", zlib.decompress)

    def report(self, key: str, course: Course) -> Report | None:
        """The report of that key in the words that the course has now, if one was made."""
        outcome = self.get(key)
        return in_todays_words(outcome.report, course) if outcome and outcome.report else None

    def brief(self, key: str, course: Course) -> Outcome | None:
        """The record of that key with its report in brief, in today's words: enough to count with, and read far faster."""
        brief = self._outcome(key, "brief", bytes)
        return msgspec.structs.replace(brief, report=in_todays_words(brief.report, course)) if brief and brief.report else brief

    def _outcome(self, key: str, column: Literal["report", "brief"], unpacked: Callable[[bytes], bytes]) -> Outcome | None:
        query = f"SELECT state, reason, {column}, seconds FROM record WHERE key = ?"
        if (row := self._db.execute(query, (key,)).fetchone()) is None:
            return None
        state, reason, report, seconds = row
        try:
            return Outcome(state, reason, msgspec.json.decode(unpacked(report), type=Report) if report else None, seconds)
        except (TypeError, zlib.error, msgspec.MsgspecError) as error:  # somebody changed it
            raise self._refusal(error) from None

    def forget(self, keys: Iterable[str], under: Iterable[str] = ()) -> None:
        """Drop records, and those of stages, so that they are graded again; their history stays."""
        with self._transaction():
            self._db.executemany("DELETE FROM record WHERE key = ?", [(key,) for key in keys])
            self._db.executemany("DELETE FROM stage WHERE under = ?", [(key,) for key in under])

    def remarks(self) -> str:
        """The instructor's remarks as they were last read; empty if they never were."""
        return "".join(text for (text,) in self._db.execute("SELECT text FROM remarks ORDER BY rowid DESC LIMIT 1"))

    def keep_remarks(self, text: str) -> None:
        """Write a version of the remarks, unless it is the last one."""
        if text != self.remarks():
            self._db.execute("INSERT INTO remarks VALUES (?, ?)", (time.time(), text))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # a full disk ends it
                self._db.execute("ROLLBACK")
            raise


def _lock_or_refuse(file: TextIO, path: Path) -> None:
    """Two runs in one folder would grade everything twice; the lock ends with its process, even if that is killed."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise Refusal(f"another run is grading into {path.parent}. Remedy: wait for it, or choose another OUT.") from None
