"""Only what changed is graded again: counted by check, and to the byte what a fresh run gives."""

import shutil
import sqlite3
import zlib
from contextlib import closing

import msgspec
import pytest

from grader.cohort.journal import Journal
from grader.course.course import Course
from grader.grading.kept_stages import KeptStage, in_todays_words
from grader.records import CheckResult, Mistake, Report, StageResult
from tests.cohort.regrade import Counting, differences, edit, failed, graded, neutralised
from tests.running import toys

BANK = '''from grader.course.misconceptions import misconception


@misconception("layers.add", fails=["check_add_adds", "check_add_keeps_float32"])
def subtracts(a, b):
    """Difference instead of the sum

    What does the sign between them do?
    """
    return a - b
'''
#: It adds as the one above does: of two mistakes that give the same answers none is named.
ANOTHER = BANK.partition("\n\n\n")[2].replace("subtracts", "takes_away").replace("Difference instead", "Remainder in the place")
CLASS = {
    "ann": {},
    "bob": {"layers": toys.RIGHT["layers"].replace("a + b", "a - b")},  # stops every later stage
    "cy": {"losses": toys.RIGHT["losses"].replace("len(COUNT)", "7")},  # stops none
    "dee": {"losses": toys.RIGHT["losses"].replace("a * a", "a * a if a > 2 else 5.0")},  # fails the training
}
CHECKS = {"01_first": "check_add_adds", "02_second": "check_square_squares", "03_third": "check_train_learns"}


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch):
    """Nothing here is about time: every limit is long, and no grader measures how fast the machine is."""
    monkeypatch.setattr("grader.cohort.work.calibrate", lambda: 20.0)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A class of a small course, trainings included, that was graded once."""
    place = tmp_path_factory.mktemp("class")
    toys.write_course(place / "course" / "tasks")
    (place / "course" / "tasks" / "01_first" / "misconceptions.py").write_text(BANK)
    toys.write_submission(place / "course" / "reference")
    for student, modules in CLASS.items():
        toys.write_submission(place / "class" / student, **modules)
    (place / "policy.toml").write_text("")
    result, ran = graded(Course(place / "course"), place / "class", place / "out", place / "policy.toml")
    assert [grade.score for grade in result.grades] == [13, 1, 11, 10]
    assert [grade.mistakes for grade in result.grades] == [[], ["Difference instead of the sum"], [], []]
    assert len(ran) == 6 + 2 + 6 + 6
    return place


@pytest.fixture
def place(first, tmp_path):
    for part in ("course", "class", "out"):
        shutil.copytree(first / part, tmp_path / part)
    shutil.copy(first / "policy.toml", tmp_path)
    return tmp_path


@pytest.fixture
def again(place):
    """`again()`: grade the class again in its folder, and from the start in another: what ran in the first, student -> stages,
    or (student, stage, check) if `whole`. Both have to end alike.
    """

    def go(whole=False):
        course = Course(place / "course")
        result, ran = graded(course, place / "class", place / "out", place / "policy.toml")
        shutil.rmtree(place / "fresh", ignore_errors=True)
        fresh, _ = graded(course, place / "class", place / "fresh", place / "policy.toml")
        assert differences(result, fresh, course) == []
        who = {grade.digest: grade.student for grade in result.grades}
        found = {(who[digest], stage, check) for digest, stage, check in ran}
        return found if whole else {name: {stage for student, stage, _ in found if student == name} for name, _, _ in found}

    return go


def change(place, stage):
    """Edit a file of checks; what they ask stays."""
    path = place / "course" / "tasks" / stage / "checks.py"
    path.write_text(f"{path.read_text()}\n# edited\n")


def test_what_only_is_shown_grades_nobody_and_is_shown_anew(place, again):
    course = Course(place / "course")
    edit(course, "tasks/01_first/task.toml", 'hints = ["what?"', 'hints = ["Please, what?"')
    edit(course, "tasks/02_second/task.toml", 'title = "Second"', 'title = "Next"')
    edit(course, "tasks/01_first/checks.py", "add(a, b) is a + b.", "add(a, b) adds.")
    edit(course, "tasks/01_first/misconceptions.py", "Difference instead of the sum", "Difference, not sum")
    edit(course, "tasks/01_first/misconceptions.py", "What does", "What, please, does")
    assert again() == {}
    assert "Difference, not sum" in (place / "out" / "grades.csv").read_text()
    course = Course(place / "course")
    with Journal(place / "out" / "journal.sqlite") as journal:
        keys = [key for key, state in journal.states().items() if state == "graded"]
        reports = [journal.report(key, course) for key in keys]
        (stored,) = [report for key in keys if (report := journal.get(key).report).score == 1]
    assert {(report.stages[0].checks[0].promise, report.stages[1].title) for report in reports} == {("add(a, b) adds.", "Next")}
    (bob,) = [report for report in reports if report.score == 1]
    assert bob.stages[0].checks[0].hints[0] == "Please, what?"
    assert "\u201cadd(a, b) is a + b\u201d" in stored.stages[1].checks[0].message
    assert "\u201cadd(a, b) adds\u201d" in bob.stages[1].checks[0].message
    assert "\u201cadd(a, b) adds\u201d" in bob.next.text


def test_a_stored_name_is_told_in_todays_words_with_its_number_and_what_was_seen(tmp_path):
    toys.write_course(tmp_path / "tasks")
    (tmp_path / "tasks" / "01_first" / "misconceptions.py").write_text(
        BANK.replace("Difference", "64 off").replace("return a - b", "return a + b - 64")
    )
    stored = [
        Mistake("subtracts", "Old.", title="Old"),
        Mistake(
            "subtracts", "Old 8. Row 3 comes twice.", title="Old 8", stage="01_first", filled=(64, 8), says="Row 3 comes twice."
        ),
        Mistake("is_gone", "Old.", title="Old"),
    ]
    checks = [CheckResult(f"check_{k}", "", "fail", 0, 1, mistake=mistake) for k, mistake in enumerate(stored)]
    checks = [msgspec.structs.replace(check, id="check_add_adds") for check in checks]
    stages = [StageResult(stage, "", "fail", 0, 1, [c]) for stage, c in zip(("01_first", "02_second", "01_first"), checks)]
    stages[1] = msgspec.structs.replace(stages[1], checks=[msgspec.structs.replace(checks[1], id="check_square_squares")])
    told = in_todays_words(Report(0, 3, stages), Course(tmp_path))
    assert [(c.mistake.title, c.mistake.hint) for stage in told.stages for c in stage.checks] == [
        ("64 off instead of the sum", "What does the sign between them do?"),
        ("8 off instead of the sum", "What does the sign between them do? Row 3 comes twice."),
        ("Old", "Old."),
    ]


def what_is_kept(out):
    """Of each stage and what it saw: which checks have results, and what the names of its mistakes depend on."""
    with closing(sqlite3.connect(out / "journal.sqlite")) as reader:
        rows = reader.execute("SELECT under, seen, content FROM stage").fetchall()
    stages = {row[:2]: msgspec.msgpack.decode(zlib.decompress(row[2]), type=KeptStage) for row in rows}
    return {place: (kept.stage, [r.id for r in kept.results], kept.names) for place, kept in stages.items()}


@pytest.mark.parametrize("edited", ["01_first", "03_third"])
def test_where_a_policy_selects_a_stage_names_depend_on_what_they_do_in_a_fresh_run(place, again, edited):
    """A training that fails has all before it checked, also what neither it nor the policy asks for."""
    course = Course(place / "course")
    for old, new in (('needs = ["02_second"]', 'needs = ["01_first"]'), ('["losses.square"]', '["layers.double"]')):
        edit(course, "tasks/03_third/task.toml", old, new)
    (place / "policy.toml").write_text("[grading]\nstages = ['03_third']\n")
    assert set(again()) == set(CLASS)
    if edited == "01_first":
        change(place, edited)
    else:
        neutralised(course, edited, CHECKS[edited])
    assert again()
    kept, fresh = what_is_kept(place / "out"), what_is_kept(place / "fresh")
    assert {kept[where] == fresh[where] for where in fresh} == {True}
    assert {stage for stage, *_ in fresh.values()} == {*CHECKS}


def test_a_new_misconception_runs_failed_checks_alone(place, again):
    before = failed(place / "out", Course(place / "course"))
    with open(place / "course" / "tasks" / "01_first" / "misconceptions.py", "a") as bank:
        bank.write(f"\n\n{ANOTHER}")
    beside = {("cy", "02_second", "check_square_squares")}  # shares a worker with the one that fails
    assert again(whole=True) == before | beside
    assert {student for student, _, _ in before} == {"bob", "cy"}  # a training has no name


def test_a_misconception_of_a_later_stage_is_nothing_to_an_earlier_failure(place, again):
    (place / "course" / "tasks" / "03_third" / "misconceptions.py").write_text("# none yet\n")
    assert set(again()) == {"bob"}  # whose failures others wait for, up to that stage


@pytest.mark.parametrize("stage", CHECKS)
def test_one_check_runs_its_stage_for_everybody_and_failed_checks_behind_it(place, again, stage):
    before = failed(place / "out", Course(place / "course"))
    change(place, stage)
    ran = again(whole=True)
    beside = {("cy", "02_second", "check_square_squares")}  # shares a worker with the one that fails
    assert {check for check in ran if check[1] != stage} <= before | beside
    assert {student for student, name, _ in ran if name == stage} == set(CLASS) - ({"bob"} if stage > "01_first" else set())


def test_a_later_stage_runs_only_for_whom_an_earlier_one_ends_otherwise(place, again):
    for check in ("check_add_adds", "check_add_keeps_float32"):
        neutralised(Course(place / "course"), "01_first", check)
    assert again() == {
        "ann": {"01_first"}, "bob": {"01_first", "02_second", "03_third"}, "cy": {"01_first", "02_second"}, "dee": {"01_first"},
    }  # fmt: skip


def test_what_is_put_back_is_known_and_who_is_named_is_graded_as_a_whole(place):
    course, rest = Course(place / "course"), (place / "class", place / "out", place / "policy.toml")
    path = course.tasks / "02_second" / "checks.py"
    text = path.read_text()
    change(place, "02_second")
    assert graded(course, *rest)[1]
    path.write_text(text)
    assert graded(course, *rest)[1] == {}
    _, ran = graded(course, *rest, regrade=("ann",))
    assert len(ran) == 6
    assert len({digest for digest, _, _ in ran}) == 1


def test_a_journal_without_stages_is_read_and_grows(place):
    with closing(sqlite3.connect(place / "out" / "journal.sqlite")) as old:
        old.execute("DROP TABLE stage")
    course, rest = Course(place / "course"), (place / "class", place / "out", place / "policy.toml")
    assert graded(course, *rest)[1] == {}
    change(place, "02_second")
    assert {stage for _, stage, _ in graded(course, *rest)[1]} == set(CHECKS)
    change(place, "02_second")
    assert {stage for _, stage, _ in graded(course, *rest)[1]} == {"01_first", "02_second"}  # the first for a name alone


def test_a_run_that_is_stopped_goes_on(place, again, monkeypatch):
    run, stopped = Counting.run, []

    def stopping(self, orders):
        for number, done in enumerate(run(self, orders)):
            if number == 2 and not stopped:
                stopped.append(self.ran)
                raise KeyboardInterrupt
            yield done

    monkeypatch.setattr(Counting, "run", stopping)
    change(place, "01_first")
    with pytest.raises(KeyboardInterrupt):
        graded(Course(place / "course"), place / "class", place / "out", place / "policy.toml")
    ran = again(whole=True)
    assert {stage for _, stage, _ in ran} <= {"01_first", "02_second"}
    assert len({student for student, _, _ in ran}) == 2  # one that was under way, and one that had not begun


def test_what_a_known_training_left_is_put_back(place, again):
    """Its curve stands in the report of a grade in which it did not run: that reports are equal says so."""
    change(place, "01_first")
    assert again()["ann"] == {"01_first"}
    with Journal(place / "out" / "journal.sqlite") as journal:
        curves = [journal.get(key).report.curves for key in journal.states()]
    assert sum("history" in curve for curve in curves) == 6  # of all but bob, before and after


def test_a_record_of_a_stage_is_written_with_the_whole_or_not_at_all(tmp_path):
    from grader.cohort.journal import Outcome

    kept = KeptStage("01_first", "", "", [])
    with Journal(tmp_path / "journal.sqlite") as journal:
        journal.finish("k", "d", Outcome("graded"), {"u": kept})
        with pytest.raises(AttributeError):
            journal.finish("l", "d", Outcome("graded"), {"v": None})
        assert journal.states() == {"k": "graded"}
        assert (journal.stages(["u", "v"]), journal.stages([])) == ([kept], [])
        journal.forget(["k"], ["u"])
        assert journal.stages(["u"]) == []
