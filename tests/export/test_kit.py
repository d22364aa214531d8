"""What learners are given holds everything they need and no answer."""

import ast
import datetime
import importlib.util
import os
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from grader.cli import VERBS, module_of
from grader.course.course import Course
from grader.course.skeleton import read_claims
from grader.errors import Refusal
from grader.export.kit_folder import LEFT_OUT, TEACHERS_VERBS_IN_A_KIT, make_kit
from grader.export.kit_list import read_list
from grader.paths import REFERENCE, ROOT, TASKS
from grader.running.runner import load_checks
from tests.courses import HERE

TEXT = {".py", ".md", ".toml", ".txt", ".yml", ".j2", ".css", ".ini", ""}


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kits") / "kit"
    make_kit(HERE, folder)
    return folder


def bodies():
    """(name, statements of the reference's body without its docstring), for every function that learners write."""
    found = []
    for name in read_claims(TASKS).stages:
        module, *path = name.split(".")
        node = ast.parse((REFERENCE / f"{module}.py").read_text())
        for part in path:
            node = next((n for n in node.body if getattr(n, "name", "") == part), None)
            if node is None:
                break
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            found.append((name, [ast.unparse(statement) for statement in body]))
    return found


def test_every_body_is_looked_for():
    assert len(bodies()) >= 20
    assert all(statements for _, statements in bodies())


def squeezed(text):
    return "".join(text.split()).replace("'", '"')


def test_no_body_of_the_reference_is_in_it(kit):
    # One line alone ("return x") is no secret; a whole body of it, or any longer run of statements, is.
    files = {p: squeezed(p.read_text("utf-8")) for p in kit.rglob("*") if p.is_file() and p.suffix in TEXT}
    leaks = []
    for name, statements in bodies():
        body = squeezed("".join(statements))
        if len(body) < 25:
            continue
        leaks += [f"{name} in {path.relative_to(kit)}" for path, text in files.items() if body in text]
    assert leaks == []


def test_the_search_would_find_a_body(kit):
    name, statements = max(bodies(), key=lambda entry: len("".join(entry[1])))
    indented = textwrap.indent("\n".join(statements), "        ")
    assert squeezed("".join(statements)) in squeezed(f"def other():\n{indented}\n"), name


def test_nothing_of_the_teachers_is_in_it(kit):
    names = {path.relative_to(kit).as_posix() for path in kit.rglob("*")}
    for part in ("reference", "tests", "benchmarks", ".git", "policy.toml", "data/hidden.npz", "grader/check_tasks"):
        assert part not in names, part
    assert not [name for name in names if name.endswith("misconceptions.py") and name.startswith("tasks/")]
    assert not [name for name in names if "__pycache__" in name]
    assert {"student/layers.py", "skeleton/layers.py", "data/mnist.npz", "Makefile", "README.md", "LICENSE"} <= names


def test_a_learners_verbs_are_there_and_the_teachers_are_not(kit):
    verbs = {path.stem for path in (kit / "grader" / "verbs").glob("*.py")}
    assert {"grade", "watch", "hint", "stage", "reset", "train", "export"} <= verbs
    assert not {"class_", "kit", "update", "gradescope", "check_tasks", "skeleton", "compare", "oracle"} & verbs


def test_the_verbs_of_a_kit_are_those_that_the_table_says(kit):
    verbs = {verb for verb, (group, _) in VERBS.items() if group == "Learn"} | TEACHERS_VERBS_IN_A_KIT
    there = {path.name for path in module_of("grade").parent.glob("*.py")}
    assert {path.name for path in (kit / "grader" / "verbs").glob("*.py")} == {
        *(module_of(verb).name for verb in verbs),
        "__init__.py",
        *(there - {module_of(verb).name for verb in VERBS}),
    }
    for name in LEFT_OUT:
        assert importlib.util.find_spec(f"grader.{name}"), name


def test_what_is_in_a_kit_imports_nothing_that_is_not(kit):
    files = {path.relative_to(kit).with_suffix("") for path in (kit / "grader").rglob("*.py")}
    there = {".".join(file.parts).removesuffix(".__init__") for file in files}
    assert not {f"grader.{name}" for name in LEFT_OUT} & there
    for file in files:
        for name in imported((kit / file).with_suffix(".py")):
            assert name in there, f"{file} imports {name}"


def imported(path):
    """Modules of the grader that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "grader":
            yield node.module
            package = (ROOT / node.module.replace(".", "/")).is_dir()
            names = (f"{node.module}.{alias.name}" for alias in node.names if package)
            yield from (name for name in names if importlib.util.find_spec(name))


def test_the_checks_of_a_kit_find_what_they_share(kit):
    stages = Course(kit).stages
    values = [
        value for stage in stages for check in load_checks(stage).values() for value in check.__globals__.values()
    ]
    shared = {value.__file__ for value in values if ".toolbox." in getattr(value, "__name__", "")}
    assert {Path(file).name for file in shared} >= {"closed_form.py", "networks.py", "accuracy_gate.py"}
    assert all(Path(file).is_relative_to(kit.resolve()) for file in shared)


def test_the_instructors_own_student_folder_is_not_handed_out(kit):
    for path in (kit / "student").glob("*.py"):
        assert path.read_bytes() == (kit / "skeleton" / path.name).read_bytes()
    assert "still a TODO" in (kit / "student" / "layers.py").read_text()


def test_grade_works_in_it(kit, tmp_path):
    # One stage put back by hand: it is graded in full, the rest is a TODO.
    solved = tmp_path / "mine"
    solved.mkdir()
    for path in (kit / "student").glob("*.py"):
        (solved / path.name).write_bytes(path.read_bytes())
    (solved / "losses.py").write_bytes((REFERENCE / "losses.py").read_bytes())
    command = [
        sys.executable,
        "-P",
        "-c",
        f"import sys; sys.path.insert(0, {str(kit)!r}); from grader.cli import main; main()",
    ]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {"CHAIN_RULE_NO_VENV": "1"}
    done = subprocess.run(
        [*command, "grade", "03_softmax", "--student", str(solved), "--out", str(tmp_path / "out")],
        cwd=kit, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out" / "results.json").exists()
    import msgspec

    from grader.records import Report

    report = msgspec.json.decode((tmp_path / "out" / "results.json").read_bytes(), type=Report)
    assert (report.score, report.max_score) == (10, 10)
    assert any("images that nobody has seen" in note for note in report.notes)


@pytest.mark.parametrize("out", ["mine", "mine.zip"])
def test_what_is_no_kit_is_left_alone(tmp_path, out):
    place = tmp_path / out
    place.write_text("x") if place.suffix else (place / "notes").mkdir(parents=True)
    with pytest.raises(Refusal, match=r"is there and is no kit.* Remedy"):
        make_kit(HERE, place)
    assert place.exists()


def test_a_zip_of_a_kit_replaces_one(tmp_path, kit):
    assert make_kit(HERE, tmp_path / "handout.zip") == make_kit(HERE, tmp_path / "handout.zip")
    with zipfile.ZipFile(tmp_path / "handout.zip") as archive:
        assert set(archive.namelist()) == {f"handout/{path}" for path in [".kit", *read_list(kit).files]}
        assert archive.read("handout/.kit") == (kit / ".kit").read_bytes()
        assert {member.external_attr >> 16 for member in archive.infolist()} == {0o100644}


def test_it_lists_its_files_and_says_its_version(tmp_path):
    kit = tmp_path / "kit"
    make_kit(HERE, kit)
    listed = read_list(kit)
    there = {path.relative_to(kit).as_posix(): path.read_bytes() for path in kit.rglob("*") if path.is_file()}
    assert set(listed.files) == set(there) - {".kit"}
    assert all(listed.holds(path, content) for path, content in there.items() if path != ".kit")
    assert datetime.date.fromisoformat(listed.made)
    assert len(listed.fingerprint) == 64


def test_it_is_made_of_this_checkout(kit):
    assert (kit / "grader" / "grading" / "grade.py").read_bytes() == (
        ROOT / "grader" / "grading" / "grade.py"
    ).read_bytes()
