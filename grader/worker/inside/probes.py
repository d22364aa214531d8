"""The self-test: before the learner's code is imported, a worker tries what it must not be able to do.

What is reported is what happened, never what was configured. Each attempt is harmless if it succeeds, and undone.
"""

import ctypes
import errno
import functools
import mmap
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from grader.worker.inside import kernel

_T = TypeVar("_T")
_LANDLOCK = "a kernel with Landlock (Linux 5.13 or newer, with landlock in its lsm= list)"
_SECCOMP = "a kernel with seccomp filters"


class Probe(NamedTuple):
    """One thing that a worker must not be able to do.

    name    : as reports show it
    remedy  : what to do where it is not withheld
    attempt : tries it, told what the worker was told; any refusal by the system is raised
    """

    name: str
    remedy: str
    attempt: Callable[[dict[str, Any]], object]


#: All of them, in their order in reports.
PROBES = (
    Probe("read the course's files", _LANDLOCK, lambda plan: _any(_open, plan["probe_paths"])),
    Probe("read other files", _LANDLOCK, lambda _: _any(_open, ["/etc/passwd", os.path.expanduser("~"), sys.executable])),
    Probe("write files", "a kernel with Landlock or seccomp", lambda _: _write()),
    Probe("open a socket", _SECCOMP, lambda _: _socket()),
    Probe("start a process", _SECCOMP, lambda _: _process()),
    Probe("signal the grader", _SECCOMP, lambda plan: _any(_signal, _others(plan))),
    Probe("have the kernel signal for it", _SECCOMP, lambda plan: _any(_signal_by_kernel, _others(plan))),
    Probe("look into the grader's memory", _SECCOMP, lambda plan: _any(_memory_of, _others(plan))),
    Probe("change permissions", _SECCOMP, lambda _: _reaches(lambda: os.chmod("/nonexistent/file", 0o777))),
    Probe("make shared memory", _SECCOMP, lambda _: _shared_memory()),
    Probe("take memory without limit", "a system with RLIMIT_AS", lambda _: _memory()),
)
_REFUSALS = {errno.EPERM, errno.EACCES, errno.ENOSYS}
_HUGE = 1 << 36
_FIOSETOWN, _FIOASYNC = 0x8901, 0x5452


class _Done(Exception):
    pass


def measure(plan: dict[str, Any]) -> dict[str, bool]:
    """Try everything; attempt -> whether it was withheld.

    plan : "probe_paths" (files of the course that exist), "parent" (the zygote), "grader"
    """
    return {probe.name: _withheld(probe, plan) for probe in PROBES}


def _withheld(probe: Probe, plan: dict[str, Any]) -> bool:
    try:
        probe.attempt(plan)
    except (OSError, MemoryError, AttributeError, ImportError):
        return True
    except _Done:
        return False
    return False


def _others(plan: dict[str, Any]) -> list[int]:
    """The processes that a worker must leave alone: the grader, and whatever started the worker."""
    return [plan["grader"], plan["parent"] or os.getppid()]


def _signal(pid: int) -> None:
    if os.name != "nt":  # there a 0 is Ctrl-C, and nothing withholds it
        os.kill(pid, 0)


def _signal_by_kernel(pid: int) -> None:
    """Name another process as the one that the kernel tells, by a signal, what arrives in a socket. Nothing does.

    Whether Landlock would hold the signal back, as it does from ABI 6, cannot be seen from here: both steps are enough.
    """
    import fcntl  # not on Windows, where nothing of the kind exists

    watched, other = socket.socketpair()
    with other, watched:  # the watched end is closed first, so that the other's end is not told either
        flags = fcntl.fcntl(watched, fcntl.F_GETFL) | fcntl.FASYNC
        owner, yes = struct.pack("i", pid), struct.pack("i", 1)
        _either(lambda: fcntl.fcntl(watched, fcntl.F_SETOWN, pid), lambda: fcntl.ioctl(watched, _FIOSETOWN, owner))
        _either(lambda: fcntl.fcntl(watched, fcntl.F_SETFL, flags), lambda: fcntl.ioctl(watched, _FIOASYNC, yes))


def _any(attempt: Callable[[_T], object], things: Iterable[_T]) -> None:
    """Succeeds if the attempt does on any of the things."""
    _either(*(functools.partial(attempt, thing) for thing in things))


def _either(*attempts: Callable[[], object]) -> None:
    for attempt in attempts:
        try:
            attempt()
        except OSError:
            continue
        return
    raise PermissionError


def _reaches(action: Callable[[], Any]) -> None:
    """For attempts on what does not exist: any error but a refusal shows that the way was open."""
    try:
        action()
    except OSError as error:
        if error.errno in _REFUSALS:
            raise
    raise _Done


def _open(path: str) -> None:
    os.close(os.open(path, os.O_RDONLY))


def _write() -> None:
    for folder in ("/tmp", "/dev/shm", "/var/tmp", os.getcwd()):
        path = os.path.join(folder, f".chain-rule-probe-{os.getpid()}")
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError:
            continue
        os.unlink(path)
        raise _Done
    raise PermissionError


def _socket() -> None:
    for family in ("AF_INET", "AF_INET6", "AF_UNIX"):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                socket.socket(getattr(socket, family), kind).close()
            except (OSError, AttributeError):
                continue
            raise _Done
    raise PermissionError


def _process() -> None:
    if hasattr(os, "fork"):
        try:
            pid = os.fork()
            if pid == 0:
                os._exit(0)
            os.waitpid(pid, 0)
            raise _Done
        except OSError:
            pass
        _reaches(lambda: os.execv("/nonexistent/program", ["program"]))
    import subprocess

    subprocess.run([sys.executable, "-c", ""], check=False)


def _memory_of(pid: int) -> None:
    try:
        _any(_open, [f"/proc/{pid}/mem", f"/proc/{pid}/environ"])
        return
    except OSError:
        pass
    if not kernel.LINUX:
        raise PermissionError
    number = {"x86_64": 310, "aarch64": 270}[kernel.MACHINE]  # process_vm_readv
    buffer = ctypes.create_string_buffer(8)
    vector = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 8)
    # An address that exists nowhere: EFAULT means that the other process was within reach.
    elsewhere = (ctypes.c_size_t * 2)(8, 8)
    one, none = ctypes.c_ulong(1), ctypes.c_ulong(0)
    vectors = (ctypes.byref(vector), one, ctypes.byref(elsewhere), one)
    _reaches(lambda: kernel.call(number, ctypes.c_int(pid), *vectors, none))


def _shared_memory() -> None:
    if not kernel.LINUX:
        from multiprocessing import shared_memory

        block = shared_memory.SharedMemory(create=True, size=16)
        block.close()
        block.unlink()
        return
    try:
        os.close(os.memfd_create("probe"))
        raise _Done
    except OSError:
        pass
    number = {"x86_64": (29, 31), "aarch64": (194, 195)}[kernel.MACHINE]  # shmget, shmctl
    private, create = ctypes.c_int(0), ctypes.c_int(0o1600)
    segment = kernel.call(number[0], private, ctypes.c_size_t(4096), create)
    kernel.call(number[1], ctypes.c_int(segment), ctypes.c_int(0), None)
    raise _Done


def _memory() -> None:
    if os.name == "posix":  # address space that nothing is written to costs nothing, unless there is a limit
        mmap.mmap(-1, _HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ).close()
    raise _Done
