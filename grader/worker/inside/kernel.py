"""The few calls to the Linux kernel that Python has no function for. Standard library only; does nothing elsewhere."""

import ctypes
import os
import platform
import sys

LINUX = sys.platform.startswith("linux")
_NAMES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}
MACHINE = _NAMES.get(platform.machine().lower(), "")

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER = 1, 4, 24, 36
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4

# CDLL(None) is the program itself with its C library: no search that starts other programs, as find_library would.
_libc = ctypes.CDLL(None, use_errno=True) if LINUX else None


def call(number: int, *arguments: object) -> int:
    """One system call by number; raises OSError."""
    if _libc is None:
        raise OSError("system calls by number are Linux's alone")
    _libc.syscall.restype = ctypes.c_long
    return _checked(int(_libc.syscall(ctypes.c_long(number), *arguments)))


def current_processor() -> int:
    """Number of the processor on which this thread runs. Linux only."""
    assert _libc is not None
    return int(_libc.sched_getcpu())


def prctl(option: int, *arguments: int) -> int:
    """prctl(2) with up to four arguments; raises OSError."""
    if _libc is None:
        raise OSError("prctl is Linux's alone")
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    return _checked(int(_libc.prctl(option, *padded)))


def _checked(result: int) -> int:
    """What a call gave; the kernel's error if it failed."""
    if result == -1:
        raise OSError(code := ctypes.get_errno(), os.strerror(code))
    return result
