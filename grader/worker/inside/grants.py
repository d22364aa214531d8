"""The list of what a worker may read, for Landlock."""

import os
import sysconfig

import numpy

from grader.worker.inside.landlock import READ, READ_DIR, WRITE_FILE

#: Parts of the standard library's folder that no submission needs, and that hold other people's packages.
_LEFT_OUT = {"site-packages", "dist-packages", "test", "ensurepip", "idlelib", "lib2to3", "turtledemo"}

#: NumPy's own parts ask for the number of processors, hashlib for OpenSSL's settings, datetime for time zones.
_SYSTEM = (
    "/sys/devices/system/cpu", "/etc/localtime", "/usr/share/zoneinfo", "/usr/lib/locale", "/etc/ssl/openssl.cnf",
    "/dev/urandom", "/dev/zero",
)  # fmt: skip


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
