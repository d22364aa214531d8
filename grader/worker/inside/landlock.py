"""Landlock: which files a process may read, decided by the kernel for good. Any ABI from 1.

Our own lines rather than a package: landlockpy, the best there is, looks for the C library by starting other programs, fails
on slim images, and would be one more young dependency inside the boundary itself.
"""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from grader.worker.inside import kernel

NEWEST_VARIABLE = "CHAIN_RULE_LANDLOCK"  #: for tests: no more than this ABI has; 0 is a kernel without Landlock
_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE
READ = READ_FILE | READ_DIR


def version() -> int:
    """The kernel's ABI, 0 if there is none. Asked by the system call itself: /sys/kernel/security/lsm may be missing."""
    try:
        found = kernel.call(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    except OSError:
        return 0
    return min(found, int(os.environ.get(NEWEST_VARIABLE) or found))


def ruleset(grants: Iterable[tuple[str, int]]) -> int:
    """A file descriptor of a rule set that denies everything it can but the grants: (path, rights).

    Paths that do not exist are left out.
    raises : OSError if the kernel has no Landlock
    """
    abi = version()
    if abi < 1:
        raise OSError("this kernel has no Landlock")
    files = (1 << 13) - 1 | (1 << 13 if abi >= 2 else 0) | (1 << 14 if abi >= 3 else 0) | (1 << 15 if abi >= 5 else 0)
    fields = [files]
    if abi >= 4:
        fields.append(0b11)  # binding and connecting TCP
    if abi >= 6:
        fields.append(0b11)  # abstract unix sockets, signals to processes outside
    handled = struct.pack(f"<{len(fields)}Q", *fields)
    fd = kernel.call(_CREATE, ctypes.c_char_p(handled), ctypes.c_size_t(len(handled)), ctypes.c_uint32(0))
    os.set_inheritable(fd, False)
    for path, rights in grants:
        _grant(fd, path, rights & files)
    return fd


def _grant(ruleset_fd: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= _OF_FILES  # a right of folders on a plain file is EINVAL
        rule = ctypes.create_string_buffer(struct.pack("<Qi", rights, fd), 12)
        kernel.call(_ADD_RULE, ctypes.c_int(ruleset_fd), ctypes.c_int(_PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0))
    finally:
        os.close(fd)


def enforce(ruleset_fd: int) -> None:
    """Put this thread under the rule set; needs no_new_privs. Raises OSError."""
    kernel.call(_RESTRICT, ctypes.c_int(ruleset_fd), ctypes.c_uint32(0))
