"""seccomp: system calls that a worker has no business with are refused by the kernel, with an error and not a kill.

A list of what is allowed: what honest code was seen to call (the reference, all right answers, threads, linear algebra, files,
clocks, the standard library), and what other versions of the C library and of Python call in its place. All else does not
exist (ENOSYS): the C library then falls back from clone3, openat2 and whatever is newer than this list to calls whose arguments
can be seen. What is known to be no business of a worker's is refused as such (EPERM). `syscalls.ini` has the tables for x86-64
and aarch64; numbers of the other architecture and of x32 are refused altogether.
"""

import ctypes
import errno
import os
import struct
from functools import cache

from grader.worker.inside import kernel

_SECCOMP = {"x86_64": 317, "aarch64": 277}
_COLUMN = {"x86_64": 1, "aarch64": 2}
_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_X32 = 0x40000000
_PID = 0xFFFFFFFF  # stands for the worker's own number in a template
_ARGUMENTS = range(16, 64, 8)  # offsets of the lower halves; where an argument is an int, the kernel looks at no more
_CLONE_THREAD = 0x10000
_CLONE_NAMESPACES = 0x7E020000
# GET_PDEATHSIG, GET_DUMPABLE, SET_NAME, GET_NAME, CAPBSET_READ, GET_NO_NEW_PRIVS, SVE_GET_VL, GET_TAGGED_ADDR_CTRL, SET_VMA
_PRCTL = (2, 3, 15, 16, 23, 39, 51, 56, 0x53564D41)
# TCGETS, TCGETS2, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX
_IOCTL = (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5451, 0x5450)
_FCNTL = (0, 1030, 1, 2, 3)  # F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL
_F_SETFL, _O_ASYNC = 4, 0o20000
_OPEN_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_NEITHER = 3  # open for neither reading nor writing, which Landlock does not look at

_Line = tuple[int, int, int, int]  # code, lines to skip if so, lines to skip if not, constant
_YES: list[_Line] = [(_RETURN, 0, 0, _ALLOW)]


def _refuse(code: int = errno.EPERM) -> list[_Line]:
    return [(_RETURN, 0, 0, _ERRNO | code)]


def _load(argument: int) -> list[_Line]:
    return [(_LOAD, 0, 0, _ARGUMENTS[argument])]


def _if_equal(value: int, then: list[_Line]) -> list[_Line]:
    return [(_EQUAL, 0, len(then), value), *then]


def _if_any_bit(bits: int, then: list[_Line]) -> list[_Line]:
    return [(_ANY_BIT, 0, len(then), bits), *then]


def _only(argument: int, values: tuple[int, ...], code: int = errno.EPERM) -> list[_Line]:
    """Allowed for these values of one argument."""
    return [*_load(argument), *(line for value in values for line in _if_equal(value, _YES)), *_refuse(code)]


def _opening(argument: int, no_writes: bool) -> list[_Line]:
    """open and openat: which argument holds the flags.

    Landlock decides who may write, but before ABI 3 it does not see that a file which is opened to be read, or for neither, is
    emptied.
    """
    if no_writes:
        return [*_load(argument), *_if_any_bit(_OPEN_TO_WRITE, _refuse(errno.EACCES)), *_YES]
    refused = (_NEITHER, os.O_TRUNC, _NEITHER | os.O_TRUNC)
    looked_at: list[_Line] = [*_load(argument), (_AND, 0, 0, _NEITHER | os.O_TRUNC)]
    return [*looked_at, *(line for flags in refused for line in _if_equal(flags, _refuse(errno.EACCES))), *_YES]


def _rules(no_writes: bool) -> dict[str, list[_Line]]:
    """Name of a call -> what its arguments have to be; each list ends with a decision."""
    own = _only(0, (_PID,))  # abort() and raise() need signals to oneself
    third_is_null = [*_load(2), (_EQUAL, 0, 3, 0), (_LOAD, 0, 0, _ARGUMENTS[2] + 4), (_EQUAL, 0, 1, 0)]
    return {
        # A process may start threads, but no other process.
        "clone": [
            *_load(0), *_if_any_bit(_CLONE_NAMESPACES, _refuse()), *_if_any_bit(_CLONE_THREAD, _YES), *_refuse()
        ],
        "kill": own,
        "tgkill": own,
        "prctl": _only(0, _PRCTL),
        "ioctl": _only(1, _IOCTL, errno.ENOTTY),
        # Others have the kernel signal to other processes, or lend and lock files.
        "fcntl": [
            *_load(1),
            *_if_equal(_F_SETFL, [*_load(2), *_if_any_bit(_O_ASYNC, _refuse()), *_YES]),
            *_only(1, _FCNTL),
        ],
        # Limits may be looked at, not set: the third argument is a pointer to the new ones.
        "prlimit64": [*third_is_null, *_YES, *_refuse()],
        "open": _opening(1, no_writes),
        "openat": _opening(2, no_writes),
    }  # fmt: skip


class Filter:
    """The program, made once; a worker fills in its own process number and installs it.

    no_writes : also refuse to open files for writing, for where Landlock does not
    machine   : "x86_64" or "aarch64"
    """

    def __init__(self, no_writes: bool = False, machine: str = kernel.MACHINE):
        if not kernel.LINUX or machine not in _COLUMN:
            raise OSError("no table of system calls for this machine")
        writing = _numbers("writing", machine)
        self.looked_at = _numbers("looked_at", machine)
        self.allowed = _numbers("allowed", machine) | ({} if no_writes else writing)
        self.refused = _numbers("refused", machine) | (writing if no_writes else {})
        self.count = len(self.allowed) + len(self.looked_at)
        self.program = self._build(_rules(no_writes), machine)
        self._code = bytearray(b"".join(struct.pack("<HBBI", *line) for line in self.program))
        self._pids = [8 * i + 4 for i, line in enumerate(self.program) if line[0] == _EQUAL and line[3] == _PID]

    def _build(self, rules: dict[str, list[_Line]], machine: str) -> list[_Line]:
        program: list[_Line] = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, _ARCH[machine]), *_refuse(), (_LOAD, 0, 0, 0)]
        if machine == "x86_64":
            program += [(_AT_LEAST, 0, 1, _X32), *_refuse()]
        for name, number in self.looked_at.items():
            program += _if_equal(number, rules[name])
        # Runs of numbers that are decided alike, from the highest down. Since Linux 5.11 the kernel remembers which calls are
        # always allowed.
        decisions = dict.fromkeys(self.allowed.values(), _YES) | dict.fromkeys(self.refused.values(), _refuse())
        runs: list[tuple[int, list[_Line]]] = []
        for number in range(max(decisions) + 2):
            decision = decisions.get(number, _refuse(errno.ENOSYS))
            if not runs or decision != runs[-1][1]:
                runs.append((number, decision))
        for first, decision in reversed(runs[1:]):
            program += [(_AT_LEAST, 0, 1, first), *decision]
        return program + runs[0][1]

    def install(self) -> None:
        """Put this process under the filter; needs no_new_privs. Raises OSError."""
        for offset in self._pids:
            struct.pack_into("<I", self._code, offset, os.getpid())
        code = ctypes.create_string_buffer(bytes(self._code))
        program = struct.pack("@HP", len(self.program), ctypes.addressof(code))
        kernel.call(_SECCOMP[kernel.MACHINE], ctypes.c_uint(1), ctypes.c_uint(0), ctypes.c_char_p(program))


@cache
def _numbers(table: str, machine: str) -> dict[str, int]:
    """Name -> number of the calls in one table; read before the process is confined, for then no file can be opened."""
    with open(os.path.join(os.path.dirname(__file__), "syscalls.ini")) as file:
        text = file.read().partition(f"[{table}]\n")[2].partition("\n[")[0]
    words = " ".join(line for line in text.splitlines() if not line.startswith("#")).split()
    rows = [words[i : i + 3] for i in range(0, len(words), 3)]
    column = _COLUMN[machine]
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}
