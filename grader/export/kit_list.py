"""What a kit's `.kit` says: every file that was written there with its hash, and which version of the course it is."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from grader.course.skeleton import KIT_MARK
from grader.text import clean_name

#: The folder of a kit in which its learner works.
STUDENT = "student"
_ABOUT = "Made by `make kit`. `make update KIT=...`, run in the course, replaces the files that are as listed here."
_PATH = re.compile(r"(?!\.\.?(/|$))[^/\\:\0]+(/(?!\.\.?(/|$))[^/\\:\0]+)*")


class KitList(msgspec.Struct, frozen=True):
    """The files of a kit as they were written."""

    about: str
    made: str  #: day on which this version was first handed out, such as 2026-11-30
    fingerprint: str  #: SHA-256 of all names and hashes: which version of the course it is
    files: dict[str, str]  #: path -> SHA-256

    @classmethod
    def of(cls, files: Mapping[str, bytes], before: "KitList | None" = None) -> "KitList":
        """The list of some files; it keeps the day of the list `before` them if nothing changed since."""
        hashes = {path: _hash(files[path]) for path in sorted(files)}
        whole = _hash("".join(f"{hashed} {path}\n" for path, hashed in hashes.items()).encode())
        same = before is not None and before.fingerprint == whole
        return cls(_ABOUT, before.made if before and same else datetime.now(UTC).date().isoformat(), whole, hashes)

    @property
    def version(self) -> str:
        """What people call this version."""
        return clean_name(f"{self.made} ({self.fingerprint[:12]})")

    def holds(self, path: str, content: bytes) -> bool:
        """Whether a file is as it was written; git may have changed its line ends."""
        return self.files.get(path) in (_hash(content), _hash(content.replace(b"\r\n", b"\n")))


def encode(listed: KitList) -> bytes:
    """The content of `.kit`: a line a file, so that two versions can be compared."""
    return msgspec.json.format(msgspec.json.encode(listed), indent=1) + b"\n"


def read_list(kit: Path) -> KitList | None:
    """The list in a kit; None where there is none that can be relied on (kits were made without one at first)."""
    try:
        listed = msgspec.json.decode((kit / KIT_MARK).read_bytes() if (kit / KIT_MARK).is_file() else b"", type=KitList)
    except (OSError, msgspec.MsgspecError, RecursionError):
        return None
    return listed if all(_PATH.fullmatch(path) for path in listed.files) else None


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
