"""What an instructor adds by hand reaches whom it is for, and nobody else; nothing that was written is ever lost."""

import csv
import re
import sqlite3
import tomllib
from html import unescape

import msgspec
import pytest

from grader.cohort import page, remarks, tables
from grader.cohort.counting import Grade
from grader.cohort.journal import Journal, Outcome
from grader.cohort.remarks import ByHand, Remark, appeal_id
from grader.cohort.roster import read_roster
from grader.cohort.run import ClassRun, Watcher, grade_class
from grader.course.policy import FeedbackRules, read_policy
from grader.errors import Refusal
from grader.export import returned
from grader.records import CheckResult, Mistake, Report, StageResult
from tests.cohort import classes
from tests.cohort.made import make_class
from tests.courses import HERE
from tests.export import samples

SLIP = Mistake("slip", "A hint.", title="A slip")


def failed(*checks):
    """The record of one stage in which these (message, mistake) failed."""
    made = [
        CheckResult(f"check_{n}", f"Promise {n}.", "fail", 0, 1, message=told, mistake=mistake)
        for n, (told, mistake) in enumerate(checks)
    ]
    return Outcome("graded", "", Report(0, len(made), [StageResult("01_stage", "Stage", "fail", 0, len(made), made)]))


RECORDS = {
    "ann": failed(("it differs", SLIP)),
    "bob": failed(("linear.dW[0, 1] is 3; it should be 4.", None)),
    "cy": failed(("linear.dW[2] is -1e-05; it should be 0.", None), ("it differs", SLIP)),
    "dee": failed(("linear.dW has the shape (3, 2); it should be (2, 3).", None)),
}


def added(*entries, records=RECORDS, **grades):
    """The class with those remarks; `ann=grade(...)` is another grade than 50 of 100."""
    by_hand = ByHand([Remark(**entry) for entry in entries], records.get)
    whole = {name: samples.grade(name, key=name) for name in RECORDS} | grades
    return {name: by_hand.added_to(grade) for name, grade in whole.items()}


def decision(**fields):
    return {"student": "ann", "text": "It is right.", "by": "E. Noether", "date": "2026-12-01", **fields}


def test_a_comment_on_a_mistake_a_cluster_or_a_student_reaches_all_of_them_and_nobody_else():
    found = added(
        {"cause": "01_stage/slip", "text": "on the slip"},
        {"cause": "01_stage/check_0:linear.dW[#] is #", "text": "on the cluster"},
        {"student": "dee", "text": "for dee \x1b[31m"},
        {"cause": "01_stage/another", "text": "for nobody"},
    )
    assert {name: grade.comments for name, grade in found.items()} == {
        "ann": ["on the slip"],
        "bob": ["on the cluster"],
        "cy": ["on the slip", "on the cluster"],
        "dee": ["for dee "],
    }
    assert {(grade.score, grade.by_hand) for grade in found.values()} == {(50, None)}


def test_a_record_that_comes_later_gets_its_comments_then():
    records = {}
    by_hand = ByHand([Remark(cause="01_stage/slip", text="on the slip")], records.get)
    assert by_hand.added_to(samples.grade("ann", key="ann")).comments == []
    records |= RECORDS
    assert by_hand.added_to(samples.grade("ann", key="ann")).comments == ["on the slip"]


@pytest.mark.parametrize(
    ("entries", "score", "by_hand", "told"),
    [
        ([{"add": 2}], 52, 2, "2 points added by E. Noether, 2026-12-01: It is right."),
        ([{"add": -1.5}], 48.5, -1.5, "1.5 points taken off by E. Noether, 2026-12-01: It is right."),
        ([{"set": 80}], 80, 30, "80 points set by E. Noether, 2026-12-01: It is right."),
        ([{"set": 0}], 0, -50, "0 points set by E. Noether, 2026-12-01: It is right."),
        ([{"add": 70}], 100, 50, "70 points added by E. Noether, 2026-12-01: It is right."),
        ([{"add": -70}], 0, -50, "70 points taken off by E. Noether, 2026-12-01: It is right."),
        ([{"set": 20}, {"add": 3}], 23, -27, "20 points set by E. Noether, 2026-12-01: It is right."),
    ],
)
def test_points_by_hand_stay_within_nothing_and_all(entries, score, by_hand, told):
    grade = added(*(decision(**entry) for entry in entries))["ann"]
    assert (grade.score, grade.by_hand, grade.decisions[0]) == (score, by_hand, told)


def test_points_for_a_cause_are_given_once_to_all_who_have_it_and_nobody_else():
    twice = failed(("it differs", SLIP), ("it differs, too", SLIP))
    found = added(decision(student="", cause="01_stage/slip", add=2), records={**RECORDS, "cy": twice})
    assert {name: grade.by_hand for name, grade in found.items()} == {"ann": 2, "bob": None, "cy": 2, "dee": None}
    assert found["cy"].decisions == ["2 points added by E. Noether, 2026-12-01: It is right."]


def test_no_late_penalty_touches_points_by_hand():
    late = samples.grade("ann", 40, key="ann", penalty=10.0, late_days=1, reason="1 day late: 10 of 50 points taken")
    late = msgspec.structs.replace(late, raw=50.0)
    assert added(decision(add=5), ann=late)["ann"].score == 45
    assert added(decision(set=50), ann=late)["ann"].score == 50


def test_points_that_are_added_wait_for_a_score_and_points_that_are_set_do_not():
    waiting = Grade("ann", "", "waiting", 0.0, 100.0)
    assert added(decision(add=5), ann=waiting)["ann"].by_hand is None
    assert added(decision(set=5), ann=waiting)["ann"].by_hand == 5
    missing = Grade("ann", "", "missing", 0.0, 100.0)
    assert added(decision(add=5), ann=missing)["ann"].score == 5


def test_an_appeal_is_open_until_it_is_answered_and_another_text_is_another_appeal():
    grade = samples.grade("ann", key="ann", appeal="The shape is right.")
    answer = decision(appeal=appeal_id("The shape is right."), granted=True, add=2)
    assert added(ann=grade)["ann"].appeal_state == "open"
    answered = added(answer, ann=grade)["ann"]
    assert (answered.appeal_state, answered.score) == ("granted", 52)
    assert answered.decisions == ["Appeal granted, 2 points added by E. Noether, 2026-12-01: It is right."]
    assert added(answer | {"granted": False, "add": None}, ann=grade)["ann"].appeal_state == "declined"
    again = added(answer, ann=msgspec.structs.replace(grade, appeal="And the sign is."))["ann"]
    assert (again.appeal_state, again.score) == ("open", 52)


@pytest.fixture
def kept(tmp_path):
    """`kept(text)`: what is read of a file with that text; the class is that of ann and bob, who can get 94 points."""

    def go(text=None):
        if text is not None:
            (tmp_path / remarks.FILE).write_text(text)
        with Journal(tmp_path / "journal.sqlite") as journal:
            return remarks.read(tmp_path, journal, {"ann", "bob"}, 94.0)

    return go


BY = 'by = "N"\ndate = 2026-12-01\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[remark]\ntext = "a"\n', "remark is {'text': 'a'}; it has to be one or more entries, each below [[remark]]."),
        ("[[remark]\n", "remarks.toml cannot be read as TOML (Expected ']]'"),
        ("a = " + "[" * 2_000, "remarks.toml cannot be read as TOML (maximum recursion depth exceeded"),
        ('[[remark]]\nstudent = "ann"\n', "remark 1.text is missing; it has to be some text."),
        ('[[remark]]\ntext = " "\nstudent = "ann"\n', "remark 1.text is ' '; it has to be some text."),
        ('[[remark]]\ntext = "a"\nstudnet = "ann"\n', "'studnet' in [remark 1] is not known. Did you mean student?"),
        ('[[remark]]\ntext = "a"\n', "remark 1 is for a cause or for a student. Remedy: one of the two keys."),
        ('[[remark]]\ntext = "a"\nstudent = "eve"\n', "remark 1 is for 'eve', who is not in this class. Remedy: the id as in"),
        ('[[remark]]\ntext = "a"\nstudent = "ann"\nadd = 2\n', "remark 1 decides something. Remedy: by and date."),
        ('[[remark]]\ntext = "a"\ncause = "x/y"\nadd = 2\n', "remark 1 decides something. Remedy: by and date."),
        (
            f'[[remark]]\ntext = "a"\ncause = "x/y"\nset = 2\n{BY}',
            "remark 1 sets or answers for a cause. Remedy: add, or student.",
        ),
        (
            f'[[remark]]\ntext = "a"\ncause = "x/y"\nappeal = "3f2a9c"\ngranted = true\n{BY}',
            "remark 1 sets or answers for a cause. Remedy: add, or student.",
        ),
        (f'[[remark]]\ntext = "a"\nstudent = "ann"\nset = 95\n{BY}', "remark 1 sets 95.0 points. Remedy: a number from 0 to 94."),
        (f'[[remark]]\ntext = "a"\nstudent = "ann"\nset = -1\n{BY}', "remark 1 sets -1.0 points. Remedy: a number from 0 to 94."),
        (f'[[remark]]\ntext = "a"\nstudent = "ann"\nset = nan\n{BY}', "remark 1 sets nan points. Remedy"),
        (f'[[remark]]\ntext = "a"\nstudent = "ann"\nadd = -inf\n{BY}', "remark 1 adds -inf points. Remedy: 94 at most."),
        (f'[[remark]]\ntext = "a"\nstudent = "ann"\nadd = 1\nset = 1\n{BY}', "remark 1 has set and add. Remedy: one of them."),
        (f'[[remark]]\ntext = "a"\nstudent = "ann"\nappeal = "1"\n{BY}', "remark 1 needs both appeal and granted, or neither."),
        ('[[remark]]\ntext = "a"\nstudent = "ann"\nadd = 1\nby = "N"\ndate = "May"\n', "date is 'May'; it has to be a date such as"),
        ('[[remark]]\ntext = "a"\nstudent = "ann"\n[[remark]]\nstudent = "bob"\n', "remark 2.text is missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_one_sentence_and_nothing_is_lost(kept, tmp_path, text, told):
    good = '[[remark]]\nstudent = "ann"\ntext = "Well done."\n'
    assert len(kept(good)) == 1
    with pytest.raises(Refusal, match=re.escape(told)) as refused:
        kept(text)
    assert "\n" not in str(refused.value)
    assert (tmp_path / remarks.FILE).read_text() == text
    (tmp_path / remarks.FILE).unlink()
    assert [each.text for each in kept()] == ["Well done."]
    assert (tmp_path / remarks.FILE).read_text() == good


def test_the_file_begins_with_examples_that_can_be_uncommented(kept, tmp_path):
    assert kept() == ()
    text = (tmp_path / remarks.FILE).read_text()
    examples = "".join(line.removeprefix("# ") for line in text.splitlines(keepends=True) if re.match(r"# (\w+ = |\[\[)", line))
    found = kept(examples)
    cause = "03_softmax/keeps_unstable_probabilities"
    assert [each.student or each.cause for each in found] == [cause, "ann", cause, "ann", "bob"]
    assert [each.decides for each in found] == [False, False, True, True, True]
    (stage, _), names = found[0].cause.split("/"), HERE
    assert stage in [each.id for each in names.stages]


def test_the_journal_has_every_version_once(kept, tmp_path):
    for text in ("", "", '[[remark]]\nstudent = "ann"\ntext = "b"\n', ""):
        kept(text)
    reader = sqlite3.connect(tmp_path / "journal.sqlite")
    assert [bool(text) for (text,) in reader.execute("SELECT text FROM remarks ORDER BY rowid")] == [True, False]
    reader.close()


def test_a_row_has_what_was_added():
    grade = added(decision(add=2), {"student": "ann", "text": "=Well\ndone"}, ann=samples.grade("ann", appeal="Why?"))["ann"]
    (row,) = csv.DictReader(tables.table([grade], []).splitlines())
    assert {name: row[name] for name in ("score", "by_hand", "decisions", "comments", "appeal")} == {
        "score": "52", "by_hand": "2", "decisions": "2 points added by E. Noether, 2026-12-01: It is right.",
        "comments": "'=Well done", "appeal": "open",
    }  # fmt: skip


BROKEN = "\n\ndef _slip(self, dout):\n    return dout * 3.0\n\n\nReLU.backward = _slip\n"


@pytest.fixture
def graded(tmp_path):
    """`graded()`: the class in tmp_path/class, graded as far as it was not: ann and bob failed alike, cy did not."""
    right = classes.Generator(1).right()
    for name in ("ann", "bob", "cy"):
        (tmp_path / "class" / name).mkdir(parents=True)
        own = right | {"layers.py": right["layers.py"] + (f"# {name}\n" + BROKEN * (name != "cy")).encode()}
        for file, content in own.items():
            (tmp_path / "class" / name / file).write_bytes(content)
    (tmp_path / "policy.toml").write_text("[grading]\nstages = ['02_relu']\n")

    def go(watcher=None, **changes):
        run = ClassRun(HERE, tmp_path / "class", tmp_path / "out", read_policy(None, tmp_path), jobs=1, html=False)
        for name, value in (changes | {"watcher": watcher or Watcher()}).items():
            setattr(run, name, value)
        return grade_class(run)

    return go


class Stopped(Watcher):
    """Ends the run after the first grade, as Ctrl-C does."""

    def finished(self, outcome, names):
        raise KeyboardInterrupt


def rows(out):
    return {row["student"]: row for row in csv.DictReader((out / "grades.csv").read_text().splitlines())}


def lines_to_copy(html, student=""):
    """What the class page says to write into the file: for a student's appeal, or for the first cause."""
    blocks = [unescape(block) for block in re.findall(r"<pre[^>]*>([^<]*\[\[remark\]\][^<]*)</pre>", html)]
    (found,) = [block for block in blocks if (f'student = "{student}"' if student else "cause = ") in block]
    return found


def test_from_an_appeal_to_the_returned_report(tmp_path, graded):
    """Handed in, listed with its evidence, answered with the lines that the page gives, counted, and returned; killed meanwhile."""
    (tmp_path / "class" / "ann" / "appeal.txt").write_bytes("\ufeffMy backward <b>is</b> right.\x07\n".encode())
    with pytest.raises(KeyboardInterrupt):
        graded(Stopped())
    result = graded()
    html = page.write(result, HERE).read_text("utf-8")
    assert rows(tmp_path / "out")["ann"]["appeal"] == "open"
    assert "My backward &lt;b&gt;is&lt;/b&gt; right.\N{REPLACEMENT CHARACTER}" in html
    assert "relu.backward(dout)[" in html[html.index('class="appeal"') : html.index("To answer it")]

    before = {name: row["score"] for name, row in rows(tmp_path / "out").items()}
    answer = lines_to_copy(html, "ann").replace("false", "true\nadd = 1").replace('text = ""', 'text = "A `good` reason."')
    comment = lines_to_copy(html).replace('text = ""', 'text = "Look at the mask."')
    (tmp_path / "out" / remarks.FILE).write_text(answer.replace('by = ""', 'by = "N"') + "\n" + comment)
    assert tomllib.loads(comment)["remark"][0]["cause"].startswith("02_relu/")
    with pytest.raises(KeyboardInterrupt):
        graded(Stopped(), regrade=("all",))
    (tmp_path / "out" / remarks.FILE).unlink()  # and lost: the journal has it
    result = graded()
    after = rows(tmp_path / "out")
    assert {name: float(row["score"]) - float(before[name]) for name, row in after.items()} == {"ann": 1, "bob": 0, "cy": 0}
    assert {name for name, row in after.items() if row["comments"] == "Look at the mask."} == {"ann", "bob"}
    assert (after["ann"]["appeal"], after["ann"]["by_hand"]) == ("granted", "1")
    assert page.write(result, HERE).read_text("utf-8").count("A <code>good</code> reason.") == 2

    with Journal(tmp_path / "out" / "journal.sqlite") as journal:
        returned.return_reports(result.grades, lambda g: journal.report(g.key, HERE), FeedbackRules(), tmp_path / "back", HERE)
    told = {name: (tmp_path / "back" / name / "report.html").read_text() for name in after}
    assert {name for name, text in told.items() if "Look at the mask." in text} == {"ann", "bob"}
    assert "A <code>good</code> reason." in told["ann"]
    assert f"{after['ann']['score']} of 6 points count." in told["ann"]
    assert "From your instructor" not in told["cy"]


def test_an_appeal_alone_replaces_no_hand_in_and_the_roster_may_have_one(tmp_path, graded):
    (tmp_path / "class" / "ann--2").mkdir()
    (tmp_path / "class" / "ann--2" / "Appeal.txt").write_text("It is right.")
    (tmp_path / "class" / "bob--2.zip").write_bytes(classes.zip_of({"x/appeal.txt": b"So is mine."}))
    (tmp_path / "class" / "eve.zip").write_bytes(classes.zip_of({"appeal.txt": b"I was ill."}))
    (tmp_path / "roster.csv").write_text("id,appeal\nann,\nbob,\ncy,\neve,\nzoe,I handed in on paper\n")
    found = {grade.student: grade for grade in graded(roster=read_roster(tmp_path / "roster.csv")).grades}
    assert {name: (grade.state, grade.appeal) for name, grade in found.items()} == {
        "ann": ("graded", "It is right."),
        "bob": ("graded", "So is mine."),
        "cy": ("graded", ""),
        "eve": ("submission", "I was ill."),
        "zoe": ("missing", "I handed in on paper"),
    }
    assert found["eve"].reason == "nothing but an appeal was handed in"
    digest = found["ann"].digest
    (tmp_path / "class" / "ann" / "appeal.txt").write_text("Yes.")
    assert digest == next(grade.digest for grade in graded().grades if grade.student == "ann")


@pytest.fixture
def shown(tmp_path):
    """`shown(*remarks, **options)`: the page of a made-up class with them."""

    def go(*entries, appeals=(), **options):
        result = make_class(tmp_path, 14)
        result.remarks = tuple(Remark(**entry) for entry in entries)
        with Journal(tmp_path / "journal.sqlite") as journal:
            by_hand = ByHand(result.remarks, journal.get)
            for place, grade in enumerate(result.grades):
                appealed = msgspec.structs.replace(grade, appeal=dict(appeals).get(grade.student, ""))
                result.grades[place] = by_hand.added_to(appealed)
        html = page.write(result, HERE, made="2026-11-23T01:00:00+00:00", **options).read_text("utf-8")
        return html[html.index('id="by-hand"') : html.index('id="look"')] if 'id="by-hand"' in html else html

    return go


def test_a_comment_whose_cause_is_gone_is_listed(shown):
    text = shown({"cause": "02_stage/slip_1", "text": "reaches one"}, {"cause": "02_stage/old", "text": "<i>once</i>"})
    assert re.search(r"<strong>Slip 1</strong> \(1 student\): <span>reaches one", text)
    assert re.search(r"Reaches nobody: no check fails for</strong> <code>02_stage/old</code>: <span>&lt;i&gt;once", text)


def test_an_appeal_has_the_checks_that_it_names_beside_it_and_an_answer_that_is_old_is_listed(shown):
    answer = {"student": "id00002", "text": "No.", "appeal": "0ld", "granted": False, "by": "N", "date": "2026-12-01"}
    text = shown(answer, appeals=[("id00002", "03_stage is right"), ("no-missing", "I was ill")])
    assert "this appeal is gone" in text
    assert "Promise 2." in text
    assert text.count("No check failed.") == 1
    assert tomllib.loads(lines_to_copy(text, "id00002"))["remark"][0]["appeal"] == appeal_id("03_stage is right")


def test_without_names_no_remark_is_shown(shown):
    text = shown({"student": "id00001", "text": "well done"}, appeals=[("id00002", "my name is Bob")], anonymous=True)
    assert "well done" not in text
    assert "Bob" not in text
