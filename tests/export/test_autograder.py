"""Gradescope's archive, unpacked and run in a clean folder laid out as its container is."""

import json
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import jsonschema
import pytest

from grader.check_tasks import subjects
from grader.course.course import Course
from grader.course.policy import read_policy
from grader.export import gradescope_zip
from grader.export.kit_folder import contents
from grader.paths import REFERENCE, ROOT
from tests.cohort.classes import zip_of
from tests.courses import HERE

SCHEMA = json.loads(Path(__file__).with_name("gradescope.schema.json").read_text())
POLICY = """
[grading]
stages = ["01_linear", "02_relu"]
seed = "correct horse battery"
[late]
policy = "percentage"
due = 2026-11-30T12:00:00Z
percent = 25
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gradescope")
    (folder / "policy.toml").write_text(POLICY)
    gradescope_zip.build(HERE, folder / "autograder.zip", read_policy(None, folder))
    return folder / "autograder.zip"


def test_what_nobody_else_may_read_is_for_the_owner_alone(container):
    """Where a kernel has no Landlock, a worker's own user cannot open the answers."""
    source = container / "source"
    (line,) = [line for line in (source / "setup.sh").read_text().splitlines() if line.startswith("chmod ")]
    subprocess.run(["bash", "-c", line], cwd=source, check=True)
    secret = [source / "policy.json", *(p for name in ("reference", "tasks", "data") for p in (source / name).rglob("*"))]
    assert len(secret) > 50
    assert not [path for path in secret if path.stat().st_mode & 0o077]


@pytest.fixture
def container(tmp_path, archive):
    return unpacked(archive, tmp_path / "autograder")


def unpacked(archive, base):
    """/autograder as Gradescope makes it: source/ unpacked, run_autograder copied beside it, no results yet."""
    for name in ("source", "submission", "results"):
        (base / name).mkdir(parents=True)
    with zipfile.ZipFile(archive) as zipped:
        for member in zipped.infolist():
            target = Path(zipped.extract(member, base / "source"))
            target.chmod(member.external_attr >> 16 & 0o777)
    (base / "run_autograder").write_bytes((base / "source" / "run_autograder").read_bytes())
    (base / "run_autograder").chmod(0o755)
    return base


def start(base):
    environment = {"PATH": "/usr/bin:/bin", "AUTOGRADER_ROOT": str(base), "CHAIN_RULE_PYTHON": sys.executable}
    return subprocess.Popen(
        [str(base / "run_autograder")], cwd=base, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def run(base):
    process = start(base)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    content = json.loads((base / "results" / "results.json").read_text())
    jsonschema.validate(content, SCHEMA)
    return content


def test_what_gradescope_wants_is_at_the_root(archive):
    with zipfile.ZipFile(archive) as zipped:
        modes = {member.filename: member.external_attr >> 16 & 0o777 for member in zipped.infolist()}
    assert modes["setup.sh"] == modes["run_autograder"] == 0o755
    assert {
        "requirements/base.txt",
        "data/hidden.npz",
        "reference/layers.py",
        "tasks/01_linear/misconceptions.py",
        "tasks/toolbox/networks.py",
        "tasks/toolbox/images.py",
        "tasks/toolbox/pictures/figures.py",
    } <= set(modes)
    assert not [name for name in modes if name.startswith("tests/") or "__pycache__" in name]


def test_the_same_course_gives_the_same_archive(archive, tmp_path):
    (tmp_path / "policy.toml").write_text(POLICY)
    gradescope_zip.build(HERE, tmp_path / "again.zip", read_policy(None, tmp_path))
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()


def test_setup_is_a_script_that_bash_accepts(container):
    subprocess.run(["bash", "-n", str(container / "source" / "setup.sh")], check=True)


def test_a_late_submission_in_an_archive_is_graded(container):
    files = {f"work/student/{path.name}": path.read_bytes() for path in REFERENCE.glob("*.py")}
    files["work/student/layers.py"] += b"\n\nReLU.backward = lambda self, dout: dout\n"
    (container / "submission" / "work.zip").write_bytes(zip_of(files))
    metadata = {"id": 1, "created_at": "2026-11-30T13:00:00.365935-00:00", "previous_submissions": []}
    (container / "submission_metadata.json").write_text(json.dumps(metadata))
    content = run(container)
    raw = content["extra_data"]["raw_score"]
    assert 10 <= raw < 16
    assert content["score"] == pytest.approx(0.75 * raw, abs=0.01)
    assert content["extra_data"]["complete"]
    assert "1 day late" in content["output"]
    assert "correct horse" not in json.dumps(content)


def test_results_are_there_from_the_start_and_after_each_stage(container):
    for path in REFERENCE.glob("*.py"):
        (container / "submission" / path.name).write_bytes(path.read_bytes())
    seen = []
    results = container / "results" / "results.json"
    process = start(container)
    drain = threading.Thread(target=process.stdout.read)
    drain.start()
    while process.poll() is None:
        if results.exists():
            content = json.loads(results.read_text())  # never half a file
            seen.append((len(content["tests"]), content.get("extra_data", {}).get("complete")))
    drain.join()
    steps = list(dict.fromkeys(seen))
    assert steps[0] == (0, None)
    assert [count for count, _ in steps] == sorted(count for count, _ in steps)
    assert any(complete is False and count for count, complete in steps)


def test_a_whole_kit_without_a_file_is_graded_by_its_student_folder(container):
    files = {path: text for path, text in contents(HERE).items() if not path.startswith("student/") and path[-4:] != ".npz"}
    files |= {f"student/{path.name}": path.read_bytes() for path in REFERENCE.glob("*.py") if path.name != "layers.py"}
    for path, content in (files | {"student/Layers.py": (REFERENCE / "layers.py").read_bytes()}).items():
        (container / "submission" / path).parent.mkdir(parents=True, exist_ok=True)
        (container / "submission" / path).write_bytes(content)
    content = run(container)
    assert content["score"] == 0
    assert "'Layers.py' was not graded: it has to be called layers.py" in content["output"]
    (container / "submission" / "student" / "Layers.py").rename(container / "submission" / "student" / "layers.py")
    content = run(container)
    assert content["score"] == 16
    assert "not graded" not in content["output"]


def test_the_second_course_is_graded_by_its_own_archive(tmp_path):
    second = Course(ROOT / "courses" / "attention")
    (tmp_path / "policy.toml").write_text('[grading]\nstages = ["03_layer_norm"]\n')
    gradescope_zip.build(second, tmp_path / "autograder.zip", read_policy(None, tmp_path))
    base = unpacked(tmp_path / "autograder.zip", tmp_path / "autograder")
    mistaken = subjects.mutants(second, second.read(second.reference))["03_layer_norm:sums_over_the_batch_alone"][1]
    for module, text in mistaken.modules.items():
        (base / "submission" / f"{module}.py").write_text(text, encoding="utf-8")
    content = run(base)
    assert content["score"] == 14
    assert "gamma met every position of every example" in json.dumps(content)  # the hint of its name


@pytest.mark.parametrize("name", ["essay.pdf", None])
def test_nothing_to_grade_is_told(container, name):
    if name:
        (container / "submission" / name).write_bytes(b"%PDF")
    content = run(container)
    assert content["score"] == 0
    assert "Nothing could be graded: no Python file was handed in." in content["output"]


def test_attempts_beyond_those_allowed_are_not_graded(container):
    policy = json.loads((container / "source" / gradescope_zip.POLICY).read_text())
    policy["attempts"]["most"] = 1
    (container / "source" / gradescope_zip.POLICY).write_text(json.dumps(policy))
    earlier = {"submission_time": "2026-11-01T10:00:00Z", "score": 12, "results": {"score": 12, "tests": []}}
    metadata = {"created_at": "2026-11-02T10:00:00Z", "previous_submissions": [earlier]}
    (container / "submission_metadata.json").write_text(json.dumps(metadata))
    assert run(container)["score"] == 12


@pytest.mark.slow
@pytest.mark.skipif("CHAIN_RULE_SLOW" not in os.environ, reason="downloads the packages: set CHAIN_RULE_SLOW")
def test_setup_installs_without_network(tmp_path):
    """The real thing: wheels in the archive, a fresh environment, no index, then a grade."""
    (tmp_path / "policy.toml").write_text(POLICY)
    gradescope_zip.build(HERE, tmp_path / "autograder.zip", read_policy(None, tmp_path), offline=True)
    base = tmp_path / "autograder"
    for name in ("source", "submission", "results"):
        (base / name).mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "autograder.zip") as zipped:
        zipped.extractall(base / "source")
    environment = {
        "PATH": f"{Path(sys.executable).resolve().parent}:/usr/bin:/bin", "PIP_NO_INDEX": "1", "HOME": str(tmp_path),
    }  # fmt: skip
    subprocess.run(["bash", "setup.sh"], cwd=base / "source", env=environment, check=True, timeout=600)
    for path in (ROOT / "student").glob("*.py"):
        (base / "submission" / path.name).write_bytes(path.read_bytes())
    done = subprocess.run(
        ["bash", str(base / "source" / "run_autograder")], env={"PATH": "/usr/bin:/bin", "AUTOGRADER_ROOT": str(base)},
        cwd=base, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0
    assert json.loads((base / "results" / "results.json").read_text())["score"] == 0
    assert os.access(base / "source" / "environment" / "bin" / "python", os.X_OK)
