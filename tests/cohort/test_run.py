"""A class from end to end, on a few stages: graded once, gone on with, and graded again only where something changed."""

import csv
import gzip
import os
import signal
import sys

import msgspec
import pytest

from grader.cohort import page
from grader.cohort.course_copy import copy_course
from grader.cohort.journal import Journal, Outcome
from grader.cohort.package import Package
from grader.cohort.pool import ProcessPool, StageReached
from grader.cohort.process import CourseBroken, Grader
from grader.cohort.roster import Person, Roster
from grader.cohort.run import ClassRun, Watcher, grade_class
from grader.cohort.work import ClassSettings, GradeDone
from grader.course.course import Course
from grader.course.policy import Grading, read_policy
from grader.errors import Refusal
from grader.export.kit_folder import contents
from grader.records import Report
from tests.cohort import classes, soak
from tests.courses import HERE

STAGES = "[grading]\nstages = ['01_linear', '02_relu']\n"


class Notes(Watcher):
    def __init__(self):
        self.waiting = self.known = 0
        self.graded = []

    def planned(self, intake, waiting, known):
        self.waiting, self.known = waiting, known

    def finished(self, outcome, names):
        self.graded.append((outcome.state, names))


@pytest.fixture(scope="module")
def generator():
    return classes.Generator(1)


@pytest.fixture
def policy(tmp_path):
    (tmp_path / "policy.toml").write_text(STAGES)
    return read_policy(None, tmp_path)


@pytest.fixture
def run(tmp_path, policy):
    """`run(**changes)`: grade tmp_path/class into tmp_path/out; gives the result and what was told meanwhile."""

    def go(**changes):
        notes = Notes()
        values = {
            "course": HERE,
            "submissions": tmp_path / "class",
            "out": tmp_path / "out",
            "policy": policy,
            "jobs": 2,
            "html": False,
        }
        return grade_class(ClassRun(**(values | changes | {"watcher": notes}))), notes

    return go


def hand_in(folder, name, files):
    (folder / name).mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        (folder / name / file).write_bytes(content)


def test_a_class_is_graded_once_and_then_only_what_changed(tmp_path, run, generator):
    folder = tmp_path / "class"
    right = generator.right()
    hand_in(folder, "ann", right)
    hand_in(folder, "bob", right)  # the same content: one record, two grades
    hand_in(folder, "cy", {name: text for name, text in right.items() if name != "layers.py"})
    (folder / "dee.zip").write_bytes(b"PK\x03\x04 broken")
    result, notes = run(roster=Roster([Person("ann", "Ann Öz", section="A"), Person("zoe", "Zoë", section="B")]))
    assert {g.student: (g.state, g.score) for g in result.grades} == {
        "ann": ("graded", 16), "bob": ("graded", 16), "cy": ("graded", 0), "dee": ("submission", 0), "zoe": ("missing", 0),
    }  # fmt: skip
    assert (notes.waiting, len(notes.graded)) == (2, 2)
    assert "damaged" in next(g.reason for g in result.grades if g.student == "dee")
    assert {g.student: g.section for g in result.grades if g.section} == {"ann": "A", "zoe": "B"}
    first = (tmp_path / "out" / "grades.csv").read_bytes()

    result, notes = run(roster=Roster([Person("ann", "Ann Öz", section="A"), Person("zoe", "Zoë", section="B")]))
    assert (notes.waiting, notes.known, notes.graded) == (0, 2, [])
    assert (tmp_path / "out" / "grades.csv").read_bytes() == first

    hand_in(folder, "bob", {"layers.py": right["layers.py"] + b"\n# better\n"})
    assert run()[1].graded == [("graded", ["bob"])]
    assert run(regrade=("ann",))[1].graded == [("graded", ["ann"])]
    with pytest.raises(Refusal, match="not among those"):
        run(regrade=("nobody",))
    assert sorted(len(states) for states in soak.history(tmp_path / "out" / "journal.sqlite").values()) == [1, 1, 2]

    (tmp_path / "policy.toml").write_text(STAGES + "seed = 5\n")
    assert len(run(policy=read_policy(None, tmp_path))[1].graded) == 3


def test_clones_of_a_kit_are_graded_by_their_student_folders(tmp_path, run, generator):
    """As they come: whole kits, one without a file, one with its folder renamed, one with a module renamed, one untouched."""
    right = generator.right()
    kit = {path: content for path, content in contents(HERE).items() if not path.endswith(".npz")}
    course = {path: content for path, content in kit.items() if not path.startswith("student/")}

    def clone(name, files):
        for path, content in (files | {".git/HEAD": b"x", ".kit": b"{}"}).items():
            (tmp_path / "class" / f"chain-rule-{name}" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "class" / f"chain-rule-{name}" / path).write_bytes(content)

    def work(folder, *left_out):
        return course | {f"{folder}/{path}": content for path, content in right.items() if path not in left_out}

    clone("ann", work("student"))
    clone("bob", work("student", "data.py"))
    clone("cy", work("my work"))
    clone("dee", work("student", "layers.py") | {"student/layers (1).py": right["layers.py"]})
    clone("eve", kit)
    result, _ = run()
    scores = {grade.student: (grade.score, grade.remark) for grade in result.grades}
    assert scores == {
        "ann": (16, ""), "bob": (16, ""),  # no stage that is graded asks for data.py
        "cy": (16, "'my work' was graded: 'student' contains no module of the course"),
        "dee": (0, "'layers (1).py' was not graded: it has to be called layers.py"),
        "eve": (0, "nothing is written yet: every module is as it was given out"),
    }  # fmt: skip
    rows = csv.DictReader((tmp_path / "out" / "grades.csv").read_text().splitlines())
    assert {row["student"]: row["notes"] for row in rows} == {name: told for name, (_, told) in scores.items()}
    text = page.write(result, HERE).read_text()
    assert "Reaching beyond the task" not in text
    assert "has to be called layers.py" in text
    with Journal(tmp_path / "out" / "journal.sqlite") as journal:
        report = journal.get(next(grade.key for grade in result.grades if grade.student == "dee")).report
    assert report.extra.problems == {"layers.py": "layers.py is not there; 'layers (1).py' has to be called layers.py."}


NASTY = {
    "a name that is no text": classes.tar_of({"x/layers.py": b"a = 1\n", "x/\udcff.py": b"b = 1\n"}),
    "a file and a folder": classes.zip_of({"layers.py": b"a = 2\n", "losses.py": b"", "losses.py/b.py": b""}),
    "a deep path": classes.zip_of({"layers.py": b"a = 3\n", f"{'/'.join(['d' * 200] * 30)}/b.py": b""}),
    "empty parts": gzip.compress(b"") * 50_000,
    "no encoding": classes.zip_of({"layers.py": b"# coding: undefined\n"}),
    "half a character": classes.zip_of({"layers.py": b"# coding: raw_unicode_escape\n# \\ud800\n"}),
    "another's letters": classes.zip_of({"layers.py": b"# coding: punycode\n" + b"a" * 200_000}),
    "renamed": classes.zip_of({"layers (1).py": b"a = 4\n"}),
    "a skeleton": classes.zip_of({"skeleton/layers.py": b"a = 5\n"}),
    **{f"long name--{number}": classes.zip_of({f"{'a' * 300}{number}.py": b"", "layers.py": b"b = %d" % number}) for number in range(5)},
}  # fmt: skip


def test_a_class_of_everything_that_was_ever_handed_in_grades_all_others(tmp_path, run, generator):
    (tmp_path / "policy.toml").write_text("[grading]\nstages = ['02_relu']\n[attempts]\nkeep = 'best'\n")
    for name, data in NASTY.items():
        (tmp_path / "class").mkdir(exist_ok=True)
        (tmp_path / "class" / f"{name}.zip").write_bytes(data)
    hand_in(tmp_path / "class", "seven megabytes", {f"{name}.py": b"a=1\n" * 249_000 for name in HERE.modules[:7]})
    hand_in(tmp_path / "class", "zoe", generator.right())
    result, _ = run(policy=read_policy(None, tmp_path))
    states = {grade.student: grade.state for grade in result.grades}
    assert states.pop("zoe") == "graded"
    assert {name for name, state in states.items() if state == "submission"} == {"empty parts", "renamed", "a skeleton"}
    assert set(states.values()) == {"graded", "submission"}
    assert next(grade.score for grade in result.grades if grade.student == "zoe") == 6


def test_hostile_neighbours_change_nobodys_grade(tmp_path, run, generator):
    alone, together = tmp_path / "alone", tmp_path / "together"
    quiet = {"right": generator.right(), "mistaken": generator.mistaken(), "half": generator.half_finished()}
    for name, files in quiet.items():
        hand_in(alone, name, files)
        hand_in(together, name, files)
    for kind in ("ends the process", "dies of a signal", "starts a process", "takes all memory", "floods the output"):
        hand_in(together, f"a-{kind}", generator.hostile(kind))
    run(submissions=alone, out=tmp_path / "one")
    other, _ = run(submissions=together, out=tmp_path / "other")
    lines = [(tmp_path / out / "grades.csv").read_text().splitlines() for out in ("one", "other")]
    assert set(lines[0]) <= set(lines[1])
    assert not other.of_state("fault")
    hostile = [grade for grade in other.grades if grade.student.startswith("a-")]
    assert [grade.student for grade in hostile if grade.state != "graded" or not 0 < grade.score < 16] == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name on the disk is text")
def test_names_that_no_folder_takes_end_nobodys_grading(tmp_path, run, generator):
    folder, right = tmp_path / "class", generator.right()
    extra = {"tar": "\udcff.py", "long": "a" * 300 + ".py", "both": "layers.py/b.py", "deep": "a" * 200 + "/b" * 2500 + "/c.py"}
    for name in ("folder", "Jos\udc82"):
        hand_in(folder, name, right | {"\udcff.py": b"x = 1\n"})
    for name, path in extra.items():
        form = classes.tar_of if name == "tar" else classes.zip_of
        (folder / f"{name}\udcff.zip").write_bytes(form(right | {path: b"x = 1\n"}))
    result, _ = run()
    assert {g.student: (g.state, g.score) for g in result.grades} == dict.fromkeys(
        ["folder", "Jos\\udc82", *(f"{name}\\udcff" for name in extra)], ("graded", 16)
    )
    assert all("left out" in attempt.notes[0] for attempt in result.intake.attempts)
    assert len((tmp_path / "out" / "grades.csv").read_text("utf-8").splitlines()) == 7
    assert "Jos\\udc82" in page.write(result, HERE).read_text("utf-8")


def test_a_grading_process_that_is_killed_is_replaced(tmp_path, policy, generator, order_of):
    orders = [order_of({**generator.right(), "extra.py": str(n).encode()}) for n in range(3)]
    pool = ProcessPool(HERE, ClassSettings(policy, html=False), 1, tmp_path, tmp_path / "log")
    killed = 0
    done = []
    for event in pool.run(orders):
        if isinstance(event, StageReached):
            if not killed:
                killed = pool.graders[0].pid
                os.kill(killed, signal.SIGKILL)
        else:
            done.append((event.outcome.state, event.outcome.report.score))
    assert done == [("graded", 16)] * 3
    assert killed


def test_a_grading_process_is_renewed_after_so_many_submissions(tmp_path, policy, generator, order_of, monkeypatch):
    monkeypatch.setattr("grader.cohort.process.RENEWED_AFTER", 2)
    policy = msgspec.structs.replace(policy, grading=Grading(stages=("02_relu",)))
    grader = Grader(HERE, ClassSettings(policy, html=False), tmp_path)
    pids = []
    for number in range(3):
        files = {**generator.right(), "extra.py": str(number).encode()}
        grader.grade(order_of(files))
        pids.append(grader.pid)
    grader.close()
    assert pids[0] == pids[1] != pids[2]


def test_a_submission_under_which_every_process_dies_is_the_graders_fault(tmp_path, policy, generator, order_of):
    order = order_of(generator.right())
    grader = Grader(HERE, ClassSettings(policy, html=False), tmp_path)
    done = grader.grade(order, lambda stage: os.kill(grader.pid, signal.SIGKILL))
    grader.close()
    assert done.outcome.state == "fault"
    assert done.outcome.reason == "the grading process ended (by SIGKILL) (tried twice)"


def test_a_submission_that_takes_too_long_as_a_whole_is_stopped(tmp_path, generator, order_of):
    (tmp_path / "policy.toml").write_text(STAGES + "[limits]\nsubmission_seconds = 10\n")
    order = order_of(generator.right())
    grader = Grader(HERE, ClassSettings(read_policy(None, tmp_path), html=False), tmp_path)
    done = grader.grade(order, lambda stage: os.kill(grader.pid, signal.SIGSTOP))
    grader.close()
    assert done.outcome.state == "submission"
    assert "stopped after 10 s" in done.outcome.reason


def test_another_version_of_the_course_is_not_graded_with(tmp_path, policy, generator, order_of):
    order = order_of(generator.right(), course="another")
    grader = Grader(HERE, ClassSettings(policy, html=False), tmp_path)
    done = grader.grade(order)
    grader.close()
    assert done.other_course
    assert done.outcome.report is None


def test_a_course_that_cannot_start_ends_the_run(tmp_path, run, generator, monkeypatch):
    hand_in(tmp_path / "class", "ann", generator.right())
    monkeypatch.setattr("grader.cohort.process._CODE", "raise SystemExit('this course is broken')")
    with pytest.raises(CourseBroken, match="this course is broken"):
        run()
    with Journal(tmp_path / "out" / "journal.sqlite") as journal:
        assert journal.states() == {}


class Told:
    """A backend that says what it was told to say; it remembers what it was asked."""

    def __init__(self, states):
        self.states, self.packages = states, []

    def run(self, orders):
        words = {
            "f": Outcome("fault", "the disk is full"),
            "g": Outcome("graded", "", Report(0, 16, [])),
            "s": Outcome("submission", "nothing there"),
        }
        for order, state in zip(orders, self.states):
            self.packages.append(msgspec.msgpack.decode(order.package, type=Package))
            yield StageReached(order.key, "02_relu", 0)
            yield GradeDone(order.key, order.digest, words[state])

    def close(self):
        pass


@pytest.fixture
def told(tmp_path, run, submission, monkeypatch):
    """`told(states)`: run a class on that backend, a letter for each order; gives the result and the backend."""

    def go(states, students=9, **changes):
        for number in range(students):
            submission(tmp_path / "class" / f"s{number}", layers=f"x = {number}\n")
        backend = Told(states)
        monkeypatch.setattr("grader.cohort.run._backend", lambda *_: backend)
        return run(**changes)[0], backend

    return go


def recorded(tmp_path):
    with Journal(tmp_path / "out" / "journal.sqlite") as journal:
        return len(journal.states())


def test_a_grader_that_fails_from_the_start_is_not_tried_on_everybody(tmp_path, told):
    """The sixth is the untouched skeleton."""
    with pytest.raises(
        CourseBroken,
        match="the first 5 all failed, the last one because the disk is full; the untouched skeleton fails too, because the disk",
    ):
        told("ffffff")
    assert recorded(tmp_path) == 5


@pytest.mark.parametrize(("states", "asked"), [("fffffgffff", 1), ("gfffffffg", 0), ("ffffsffff", 0), ("fffffsgggg", 1)])
def test_submissions_that_fail_stop_nobody_elses_grading(tmp_path, told, states, asked):
    _, backend = told(states)
    skeleton = Package({name: text.encode() for name, text in classes.Generator(0).skeleton.items()})
    assert [place for place, package in enumerate(backend.packages) if package == skeleton] == [5] * asked
    assert len(backend.packages) == len(states) == 9 + asked
    assert recorded(tmp_path) == 9


def test_five_uploads_of_one_student_stop_nobody_elses(tmp_path, told, submission):
    """Every attempt is graded where the best one counts."""
    for number in range(5):
        submission(tmp_path / "class" / f"a--{number}", layers=f"y = {number}\n")
    (tmp_path / "policy.toml").write_text(STAGES + "[attempts]\nkeep = 'best'\n")
    result, _ = told("fffffg" + "g" * 3, students=3, policy=read_policy(None, tmp_path))
    assert [(grade.student, grade.state) for grade in result.grades] == [
        ("a", "fault"), ("s0", "graded"), ("s1", "graded"), ("s2", "graded"),
    ]  # fmt: skip


def test_the_skeleton_is_graded_by_the_processes_that_failed(tmp_path, run, submission, monkeypatch):
    for number in range(9):
        submission(tmp_path / "class" / f"s{number}", layers=f"x = {number}\n")
    graded = []
    grade = Grader.grade

    def fail(self, order, *told):
        done = grade(self, order, *told)
        graded.append((order.key, self.pid, done.outcome.state))
        fault = Outcome("fault", "it did not like this one")
        return done if order.key == "skeleton" else msgspec.structs.replace(done, outcome=fault)

    monkeypatch.setattr(Grader, "grade", fail)
    result, notes = run(jobs=1)
    assert [grade.state for grade in result.grades] == ["fault"] * 9
    assert len(notes.graded) == 9
    assert [(pid, state) for key, pid, state in graded if key == "skeleton"] == [(graded[0][1], "graded")]


@pytest.fixture
def private(tmp_path):
    """A policy with a stage of its own, whose check uses the course's toolbox and another module beside it."""
    private = tmp_path / "extra" / "20_private"
    private.mkdir(parents=True)
    (private / "README.md").write_text("# Private\n")
    (private / "task.toml").write_text(
        'title = "Private"\nsummary = "Not handed out."\nneeds = []\nclaims = []\n\n[[check]]\n'
        'id = "check_linear_is_there"\npoints = 3\nfunctions = ["layers.Linear.forward"]\ncore = true\nhints = ["a", "b", "c"]\n'
    )
    (private / "checks.py").write_text(
        "from ..toolbox import layer_sizes, networks\n\n\n"
        'def check_linear_is_there(student, case):\n    """Linear can be made."""\n'
        "    case.require(networks.names(2) == ['W1', 'b1'], 'a', 'b')\n"
        "    student.layers.Linear(*layer_sizes.SIZES, student.rng(1))\n"
    )
    (tmp_path / "extra" / "toolbox").mkdir()
    (tmp_path / "extra" / "toolbox" / "layer_sizes.py").write_text("SIZES = 2, 3\n")
    (tmp_path / "policy.toml").write_text("[grading]\nstages = ['02_relu', '20_private']\nprivate = 'extra'\n")
    return read_policy(None, tmp_path)


def test_private_stages_are_graded_with_the_others(tmp_path, run, generator, private):
    hand_in(tmp_path / "class", "ann", generator.right())
    result, _ = run(policy=private, course=Course(copy_course(HERE, tmp_path, str(private.private))))
    assert result.grades[0].stages == {"02_relu": 6, "20_private": 3}
