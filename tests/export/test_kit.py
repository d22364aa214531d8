"""What learners are given holds everything they need and no answer."""

import ast
import datetime
import importlib.util
import os
import shutil
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from grader.cli import VERBS, module_of
from grader.course.course import Course
from grader.course.misconceptions import apply, load
from grader.course.skeleton import read_claims, steps
from grader.diagnosis.answer_table import TABLE
from grader.errors import Refusal
from grader.export.kit_folder import LEFT_OUT, TEACHERS_VERBS_IN_A_KIT, make_kit
from grader.export.kit_list import read_list
from grader.paths import REFERENCE, ROOT, TASKS
from grader.records import read_report
from grader.report import site
from grader.running.runner import load_checks
from grader.submission import file_of, read_submission
from tests.courses import HERE, copied

TEXT = {".py", ".md", ".toml", ".txt", ".yml", ".j2", ".css", ".ini", ".jsonl", ""}
ANSWER = read_submission(REFERENCE)
#: Mistakes of stages that do not build on one another, so that they can all be made at once.
MADE = {
    "02_relu": "hands_dout_on",
    "03_softmax": "shares_one_maximum",
    "08_sgd": "forgets_lr",
    "09_minibatches": "forgets_to_shuffle",
}


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


def test_the_steps_of_every_function_are_in_it(kit):
    claims = read_claims(TASKS)
    told = steps(Course(kit), claims)
    assert told == steps(HERE, claims)
    assert len(told) >= 19


def test_nothing_of_the_teachers_is_in_it(kit):
    names = {path.relative_to(kit).as_posix() for path in kit.rglob("*")}
    for part in ("reference", "tests", "benchmarks", ".git", "policy.toml", "data/hidden.npz", "grader/check_tasks"):
        assert part not in names, part
    assert not [name for name in names if "oracle" in name]
    assert not [name for name in names if name.endswith("misconceptions.py") and name.startswith("tasks/")]
    assert not [name for name in names if "__pycache__" in name]
    assert {"student/layers.py", "skeleton/layers.py", "data/mnist.npz", "Makefile", "README.md", "LICENSE"} <= names


def test_the_pages_are_in_it_and_a_grade_does_not_make_them_again(kit):
    folder = kit / "build" / "site"
    for path in folder.iterdir():
        os.utime(path, ns=(1, 1))
    assert site.write(Course(kit), kit / "build").is_file()
    assert {path.stat().st_mtime_ns for path in folder.iterdir()} == {1}
    assert (folder / "everything.html").read_text("utf-8") == site.files(HERE)["everything.html"]
    assert not (kit / "tasks" / "toolbox" / "pictures" / "handouts").exists()


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
    values = [value for stage in stages for check in load_checks(stage).values() for value in check.__globals__.values()]
    shared = {value.__file__ for value in values if ".toolbox." in getattr(value, "__name__", "")}
    assert {Path(file).name for file in shared} >= {"closed_form.py", "networks.py", "accuracy_gate.py"}
    assert all(Path(file).is_relative_to(kit.resolve()) for file in shared)


def test_the_instructors_own_student_folder_is_not_handed_out(kit):
    for path in (kit / "student").glob("*.py"):
        assert path.read_bytes() == (kit / "skeleton" / path.name).read_bytes()
    assert "still a TODO" in (kit / "student" / "layers.py").read_text()


def lines_of_code(source):
    """The lines of a definition without blanks, but for its first, its docstring and those that say nothing alone."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    lines = (squeezed(line) for line in ast.unparse(tree).splitlines() if not line.strip().startswith(("def ", "class ")))
    return {line for line in lines if len(line) >= 15}


def test_no_line_of_the_reference_or_of_a_mistake_is_in_a_table(kit):
    tables = {path: squeezed(path.read_text("utf-8")) for path in kit.glob(f"tasks/*/{TABLE}")}
    bank = [m for stage in HERE.stages for m in load(stage.folder)]
    code = [*ANSWER.modules.values(), *(f"{m.helpers}\n\n{m.source}" for m in bank)]
    lines = {line for source in code for line in lines_of_code(source)}
    assert {path.parent.name for path in tables} == {stage.id for stage in HERE.stages if load(stage.folder)}
    assert len(lines) > 1000
    assert [(path.parent.name, line) for path, text in tables.items() for line in lines if line in text] == []


def test_no_mistakes_body_is_in_it(kit):
    files = {p: squeezed(p.read_text("utf-8")) for p in kit.rglob("*") if p.is_file() and p.suffix in TEXT}
    bodies = {}
    for m in (m for stage in HERE.stages for m in load(stage.folder)):
        node = ast.parse(m.source).body[0]
        body = node.body[1:] if ast.get_docstring(node) else node.body
        bodies[m.name] = squeezed("".join(ast.unparse(statement) for statement in body))
    long = {name: body for name, body in bodies.items() if len(body) >= 60}
    assert len(long) > 300
    assert [(name, p.relative_to(kit)) for name, body in long.items() for p, text in files.items() if body in text] == []


def in_kit(kit, tmp_path, code, *arguments):
    """Run Python with the kit's grader, and nothing of this checkout."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment |= {"CHAIN_RULE_NO_VENV": "1", "CHAIN_RULE_MEMORY": str(tmp_path / "memory"), "COLUMNS": "200"}
    command = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(kit)!r}); {code}", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=kit, env=environment, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def graded_in_kit(kit, tmp_path, student, *arguments):
    """What `grade` says in a kit, and its report."""
    out = tmp_path / "out"
    code = "from grader.cli import main; main()"
    said = in_kit(kit, tmp_path, code, "grade", *arguments, "--student", student, "--out", out)
    return said, read_report(out / "results.json")


def handed_in(folder, mistakes):
    """The reference with mistakes in it."""
    submission = ANSWER
    for stage, name in mistakes.items():
        submission = apply(submission, next(m for m in load(HERE.stage(stage).folder) if m.name == name))
    folder.mkdir()
    for module, text in submission.modules.items():
        (folder / file_of(module)).write_text(text, encoding="utf-8")
    return folder


def named(report):
    return {stage.id: {c.mistake.id for c in stage.checks if c.mistake} for stage in report.stages}


def test_grade_works_in_it(kit, tmp_path):
    # One stage put back by hand: it is graded in full, the rest is a TODO.
    solved = tmp_path / "mine"
    shutil.copytree(kit / "student", solved)
    (solved / "losses.py").write_bytes((REFERENCE / "losses.py").read_bytes())
    _, report = graded_in_kit(kit, tmp_path, solved, "03_softmax")
    assert (report.score, report.max_score) == (8, 8)
    assert any("on hidden images" in note for note in report.notes)


def test_mistakes_are_named_in_it(kit, tmp_path):
    said, report = graded_in_kit(kit, tmp_path, handed_in(tmp_path / "mine", MADE), *MADE)
    assert named(report) == {stage: {name} for stage, name in MADE.items()}
    assert "Gradient passes where the unit was off" in said
    words = {m.name: (m.title, m.hint) for stage in MADE for m in load(HERE.stage(stage).folder)}
    told = {(c.mistake.title, c.mistake.hint) for stage in report.stages for c in stage.checks if c.mistake}
    assert told == {words[name] for name in MADE.values()}
    assert "Graded without the reference: its curves are not shown." in report.notes


def test_a_report_has_its_pictures_in_it(kit, tmp_path):
    student = handed_in(tmp_path / "mine", {})
    text = (student / "losses.py").read_text("utf-8")
    (student / "losses.py").write_text(text.replace("logits - logits.max(axis=1, keepdims=True)", "logits"), "utf-8")
    graded_in_kit(kit, tmp_path, student, "03_softmax")
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "Softmax as the logits grow" in page
    assert '<svg class="plot"' in page


def test_with_another_seed_it_says_that_it_cannot_name(kit, tmp_path):
    _, report = graded_in_kit(kit, tmp_path, handed_in(tmp_path / "mine", MADE), *MADE, "--seed", "7")
    assert named(report) == {stage: set() for stage in MADE}
    assert any("mistakes are named with seed 0 alone. Remedy" in note for note in report.notes)


def test_a_right_answer_has_no_name_in_it(kit, tmp_path):
    _, report = graded_in_kit(kit, tmp_path, handed_in(tmp_path / "mine", {}), *MADE)
    assert report.score == report.max_score
    assert named(report) == {stage: set() for stage in MADE}


def test_a_notebook_and_watch_name_in_it(kit, tmp_path):
    student = str(handed_in(tmp_path / "mine", {"03_softmax": "shares_one_maximum"}))
    notebook = f"from grader import check; print(repr(check('03', student={student!r})))"
    watch = (
        "from pathlib import Path; from grader.course.course import Course; from grader.learner.watched import Watched; "
        "from grader.worker.outside.pool import WorkerPool; course = Course(Path.cwd()); pool = WorkerPool(course.withheld); "
        f"watched = Watched(Path({student!r}), course, pool, stage=course.stage('03_softmax')); watched.grade(); "
        "print(watched.name_mistakes(course.reference), [c.mistake.id for c in watched.current.checks if c.mistake]); pool.close()"
    )
    assert "Next: One maximum for the whole batch" in in_kit(kit, tmp_path, notebook)
    assert in_kit(kit, tmp_path, watch).splitlines()[-1] == "True ['shares_one_maximum']"


def test_pytest_names_in_it(kit, tmp_path):
    student = str(handed_in(tmp_path / "mine", {"03_softmax": "shares_one_maximum"}))
    shown = in_kit(
        kit,
        tmp_path,
        f"import os, pytest; os.environ['CHAIN_RULE_STUDENT'] = {student!r}; "
        "print(int(pytest.main(['-p', 'no:cacheprovider', 'tasks/03_softmax'])))",
    )
    assert "likely mistake\n    One maximum for the whole batch" in shown
    assert shown.endswith("1\n")


def test_a_kit_with_a_table_of_another_day_is_not_made(tmp_path):
    course = copied(tmp_path / "course", "03_softmax", HERE.stage("03_softmax").checks[0].id)
    with pytest.raises(Refusal, match=r"03_softmax: .*Remedy: make check-tasks ARGS=--tables"):
        make_kit(course, tmp_path / "kit")
    assert not (tmp_path / "kit").exists()


@pytest.mark.parametrize("out", ["mine", "mine.zip"])
def test_what_is_no_kit_is_left_alone(tmp_path, out):
    place = tmp_path / out
    place.write_text("x") if place.suffix else (place / "notes").mkdir(parents=True)
    with pytest.raises(Refusal, match=r"exists and is not a kit.* Remedy"):
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
    assert (kit / "grader" / "grading" / "grade.py").read_bytes() == (ROOT / "grader" / "grading" / "grade.py").read_bytes()
