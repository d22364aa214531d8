"""The class page: complete, offline, hostile names harmless, and small for a thousand students."""

import re

import pytest

from grader.cohort import page
from grader.cohort.counting import Grade
from grader.cohort.intake import Intake, Store
from grader.cohort.journal import Journal, Outcome
from grader.cohort.package import Package
from grader.cohort.policy import Policy
from grader.cohort.run import Result
from grader.records import Card, CheckResult, Mistake, Report, StageResult

STAGES = [f"{n:02d}_stage" for n in range(1, 13)]
HOSTILE = "<script>alert(1)</script> \u202e&\"'"


def check(n, state, mistake=None):
    card = Card(gave="0.123456789 0.987654321 0.555444333 77") if state == "fail" and mistake is None else None
    return CheckResult(f"check_{n}", f"Promise {n}.", state, 4 if state == "pass" else 0, 4, mistake=mistake, card=card)


def report(number):
    stages = []
    for place, stage in enumerate(STAGES):
        done = place < number % 13
        slip = (
            Mistake(f"slip_{number % 5}", f"Hint {number % 5}: `x` is not y.")
            if place == number % 13 and number % 3
            else None
        )
        checks = [check(place, "pass" if done else "fail" if place == number % 13 else "todo", slip)]
        state = "pass" if done else "fail" if place == number % 13 else "todo"
        stages.append(StageResult(stage, f"Stage {place}", state, 4 * done, 4, checks, seconds=0.1))
    return Report(sum(s.points for s in stages), 48, stages)


@pytest.fixture
def make(tmp_path):
    """`make(students)`: a class of that many, as grade_class leaves it."""

    def go(count, name=lambda n: f"Student {n}"):
        store = Store(tmp_path / "store")
        grades = []
        with Journal(tmp_path / "journal.sqlite") as journal:
            for number in range(count):
                digest = store.put(Package({"layers.py": f"x = {number}\n".encode()}))
                record = report(number)
                journal.finish(f"key{number:05d}", digest, Outcome("graded", "", record, 2.0))
                folder = tmp_path / "reports" / f"key{number:05d}"
                folder.mkdir(parents=True)
                (folder / "report.html").write_text("x")
                score = float(record.score)
                key = f"key{number:05d}"
                grades.append(
                    Grade(f"id{number:05d}", name(number), "graded", score, 48.0, digest=digest, key=key, seconds=2.0)
                )
        for state in ("submission", "fault", "missing"):
            grades.append(Grade(f"no-{state}", name(0), state, 0.0, 48.0, reason=f"because of {state}"))
        return Result(
            tmp_path, Policy(), Intake("folders", [], unknown=["stranger"]), grades, dict.fromkeys(STAGES, 4), "c" * 64
        )

    return go


def written(result, **options):
    return page.write(result, made="2026-11-23T01:00:00+00:00", **options).read_text("utf-8")


def test_it_names_what_was_made_by_how_many_and_whose(make):
    text = written(make(60))
    section = text[text.index('id="mistakes"') : text.index('id="students"')]
    counts = [int(found) for found in re.findall(r'<td class="count">(\d+)</td>', section)]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == sum(1 for n in range(60) if n % 3 and n % 13 < 12)
    assert "<strong>slip 1</strong>" in section
    assert "Student 1 (id00001)" in section


def test_every_student_has_a_row_with_every_stage_and_a_link(make):
    text = written(make(30))
    rows = re.findall(r'<tr><th scope="row">(.*?)</tr>', text[text.index('class="heat"') :])
    assert len(rows) == 33
    assert sum("reports/key" in row for row in rows) == 30
    assert all(len(re.findall("<td", row)) == 1 + len(STAGES) + 1 for row in rows)


def test_everybody_without_a_grade_is_named_with_the_reason(make):
    text = written(make(5))
    for words in ("because of submission", "because of fault", "because of missing", "stranger"):
        assert words in text


def test_a_hostile_name_stays_text(make):
    text = written(make(3, name=lambda n: HOSTILE))
    assert "<script" not in text
    assert "\u202e" not in text


def test_anonymous_holds_no_name(make):
    text = written(make(20), anonymous=True)
    assert "Student 1" not in text
    assert "id0000" not in text
    assert 'id="hide-names"' not in text
    assert "#7" in text


def test_it_asks_for_nothing_from_outside(make):
    text = written(make(5))
    assert not re.search(r"(src|href)=[\"'](https?:)?//", text)
    assert "<script" not in text
    assert "default-src 'none'" in text


def test_a_thousand_students_fit_into_three_megabytes(make):
    assert len(written(make(1000)).encode()) < 3_000_000


def test_an_empty_class_has_a_page(make):
    assert "A class of 3" in written(make(0))


def test_signs_are_listed_for_a_spreadsheet(make, tmp_path):
    result = make(2)
    store = Store(tmp_path / "store")
    digest = store.put(Package({"layers.py": b"import reference\n"}))
    result.grades[0] = Grade("=evil", "", "graded", 1.0, 48.0, digest=digest, key="key00000")
    written(result)
    assert "'=evil,layers.py imports the reference (line 1)" in (tmp_path / "signs.csv").read_text()
