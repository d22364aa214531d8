"""A whole grade of the small course: its files, its exit, its caches; with real workers."""

import json
import re
import shutil

import msgspec
import pytest

from grader.course import fingerprint
from grader.course.course import BadCourse, Course
from grader.grading import event_log
from grader.grading.grade import grade
from grader.grading.output import Output
from grader.grading.request import Request, Settings, unchanged
from grader.records import Report
from grader.running import scores
from grader.running.pytest_host import GraderFault
from grader.running.session import Observer, run_stages
from grader.submission import NotASubmission, read_submission
from grader.worker.outside.local import LocalPool
from grader.worker.outside.pool import WorkerPool
from tests.courses import HERE
from tests.running.toys import HINTS, RIGHT, write_course, write_submission


@pytest.fixture(scope="module")
def pool():
    with WorkerPool(HERE.withheld) as made:
        yield made


@pytest.fixture
def request_of(tmp_path, monkeypatch):
    """Makes requests on a small course in a folder of their own, with caches of their own."""
    monkeypatch.setenv("CHAIN_RULE_MEMORY", str(tmp_path / "memory"))
    write_course(tmp_path / "tasks")

    def make(student=None, **options):
        folder = student or write_submission(tmp_path / "mine")
        stages = options.pop("stages", ())
        return Request(Course(tmp_path), folder, Output(tmp_path / "out", html=False), stages, Settings(**options))

    return make


def without_times(report: Report) -> dict:
    plain = json.loads(msgspec.json.encode(report))
    for name in ("seconds", "finished", "limits", "extra"):
        plain.pop(name)
    for stage in plain["stages"]:
        stage.pop("seconds")
        for check in stage["checks"]:
            check.pop("seconds")
    return plain


def test_a_grade_writes_what_it_says(request_of, pool):
    request = request_of()
    report = grade(request, pool=pool)
    assert (report.score, report.max_score, report.complete, report.next) == (13, 13, True, None)
    written = msgspec.json.decode((request.output.folder / "results.json").read_bytes(), type=Report)
    assert written == report
    plain = json.loads((request.output.folder / "results.json").read_text())
    assert plain["schema"] == 1
    assert {"id", "state", "points", "max_points", "message", "mistake"} <= set(plain["stages"][0]["checks"][0])
    assert report.seed == {"value": 0}
    assert report.limits["calibration"] >= 1
    assert set(report.limits["stages"]) == {"01_first", "02_second", "03_third"}
    assert report.fingerprints["submission"] == read_submission(request.student).fingerprint()
    assert report.curves["history"] == {"train_loss": [2.0, 1.0]}
    assert report.notes == ["Graded without the reference: mistakes are not named, and its curves are not shown."]


def test_every_field_is_documented(request_of, pool):
    """docs/results.md names each field of results.json, and none that is not there."""
    from grader.paths import ROOT

    text = (ROOT / "docs" / "results.md").read_text()
    report = json.loads(msgspec.json.encode(grade(request_of(), pool=pool)))
    stage = report["stages"][0]
    fields = {*report, *stage, *stage["checks"][0]}
    assert {name for name in fields if f'"{name}"' not in text} == set()
    named = set(re.findall(r'^ {2,6}"(\w+)":', text, re.MULTILINE))
    assert named <= fields


def test_every_check_is_logged_before_and_after(request_of, pool):
    request = request_of()
    grade(request, pool=pool)
    events = [json.loads(line) for line in (request.output.folder / "results.jsonl").read_text().splitlines()]
    assert events[0]["event"] == "grade"
    assert [(e["event"], e["check"]) for e in events[1:5]] == [
        ("start", "check_add_adds"),
        ("result", "check_add_adds"),
        ("start", "check_double_doubles"),
        ("result", "check_double_doubles"),
    ]
    assert [e["check"] for e in events if e["event"] == "result"][-1] == "check_train_learns"


def test_a_log_that_was_cut_off_names_what_was_under_way(request_of, pool, tmp_path):
    request = request_of()
    grade(request, pool=pool)
    content = (request.output.folder / "results.jsonl").read_bytes()
    cut = content.index(b'"event":"result"', content.index(b"check_double_doubles"))
    (tmp_path / "cut.jsonl").write_bytes(content[: cut + 30])
    assert list(event_log.replay(tmp_path / "cut.jsonl")) == [("01_first", "check_add_adds")]
    last = msgspec.json.decode((tmp_path / "cut.jsonl").read_bytes().splitlines()[-2])
    assert (last["event"], last["check"]) == ("start", "check_double_doubles")


def test_two_grades_are_equal_apart_from_times(request_of, pool):
    folder = write_submission(request_of().student, layers=RIGHT["layers"].replace("a + b", "a - b"))
    first = grade(request_of(folder, use_cache=False), pool=pool)
    assert without_times(first) == without_times(grade(request_of(folder, use_cache=False), pool=pool))
    assert without_times(first) != without_times(grade(request_of(folder, use_cache=False, seed=7), pool=pool))


def test_pytest_and_the_plain_loop_give_the_same(request_of, pool):
    folder = write_submission(request_of().student, losses="def square(a):\n    return a\n\n\ndef calls():\n    return 1\n")
    request = request_of(folder)
    report = grade(request, pool=pool)
    course = request.course
    session = run_stages(course.stages, LocalPool(), read_submission(folder), course=course)
    plain = scores.report(course.stages, session.results)

    def told(of):
        return [[(c.id, c.state, c.points, c.message, c.blocked_by) for c in stage.checks] for stage in of.stages]

    assert told(report) == told(plain)


def test_a_single_stage_is_graded_with_what_it_needs(request_of, pool):
    report = grade(request_of(stages=("3",)), pool=pool)
    assert [stage.id for stage in report.stages] == ["03_third"]
    assert (report.score, report.max_score) == (3, 3)


def test_submissions_of_any_name_and_every_form_of_import(request_of, pool, tmp_path):
    for number, line in enumerate(
        ("from .losses import square", "from losses import square", "from student.losses import square")
    ):
        folder = tmp_path / f"Größe {number} (final).v2"
        layers = f"{line}\n\n\ndef add(a, b):\n    square(1)\n    return a + b\n\n\ndef double(a):\n    return a + a\n"
        assert grade(request_of(write_submission(folder, layers=layers)), pool=pool).score == 13


def test_a_secret_seed_is_not_written_down(request_of, pool):
    request = request_of(seed=987654321, hide_seed=True)
    report = grade(request, pool=pool)
    assert set(report.seed) == {"fingerprint"}
    assert "987654321" not in (request.output.folder / "results.json").read_text()
    assert report.extra.key == ""


def test_an_interrupted_grade_keeps_what_was_graded(request_of, pool):
    class Impatient(Observer):
        def finished(self, check, result):
            if check.id == "check_double_doubles":
                raise KeyboardInterrupt

    report = grade(request_of(), Impatient(), pool=pool)
    assert report.complete is False
    assert [(c.id, c.state) for s in report.stages for c in s.checks] == [
        ("check_add_adds", "pass"),
        ("check_double_doubles", "pass"),
    ]
    assert msgspec.json.decode((request_of().output.folder / "results.json").read_bytes(), type=Report) == report


def test_a_foreign_environment_changes_nothing(request_of, pool, tmp_path, monkeypatch):
    (tmp_path / "conftest.py").write_text("raise RuntimeError('read')\n")
    (tmp_path / "tasks" / "conftest.py").write_text("raise RuntimeError('read')\n") if (tmp_path / "tasks").exists() else None
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    monkeypatch.chdir(tmp_path)
    request = request_of()
    (request.course.tasks / "conftest.py").write_text("raise RuntimeError('read')\n")
    assert grade(request, pool=pool).score == 13


def test_checks_that_cannot_be_imported_stop_the_grade(request_of, pool):
    request = request_of()
    path = request.course.tasks / "01_first" / "checks.py"
    path.write_text("import no_such_module\n" + path.read_text())
    said = f"{path} cannot be imported: ModuleNotFoundError: No module named 'no_such_module' (checks.py, line 1). Remedy: correct it."
    with pytest.raises(BadCourse, match=f"^{re.escape(said)}$"):
        grade(request, pool=pool)


def test_a_fault_of_the_graders_own_stops_the_grade_and_says_which(request_of, pool):
    class Broken(Observer):
        def finished(self, check, result):
            raise ZeroDivisionError("in the grader")

    with pytest.raises(GraderFault, match="ZeroDivisionError: in the grader"):
        grade(request_of(), Broken(), pool=pool)


@pytest.mark.parametrize(("name", "sentence"), [("nowhere", "does not exist"), ("empty", "is not a submission")])
def test_a_folder_that_is_no_submission(request_of, pool, tmp_path, name, sentence):
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotASubmission, match=sentence):
        grade(request_of(tmp_path / name), pool=pool)


# --- caches -----------------------------------------------------------------------------------------------------------


class Trainings(Observer):
    """Counts how often the submission was run for a training check."""

    def __init__(self):
        self.count = 0

    def running(self, check, limit):
        self.count += check.training


def test_a_training_is_not_repeated_for_an_equal_run(request_of, pool):
    fresh = grade(request_of(use_cache=False), pool=pool)
    first, second = Trainings(), Trainings()
    grade(request_of(), first, pool=pool)
    cached = grade(request_of(), second, pool=pool)
    assert (first.count, second.count) == (1, 0)
    # A cached grade says what a fresh one says, its curves and pictures too.
    assert without_times(cached) == without_times(fresh)
    assert (request_of().output.folder / "evidence" / "03_third.check_train_learns.npz").exists()


@pytest.mark.parametrize("change", ["submission", "course", "seed", "no cache", "strict", "data", "environment"])
def test_whatever_a_result_depends_on_makes_it_train_again(request_of, pool, monkeypatch, change):
    request = request_of()
    grade(request, pool=pool)
    options = {}
    if change == "submission":  # even a module that the training does not use
        write_submission(request.student, optim="# new\n")
    elif change == "course":
        path = request.course.tasks / "02_second" / "checks.py"
        path.write_text(path.read_text() + "# new\n")
    elif change == "data":
        monkeypatch.setattr(fingerprint, "data_state", lambda folder: "other")
    elif change == "environment":
        monkeypatch.setattr(fingerprint, "numpy_version", lambda: "1.26.0")
    else:
        options = {"seed": {"seed": 1}, "no cache": {"use_cache": False}, "strict": {"strict": True}}[change]
    again = Trainings()
    grade(request_of(request.student, **options), again, pool=pool)
    assert again.count == 1


def test_a_new_look_is_rendered_but_nothing_is_trained_again(request_of, pool, monkeypatch, tmp_path):
    shutil.copytree(fingerprint.GRADER, tmp_path / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprint, "GRADER", tmp_path / "grader")
    request = request_of()
    request = msgspec.structs.replace(request, output=msgspec.structs.replace(request.output, html=True))
    grade(request, pool=pool)
    assert unchanged(request) is not None
    with open(tmp_path / "grader" / "report" / "style.css", "a") as file:
        file.write("p { color: red }")
    assert unchanged(request) is None
    again = Trainings()
    grade(request, again, pool=pool)
    assert again.count == 0
    assert unchanged(request) is not None


def test_a_new_hint_is_shown_with_a_kept_training(request_of, pool):
    request = request_of()
    path = request.course.tasks / "03_third" / "task.toml"
    path.write_text(path.read_text().replace(HINTS, HINTS.replace("[", "[\n  ").replace(", ", ",\n  ").replace("]", ",\n]")))
    grade(request, pool=pool)
    path.write_text(path.read_text().replace("what?", "what else?"))
    again = Trainings()
    report = grade(request, again, pool=pool)
    assert again.count == 0
    assert report.stages[2].checks[0].hints[0] == "what else?"


def test_what_a_limit_decided_is_not_kept(request_of, pool):
    losses = RIGHT["losses"].replace("    return a * a", "    while a == 2.0:\n        pass\n    return a * a")
    folder = write_submission(request_of().student, losses=losses)
    request = request_of(folder)
    path = request.course.tasks / "03_third" / "task.toml"
    path.write_text(path.read_text() + "\n[limits]\ncall = 0.5\n")
    report = grade(request, pool=pool)
    assert "stopped" in report.stages[2].checks[0].message
    assert report.extra.repeatable is False
    again = Trainings()
    grade(request, again, pool=pool)
    assert again.count == 1


def test_an_unchanged_grade_is_answered_from_its_file(request_of, pool):
    request = request_of()
    assert unchanged(request) is None
    report = grade(request, pool=pool)
    assert unchanged(request) is None  # the page is missing
    (request.output.folder / "report.html").write_text("page")
    known = unchanged(request)
    assert known is not None
    assert without_times(known) == without_times(report)
    for other in (request_of(seed=1), request_of(stages=("1",)), request_of(strict=True), request_of(use_cache=False)):
        assert unchanged(other) is None
    write_submission(request.student, optim="# new\n")
    assert unchanged(request) is None
