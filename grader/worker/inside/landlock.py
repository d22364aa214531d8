"""Landlock: which files a process may read, decided by the kernel for good. Any ABI from 1.

Our own lines rather than a package: landlockpy, the best there is, looks for the C library by starting other programs, fails
on slim images, and would be one more young dependency inside the boundary itself.
"""

import ctypes
import os
import stat
import struct
import sysconfig
from collections.abc import Iterable

import numpy

from grader.worker.inside import kernel

NEWEST_VARIABLE = "CHAIN_RULE_LANDLOCK"  #: for tests: no more than this ABI has; 0 is a kernel without Landlock
_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE
READ = READ_FILE | READ_DIR

#: Parts of the standard library's folder that no submission needs, and that hold other people's packages.
_LEFT_OUT = {"site-packages", "dist-packages", "test", "ensurepip", "idlelib", "lib2to3", "turtledemo"}

#: NumPy's own parts ask for the number of processors, hashlib for OpenSSL's settings, datetime for time zones.
_SYSTEM = (
    "/sys/devices/system/cpu", "/etc/localtime", "/usr/share/zoneinfo", "/usr/lib/locale", "/etc/ssl/openssl.cnf",
    "/dev/urandom", "/dev/zero",
)  # fmt: skip


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


def grants() -> list[tuple[str, int]]:
    """(path, rights) of the standard library, NumPy, shared libraries and a few system files.

    Nothing of a submission: its modules come as text, so that the same ones are graded alike wherever they lie.
    """
    package = os.path.dirname(os.path.realpath(numpy.__file__))
    paths = [*_shared_libraries(), package, package + ".libs", *_SYSTEM]
    allowed = _standard_library() + [(path, READ) for path in paths]
    allowed.append(("/dev/null", READ | WRITE_FILE))
    return allowed


def interpreter_files() -> list[str]:
    """Some files and folders that another user must be able to read to import anything."""
    library = sysconfig.get_paths()["stdlib"]
    return [library, os.path.join(library, "os.py"), os.path.dirname(numpy.__file__), numpy.__file__]


def _standard_library() -> list[tuple[str, int]]:
    """The standard library without the site-packages that may lie in it: Landlock can add, not subtract."""
    paths = sysconfig.get_paths()
    allowed: list[tuple[str, int]] = []
    for root in dict.fromkeys(os.path.realpath(paths[name]) for name in ("stdlib", "platstdlib")):
        names = os.listdir(root) if os.path.isdir(root) else []
        if not {"site-packages", "dist-packages"} & set(names):
            allowed.append((root, READ))
            continue
        # Without the right to list it, importlib finds nothing in it, and says so with a puzzling sentence.
        allowed.append((root, READ_DIR))
        allowed += [(os.path.join(root, name), READ) for name in names if name not in _LEFT_OUT]
    return allowed


def _shared_libraries() -> list[str]:
    """Files mapped into this process, and the system's folders of such files."""
    found: set[str] = set()
    try:
        with open("/proc/self/maps") as maps:
            for line in maps:
                path = line.rstrip("\n").partition("/")
                if path[1] and ".so" in path[2]:
                    found.add("/" + path[2])
    except OSError:
        pass  # no such list: what is mapped stays usable, and what is not cannot be loaded later
    system = {"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"}
    folders = {os.path.dirname(path) for path in found}
    # /usr/lib/x86_64-linux-gnu holds libraries and nothing else; /usr/lib itself holds other people's Python packages.
    folders = {folder for folder in folders if os.path.dirname(folder) in system and "python" not in folder}
    return sorted(found | folders)
