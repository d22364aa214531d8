"""When something was handed in: who says so, and how far that is trusted. A text that is not understood is quoted, never guessed."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable
from datetime import datetime, tzinfo
from pathlib import Path

import msgspec

#: As course systems write a time in English, beside ISO 8601: Blackboard's names; Moodle, in two ways; Brightspace's names.
_FORMATS = ("%Y-%m-%d-%H-%M-%S", "%A, %d %B %Y, %I:%M %p", "%A, %B %d, %Y, %I:%M %p", "%b %d, %Y %I:%M %p")
_NO_COLON = re.compile(r"(?<= )(\d{1,2})(\d\d)(?= [AP]M$)")  #: Brightspace's 926 PM


class Moment(msgspec.Struct, frozen=True):
    """When one thing was handed in, as far as anybody knows."""

    at: datetime | None = None  #: with its zone; None if unknown
    source: str = ""  #: who says so: "the roster", "Canvas"
    late: bool = False  #: marked as late, without a time
    problem: str = ""  #: what was told and is no time, or is not trusted


def local_time(text: str) -> datetime | None:
    """A time as course systems and file names write it (10-30-00 for 10:30:00); it has a zone only if the text has one."""
    text = " ".join(text.split()).replace(" UTC", "+00:00")
    day, mark, clock = text.replace(" ", "T", 1).partition("T")
    try:
        return datetime.fromisoformat(f"{day}T{clock[:8].replace('-', ':')}{clock[8:]}".replace(" ", "") if mark else text)
    except ValueError:
        text = _NO_COLON.sub(r"\1:\2", text)
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def moment(text: str, source: str, zone: tzinfo | None) -> Moment:
    """What a text tells. A time without a zone has `zone`; where there is none either, it counts as unknown."""
    if text.strip() in ("", "-"):
        return Moment()
    at = local_time(text)
    if at is not None and (at.tzinfo or zone):
        return Moment(at if at.tzinfo else at.replace(tzinfo=zone), source)
    why = "is not understood" if at is None else "has no time zone (late.timezone in the policy gives one)"
    return Moment(problem=f"the time {' '.join(text.split())[:80]!r} of {source} {why}: it counts as unknown")


def best(moments: Iterable[Moment]) -> Moment:
    """The first time, else the first mark."""
    return min(moments, key=lambda known: (known.at is None, not known.source))


def last_commit(clone: Path, trusted: bool) -> Moment:
    """The date of a clone's last commit, which its author may set to anything; without trust it is only told."""

    # Git reads the student's objects from our own repository, and follows and runs nothing of theirs; it quotes what is no text.
    def git(folder: str, *arguments: str, **more: str) -> str:
        own = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **more}
        command = ["git", f"--git-dir={folder}", *arguments]
        return subprocess.run(command, env=own, capture_output=True, errors="replace", timeout=20, check=True).stdout.strip()

    try:
        theirs = str((clone / ".git").resolve())
        with tempfile.TemporaryDirectory() as ours:
            commit = git(theirs, "rev-parse", "--verify", "HEAD")
            git(ours, "init", "--quiet", "--bare")
            date = git(ours, "log", "-1", "--format=%cI", commit, GIT_OBJECT_DIRECTORY=os.path.join(theirs, "objects"))
    except (OSError, RuntimeError, subprocess.SubprocessError):  # RuntimeError: links in a circle, before Python 3.13
        return Moment()  # there is no commit, or none that can be read
    if trusted:
        return moment(date, "the last commit", None)
    return Moment(problem=f"the last commit is of {date}, as its author says: that does not count as a time of submission")
