"""Zip and tar files of strangers, read into memory within limits; nothing is ever unpacked onto the disk.

A member's name is only a key in a dictionary here, so no path can leave its folder and no link can be followed. What
remains is size: every byte is counted while it is decompressed, never believed from a header.
"""

import bz2
import io
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, NoReturn

MB = 1024 * 1024
#: Of an archive's name, each before what it ends with itself.
ENDS = (".tar.gz", ".tar.bz2", ".tar.xz", ".zip", ".tgz", ".tbz2", ".txz", ".tar", ".7z", ".rar")
#: Compressed parts that make up one archive: one is usual.
_MOST_PARTS = 100
_STEP = MB // 16  #: bytes that are handed to a decompressor at a time
_ZEROS = re.compile(rb"\0*")
#: Extended headers that one member of a tar has: a handful is usual, and each member gets a copy of the archive's own.
_MOST_HEADERS = 100
_OF_A_MEMBER = b"PK\x01\x02"  #: begins its entry in a zip's directory


@dataclass(frozen=True)
class ArchiveLimits:
    """What one archive may hold."""

    packed_bytes: int = 64 * MB  #: the archive itself
    total_bytes: int = 128 * MB  #: everything in it, unpacked
    file_bytes: int = 16 * MB  #: one file that is wanted
    members: int = 5000
    ratio: int = 200  #: unpacked over packed, from `ratio_from` bytes on
    ratio_from: int = 4 * MB


@dataclass
class Contents:
    """The wanted files of an archive, and what was left out."""

    files: dict[str, bytes] = field(default_factory=dict)  #: "a/b/layers.py" -> bytes
    notes: list[str] = field(default_factory=list)  #: sentences about members that were left out
    appeal: str = ""  #: that lay in it


class BadArchive(Exception):
    """The archive cannot be used; the message is a sentence with the cause."""


#: What the standard library raises for a damaged archive, found by feeding it damaged ones.
DAMAGE = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, OverflowError,
    NotImplementedError, struct.error, KeyError, IndexError, TypeError, RecursionError,
)  # fmt: skip


def is_archive(data: bytes, name: str) -> bool:
    """Whether a file is an archive, by its first bytes or by its name (a damaged one keeps its name)."""
    return _kind(data) is not None or name.lower().endswith(ENDS)


def read_archive(data: bytes, wanted: Callable[[str], bool], limits: ArchiveLimits | None = None) -> Contents:
    """The wanted files of an archive, by their path.

    data    : the archive's bytes
    wanted  : whether a file of that path is to be read
    raises  : BadArchive
    """
    limits = limits or ArchiveLimits()
    if len(data) > limits.packed_bytes:
        raise BadArchive(f"the archive has {len(data) / MB:.0f} MB; {limits.packed_bytes // MB} MB are allowed")
    kind = _kind(data)
    try:
        if kind == "zip":
            return _read_zip(data, wanted, limits)
        if kind is not None:
            return _read_tar(_inflate(data, kind, limits), wanted, limits)
    except DAMAGE as error:
        told = " ".join(str(error).split())[:80]
        raise BadArchive(f"the archive is damaged ({type(error).__name__}{told and f': {told}'})") from None
    except RuntimeError:  # zipfile's way of asking for a password
        raise BadArchive("the archive is encrypted") from None
    if data[:6] == b"7z\xbc\xaf\x27\x1c" or data[:4] == b"Rar!":
        raise BadArchive("this kind of archive is not supported; zip and tar are")
    raise BadArchive("the file is not a zip or tar archive, whatever its name says")


def safe_name(name: str) -> str | None:
    """A member's path in normal form, or None if it would leave its folder."""
    name = name.replace("\\", "/")
    if "\0" in name or name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        return None
    parts = [part for part in PurePosixPath(name).parts if part != "."]
    return None if ".." in parts or not parts else "/".join(parts)


def is_special(member: zipfile.ZipInfo) -> bool:
    """Whether a member of a zip is a link or something else than a file."""
    return (member.external_attr >> 16) & 0o170000 not in (0, 0o100000)


def _kind(data: bytes) -> str | None:
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip"
    for magic, kind in ((b"\x1f\x8b", "gz"), (b"BZh", "bz2"), (b"\xfd7zXZ\0", "xz")):
        if data.startswith(magic):
            return kind
    return "tar" if data[257:262] == b"ustar" else None


def _read_zip(data: bytes, wanted: Callable[[str], bool], limits: ArchiveLimits) -> Contents:
    contents = Contents()
    _check_count(data.count(_OF_A_MEMBER), limits)  # before the directory is read, which takes ten times the memory
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        _check_count(len(members), limits)
        _check_total(sum(member.file_size for member in members), len(data), limits)
        read = 0
        for member in members:
            if member.is_dir():
                continue
            if (name := _admit(member.filename, is_special(member), contents, wanted)) is None:
                continue
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # zipfile sets bounds to no other
                raise BadArchive(
                    "the archive is compressed by BZIP2, LZMA or another method; zip with the ordinary one is supported"
                )
            with archive.open(member) as stream:  # reads at most one byte too many, whatever the header claims
                content = stream.read(limits.file_bytes + 1)
            read += len(content)
            _check_total(read, len(data), limits)
            _keep(name, content, contents, limits)
    return contents


class _Header(tarfile.TarInfo):
    """What stands before a member: tarfile reads names, headers and lists of holes of any length, and would take minutes."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type == tarfile.GNUTYPE_SPARSE or (self.size > MB // 16 and self.type in b"LKxgX"):
            self._proc_gnusparse_10()
        return super()._proc_member(archive)  # type: ignore[misc,no-any-return]

    def _proc_gnusparse_10(self, *_arguments: object) -> NoReturn:
        raise BadArchive("the archive has a sparse file, or a name or a header of more than 64 KB; tar without them is supported")


def _read_tar(data: bytes, wanted: Callable[[str], bool], limits: ArchiveLimits) -> Contents:
    contents = Contents()
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:", tarinfo=_Header) as archive:
        for number, member in enumerate(archive, 1):
            _check_count(number, limits)
            if len(member.pax_headers) > _MOST_HEADERS:
                raise BadArchive(f"the archive has a member with more than {_MOST_HEADERS} headers")
            if member.isdir():
                continue
            name = _admit(member.name, not member.isreg() or member.issparse(), contents, wanted)
            if name is not None and (stream := archive.extractfile(member)) is not None:
                _keep(name, stream.read(limits.file_bytes + 1), contents, limits)
    return contents


def _admit(raw: str, special: bool, contents: Contents, wanted: Callable[[str], bool]) -> str | None:
    """The name under which a member is kept, or None with a note on why it is not."""
    name, shown = safe_name(raw), repr(raw[:80])
    if name is None:
        contents.notes.append(f"the archive's member {shown} would leave its folder: left out")
    elif special and wanted(name):
        contents.notes.append(f"the archive's member {shown} is a link or not an ordinary file: left out")
    elif name in contents.files:
        contents.notes.append(f"the archive contains {shown} twice: the first is used")
    elif wanted(name):
        return name
    return None


def _keep(name: str, content: bytes, contents: Contents, limits: ArchiveLimits) -> None:
    if len(content) > limits.file_bytes:
        contents.notes.append(f"the archive's member {name!r} has more than {limits.file_bytes // MB} MB: left out")
    else:
        contents.files[name] = content


def _inflate(data: bytes, kind: str, limits: ArchiveLimits) -> bytes:
    """The tar inside a compressed tar; stops as soon as it grows too big.

    Each byte is handed to a decompressor once: the time grows with what goes in and comes out, however it is divided.
    """
    if kind == "tar":
        return data
    out: list[bytes] = []
    size = at = 0
    for _ in range(_MOST_PARTS):
        decoder = _DECODERS[kind]()
        while not decoder.eof:
            # What did not fit into the last chunk zlib hands back; the other two keep it, and say that they need nothing.
            piece = getattr(decoder, "unconsumed_tail", b"")
            if not piece and getattr(decoder, "needs_input", True):
                piece = data[at : at + _STEP]
                at += len(piece)
            chunk = decoder.decompress(piece, MB)
            if not piece and not chunk and not decoder.eof:
                raise BadArchive("the archive ends too early")
            size += len(chunk)
            out.append(chunk)
            _check_total(size, len(data), limits)
        end = _ZEROS.match(data, at - len(decoder.unused_data))  # several parts one after another are one stream
        at = end.end() if end else at
        if _kind(data[at : at + 6]) != kind:
            return b"".join(out)
    raise BadArchive(f"the archive is made of more than {_MOST_PARTS} parts")


_DECODERS: dict[str, Callable[[], Any]] = {
    "gz": lambda: zlib.decompressobj(wbits=31),
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(memlimit=256 * MB),
}


def _check_count(count: int, limits: ArchiveLimits) -> None:
    if count > limits.members:
        raise BadArchive(f"the archive has more than {limits.members} members")


def _check_total(size: int, packed: int, limits: ArchiveLimits) -> None:
    if size > limits.total_bytes:
        raise BadArchive(f"the archive unpacks to more than {limits.total_bytes // MB} MB")
    if size > limits.ratio_from and size > limits.ratio * max(packed, 1):
        raise BadArchive(f"the archive unpacks to more than {limits.ratio} times its size")
