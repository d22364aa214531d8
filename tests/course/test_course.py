"""Tasks are read into frozen stages; a folder that contradicts itself is refused with cause and remedy."""

from pathlib import Path

import pytest

from grader.course import stage as task
from grader.course.course import BadCourse, _mark
from tests.running.toys import HINTS, read_course, write_course


def test_stages_come_after_what_they_need(tmp_path):
    tasks = write_course(tmp_path)
    text = (tasks / "01_first" / "task.toml").read_text()
    (tasks / "01_first" / "task.toml").write_text(text.replace("needs = []", 'needs = ["04_fourth"]'))
    (tasks / "04_fourth").mkdir()
    for name in ("task.toml", "checks.py"):
        source = (tasks / "03_third" / name).read_text()
        (tasks / "04_fourth" / name).write_text(source.replace('needs = ["02_second"]', "needs = []"))
    assert [stage.id for stage in read_course(tasks).stages] == ["04_fourth", "01_first", "02_second", "03_third"]


def test_a_check_knows_what_the_files_say(tmp_path):
    first = read_course(write_course(tmp_path)).stage("01_first")
    check = first.checks[1]
    assert (check.id, check.stage, check.promise) == ("check_add_keeps_float32", "01_first", "float32 in, float32 out.")
    assert (check.points, check.core, check.functions, check.fixtures) == (1, False, ("layers.add",), ("student", "case"))
    assert first.points == 4
    assert len(check.hints) == 3
    assert first.checks_file.read_text().splitlines()[check.line - 1].startswith(f"def {check.id}")


@pytest.mark.parametrize("name", ["02_second", "2", "02", "second", "tasks/02_second/"])
def test_a_stage_can_be_named_in_short(tmp_path, name):
    course = read_course(write_course(tmp_path))
    assert [stage.id for stage in course.select([name])] == ["02_second"]


def test_an_unknown_stage_is_answered_with_the_nearest(tmp_path):
    course = read_course(write_course(tmp_path))
    with pytest.raises(BadCourse, match=r"no stage '02_secnd'. Did you mean 02_second\?"):
        course.select(["02_secnd"])


@pytest.mark.parametrize("name", ["²", "٢", "9" * 5000, "0", ""])
def test_digits_that_are_no_number_of_a_stage_name_none(tmp_path, name):
    with pytest.raises(BadCourse, match="there is no stage"):
        read_course(write_course(tmp_path)).select([name])


def test_needs_are_followed_all_the_way(tmp_path):
    course = read_course(write_course(tmp_path))
    assert [stage.id for stage in course.needed_by([course.stage("03_third")])] == ["01_first", "02_second"]


def edited(what, by):
    return lambda text: text.replace(what, by, 1)


@pytest.mark.parametrize(
    ("file", "edit", "sentence"),
    [
        ("task.toml", edited('title = "First"', 'title = "First'), r"cannot be read: .*line 2.*Remedy"),
        ("task.toml", edited('title = "First"', 'titel = "First"'), r"'titel' at the top is not known. Did you mean title"),
        ("task.toml", edited("points = 2", "point = 2"), r"'point' in \[check_add_adds\] is not known. Did you mean points"),
        (
            "task.toml",
            edited("points = 2", "points = 2.5"),
            r"check_add_adds.points is 2.5; it has to be a whole number, 0 or more",
        ),
        ("task.toml", edited("points = 2", "points = -1"), r"points is -1; .*whole number"),
        ("task.toml", edited("points = 2", "points = true"), r"points is True; .*whole number"),
        ("task.toml", edited('title = "First"\n', ""), r"title is missing; it has to be one line of text"),
        ("task.toml", edited('"First"', r'"First\nLine"'), r"title is .*; it has to be one line of text"),
        ("task.toml", edited("check_add_adds", "adds"), r"adds.id is 'adds'; .*check_subject_verb"),
        ("task.toml", edited("needs = []", "needs = [1]"), r"needs\[0\] is 1; it has to be the id of a stage"),
        ("task.toml", edited("[[check]]", "[limits]\ncall = 0\n\n[[check]]"), r"limits.call is 0; .* seconds, more than 0"),
        ("task.toml", edited("needs = []", 'needs = ["09_ninth"]'), r"needs 09_ninth, which is not a stage"),
        ("task.toml", edited("needs = []", 'needs = ["02_second"]'), r"in a circle"),
        ("task.toml", edited(HINTS, 'hints = ["only one"]'), r"check_add_adds.hints is \['only one'\]; .*three: a question"),
        ("task.toml", edited('functions = ["layers.add"]', "functions = []"), r"functions is \[\]; .*module.function"),
        (
            "task.toml",
            edited('functions = ["layers.add"]', 'functions = ["add"]'),
            r"functions\[0\] is 'add'; .*module.function or",
        ),
        ("task.toml", edited("core = true", 'core = "yes"'), r"core is 'yes'; it has to be true or false"),
        ("task.toml", lambda text: text.replace("core = true", ""), r"no check is core"),
        ("task.toml", edited("check_add_adds", "check_adds_up"), r"lists check_adds_up, but checks.py defines no such"),
        ("task.toml", edited("check_double_doubles", "check_add_adds"), r"check_add_adds is listed twice"),
        ("checks.py", lambda text: text + "\n\ndef check_more(student):\n    'More.'\n", r"check_more, but task.toml does"),
        ("checks.py", lambda text: text + "\n\ndef check_add_adds(case):\n    'Again.'\n", r"check_add_adds twice"),
        ("checks.py", edited("student, case", "student, tmp_path"), r"asks for 'tmp_path'.*ask only for case"),
        ("checks.py", edited('"""add(a, b) is a + b."""', ""), r"check_add_adds has no docstring"),
        ("checks.py", edited("import numpy", "import import"), r"cannot be read: .*Remedy: correct it"),
    ],
)
def test_a_bad_folder_stops_the_course(tmp_path, file, edit, sentence):
    tasks = write_course(tmp_path)
    path = tasks / "01_first" / file
    before = path.read_text()
    path.write_text(edit(before))
    assert path.read_text() != before
    with pytest.raises(BadCourse, match=sentence):
        read_course(tasks)


@pytest.mark.parametrize("file", ["task.toml", "checks.py"])
def test_a_missing_file_stops_the_course(tmp_path, file):
    tasks = write_course(tmp_path)
    (tasks / "02_second" / file).unlink()
    with pytest.raises(BadCourse, match=rf"{file} is missing. Remedy"):
        read_course(tasks)


def test_a_stray_folder_stops_the_course(tmp_path):
    tasks = write_course(tmp_path)
    (tasks / "notes").mkdir()
    with pytest.raises(BadCourse, match="is called NN_noun"):
        read_course(tasks)


def test_a_name_is_claimed_once(tmp_path):
    tasks = write_course(tmp_path)
    path = tasks / "02_second" / "task.toml"
    path.write_text(path.read_text().replace('claims = ["losses.square"]', 'claims = ["layers.add"]'))
    with pytest.raises(BadCourse, match=r"layers.add is claimed by 01_first and by 02_second"):
        read_course(tasks)


def test_reading_runs_nothing_of_a_task(tmp_path):
    tasks = write_course(tmp_path)
    path = tasks / "01_first" / "checks.py"
    path.write_text(path.read_text() + "\n\nraise SystemExit('imported')\n")
    assert len(read_course(tasks).stages) == 3


def test_what_was_read_is_read_again_by_another_reader(tmp_path, monkeypatch):
    copy = tmp_path / "elsewhere.py"
    copy.write_bytes(Path(task.__file__).read_bytes())
    monkeypatch.setattr(task, "__file__", str(copy))
    before = _mark([])
    copy.write_bytes(copy.read_bytes() + b"\n")
    assert _mark([]) != before
