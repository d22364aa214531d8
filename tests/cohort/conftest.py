"""A class of toys: submissions as small as they can be."""

import errno
import os

import pytest

from grader.cohort.intake import Store
from grader.paths import REFERENCE


def forbid(monkeypatch, folder):
    """Let a folder be one that nobody may list, for root as well."""
    for name in ("scandir", "listdir"):
        listed = getattr(os, name)

        def refuse(path=".", listed=listed):
            if not isinstance(path, int) and os.path.normpath(path) == os.path.normpath(folder):
                raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
            return listed(path)

        monkeypatch.setattr(os, name, refuse)


@pytest.fixture
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("out") / "store")


@pytest.fixture
def submission():
    """`submission(folder, name=text, ...)`: a folder with those modules; `layers` alone without any."""

    def make(folder, **modules):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in (modules or {"layers": "x = 1\n"}).items():
            (folder / f"{name}.py").write_text(text)
        return folder

    return make


@pytest.fixture(scope="session")
def reference_files():
    """The reference's modules as a submission: path -> content."""
    return {path.name: path.read_bytes() for path in sorted(REFERENCE.glob("*.py"))}


@pytest.fixture
def order_of():
    """`order_of(files)`: the order to grade those files."""
    import msgspec

    from grader.cohort.package import Package
    from grader.cohort.work import GradeOrder, course_fingerprint
    from tests.courses import HERE

    def make(files, course=""):
        package = Package(files)
        packed = msgspec.msgpack.encode(package)
        return GradeOrder(f"key-{package.digest}", package.digest, packed, course or course_fingerprint(HERE))

    return make
