"""Taking rights away from a worker, in the one order that works, and saying what was taken.

limits -> user or capabilities -> (no way back) no_new_privs -> Landlock -> seccomp. Each layer can be missing, by the machine
or by a test's wish; what that means is measured afterwards (`probes.py`), never concluded from this list.
"""

import ctypes
import os
import signal
import stat
import struct
import sys
from collections.abc import Callable
from typing import Any

from grader.worker.inside import kernel, landlock, seccomp

LAYERS = ("limits", "privileges", "dumpable", "landlock", "seccomp")
FIRST_UID = 1_900_000_000  #: workers of a super-user get a user of their own, far from any that exists
_CAPABILITY_VERSION = 0x20080522
_LAST_CAPABILITY = 63


def limit_resources(memory: int, own_user: bool) -> str:
    """Address space, processor time, no files to write, few descriptors. POSIX only.

    memory  : bytes of address space
    returns : what was set
    """
    import resource

    set_limits = []
    wanted = [("CPU", 1800, 1805), ("FSIZE", 0, 0), ("NOFILE", 64, 64), ("CORE", 0, 0), ("MEMLOCK", 0, 0)]
    if not sys.platform.startswith("darwin"):
        wanted.append(("AS", memory, memory))  # macOS refuses it
    if threads := 64 if own_user else _most_threads():
        wanted.append(("NPROC", threads, threads))
    for name, soft, hard in wanted:
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is None:
            continue
        most = resource.getrlimit(number)[1]
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        try:
            resource.setrlimit(number, (soft, hard))
            set_limits.append(name)
        except (OSError, ValueError):
            pass
    return f"limits ({', '.join(set_limits)})"


def _most_threads() -> int:
    """A bound on harm, and no wall, for a worker with the grader's user: 256 more than there are now; 0 if there is none.

    The kernel counts all processes and threads of the user. Nobody tells that count, and a container's /proc shows a part of
    it; so those of the whole machine are taken, which are no fewer, and cost one read. The super-user is not limited.
    """
    if not kernel.LINUX or os.getuid() == 0:
        return 0
    try:
        with open("/proc/loadavg") as file:
            return int(file.read().split()[3].partition("/")[2]) + 256
    except OSError:
        return 0


def drop_user(uid: int) -> str:
    """Become a user that owns nothing; raises OSError."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    return "own user"


def drop_capabilities() -> str:
    """Stay the super-user in name, without any of their powers; raises OSError."""
    for capability in range(_LAST_CAPABILITY + 1):
        try:
            kernel.prctl(kernel.PR_CAPBSET_DROP, capability)
        except OSError:
            break  # beyond the last this kernel knows
    try:
        kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)
    except OSError:
        pass  # before Linux 4.3 there are none
    header = struct.pack("<Ii", _CAPABILITY_VERSION, 0)
    number = {"x86_64": 126, "aarch64": 91}[kernel.MACHINE]
    kernel.call(number, ctypes.c_char_p(header), ctypes.c_char_p(bytes(24)))
    return "no capabilities"


def confine(plan: dict[str, Any]) -> dict[str, str]:
    """Take the rights away that the plan says.

    plan    : "layers" (names), "memory" (bytes), "uid" (or None), "ruleset" (descriptor or None), "filter" (or None),
              "parent" (process to die with)
    returns : layer -> what was done, or "off: why"
    """
    done: dict[str, str] = {}
    wanted = plan["layers"]

    def layer(name: str, action: Callable[[], str]) -> None:
        if name not in wanted:
            done[name] = "off: switched off"
            return
        try:
            done[name] = action()
        except (OSError, KeyError, ImportError, AttributeError) as reason:
            done[name] = f"off: {reason}"

    layer("limits", lambda: limit_resources(plan["memory"], plan["uid"] is not None and "privileges" in wanted))
    layer("privileges", lambda: _privileges(plan["uid"]))
    if kernel.LINUX:
        # Changing the user clears it, so it comes afterwards; and the parent may be gone already.
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        if plan["parent"] and os.getppid() != plan["parent"]:
            os._exit(0)
        layer("dumpable", _hide)
        if "landlock" in wanted or "seccomp" in wanted:
            try:
                kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
            except OSError as reason:
                done["no_new_privs"] = f"off: {reason}"
    layer("landlock", lambda: _landlock(plan["ruleset"]))
    layer("seccomp", lambda: _seccomp(plan["filter"], done))
    return done


def _privileges(uid: int | None) -> str:
    if os.name != "posix":
        return "off: no users of that kind here"
    if os.getuid() != 0:
        return "ordinary user"
    return drop_user(uid) if uid is not None else drop_capabilities()


def _hide() -> str:
    """Keep other processes of the same user out of this one's memory, and it out of theirs."""
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    return "memory hidden from other processes"


def _landlock(ruleset: int | None) -> str:
    if ruleset is None:
        return "off: not in this kernel"
    landlock.enforce(ruleset)
    return f"Landlock (ABI {landlock.version()})"


def _seccomp(programs: dict[str, seccomp.Filter] | None, done: dict[str, str]) -> str:
    if programs is None:
        return "off: not for this machine"
    program = programs["without_landlock" if done["landlock"].startswith("off") else "with_landlock"]
    program.install()
    return f"seccomp ({program.count} calls allowed)"


def filters() -> dict[str, seccomp.Filter] | None:
    """Both forms of the seccomp program, or None where there is no table for the machine."""
    try:
        return {"with_landlock": seccomp.Filter(), "without_landlock": seccomp.Filter(no_writes=True)}
    except OSError:
        return None


def uid_for(number: int) -> int:
    """A user for one worker: no two of a grade, and of grades side by side hardly any, share theirs."""
    return FIRST_UID + (os.getpid() * 251 + number) % 60_000


def readable_by(uid: int, paths: list[str]) -> bool:
    """Whether a user of that number could run the interpreter: tried in a process of its own."""
    pid = os.fork()
    if pid == 0:
        try:
            drop_user(uid)
            for path in paths:
                fd = os.open(path, os.O_RDONLY)
                if stat.S_ISDIR(os.fstat(fd).st_mode):
                    os.listdir(fd)
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0
