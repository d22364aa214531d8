"""The archive that Gradescope builds an autograder from."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import msgspec

from grader.cohort.course_copy import below, stages_with
from grader.course.course import SUMS, Course
from grader.course.policy import Policy
from grader.errors import Refusal
from grader.files import replacing
from grader.paths import ENGINE, REQUIREMENTS

POLICY = "policy.json"
_FILES = Path(__file__).with_name("gradescope_files")
_EXECUTABLE = {"setup.sh", "run_autograder"}
#: Every archive of the same course has the same bytes.
_DATE = (2020, 1, 1, 0, 0, 0)


def build(course: Course, out: Path, policy: Policy, offline: bool = False) -> int:
    """Write the archive; returns its size in bytes.

    offline : bring the packages along as wheels for this machine's Python and system
    raises  : Refusal
    """
    with (
        tempfile.TemporaryDirectory() as name,
        replacing(out) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for inside, path in sorted(_content(course, policy).items()):
            _add(archive, inside, path.read_bytes())
        # In the archive private stages lie among the others.
        portable = msgspec.structs.replace(policy, grading=msgspec.structs.replace(policy.grading, private=""), file="")
        _add(archive, POLICY, msgspec.json.encode(portable))
        if offline:
            for wheel in _wheels(Path(name)):
                _add(archive, f"wheels/{wheel.name}", wheel.read_bytes())
    return out.stat().st_size


def _content(course: Course, policy: Policy) -> dict[str, Path]:
    """Path in the archive -> file; setup.sh and run_autograder lie at its root, as Gradescope wants them."""
    found = {name: _FILES / name for name in _EXECUTABLE}
    for inside, folder in (("grader", ENGINE / "grader"), ("reference", course.reference)):
        found |= below(folder, inside) if folder else {}
    found |= stages_with(course, str(policy.private or ""))
    files = (*course.about.data.open, *course.about.data.hidden, *([SUMS] if course.checksums() else []))
    found |= {f"data/{name}": course.data / name for name in files}
    found["requirements/base.txt"] = REQUIREMENTS / "base.txt"
    terms = course.folder / "LICENSE"
    return found | ({terms.name: terms} if terms.is_file() else {})


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = (0o100755 if name in _EXECUTABLE else 0o100644) << 16
    archive.writestr(entry, content)


def _wheels(folder: Path) -> list[Path]:
    """The wheels of requirements/base.txt, checked against their hashes as they are downloaded."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]
    requirements = str(REQUIREMENTS / "base.txt")
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        subprocess.run([sys.executable, "-m", "ensurepip"], capture_output=True, check=False)
    command += ["--require-hashes", "-r", requirements, "-d", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise Refusal(f"the packages could not be downloaded ({lines[-1] if lines else 'pip failed'}). Remedy: try again online.")
    return sorted(folder.glob("*.whl"))
