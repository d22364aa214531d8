"""The class page: complete, offline, hostile names harmless, and small for a thousand students."""

import csv
import dataclasses
import re

import msgspec
import pytest

from grader.cohort import page
from grader.cohort.counting import Grade
from grader.cohort.intake import Store
from grader.cohort.package import Package
from grader.cohort.similarity import python_files
from grader.course.misconceptions import RIGHT
from grader.course.policy import LookAlikeRules
from grader.paths import ROOT
from tests.cohort import made
from tests.cohort.made import STAGES, make_class
from tests.courses import HERE

HOSTILE = "<script>alert(1)</script> \u202e&\"'"


@pytest.fixture
def make(tmp_path):
    """`make(students)`: a class of that many, as grade_class leaves it."""
    return lambda count, **options: make_class(tmp_path, count, **options)


def written(result, **options):
    return page.write(result, HERE, made="2026-11-23T01:00:00+00:00", **options).read_text("utf-8")


def section_of(text, start='id="mistakes"', end='id="students"'):
    return text[text.index(start) : text.index(end)]


def test_it_names_what_was_made_by_how_many_and_whose(make):
    section = section_of(written(make(60)))
    failed = [int(found) for found in re.findall(r'<td class="number" data-label="[^"]+">(\d+)<span', section)]
    assert sum(failed) == sum(1 for n in range(60) if n % 13 < 12)
    assert failed[:-1] == sorted(failed[:-1], reverse=True)
    assert "<strong>Slip 1</strong>" in section
    assert not re.search("slip.1", section)
    assert "Hint 1: <code>x</code> is not y." in section
    assert "Student 1 (id00001)" in section
    assert re.search(r'<span class="count">\d+</span><span class="small block">of \d+ who tried</span>', section)
    assert "100 % so far" in section


def test_what_single_students_did_stands_in_one_line(make):
    section = section_of(written(make(60)))
    rows = section.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr")[1:]
    assert len(rows) == 16
    others = re.search(r"(\d+) more causes, (\d+) of them of single students", rows[-1])
    assert 0 < int(others[2]) <= int(others[1])


def test_each_part_of_the_page_is_linked_from_its_beginning(make):
    result = make(30)
    for options in ({}, {"anonymous": True}):
        text = written(result, **options)
        links = re.findall(r'href="#([\w-]+)"', section_of(text, "<nav", "</nav>"))
        assert links == re.findall(r'<section id="([\w-]+)"', text)


def test_half_a_page_for_class_has_three_mistakes_with_a_number(make):
    section = section_of(written(make(60)), 'id="for-class"')
    assert len(re.findall("<h3>[123]. Slip", section.partition("</details>")[0])) == 3
    assert re.search(r"\d+ of \d+ who tried \(\d+ %\)", section)


def test_the_figures_of_the_last_run_are_kept_until_there_are_others(make, tmp_path):
    result = make(60)
    assert "since the last run" not in written(result)
    assert "since the last run" not in written(result)  # nothing has changed
    smaller = dataclasses.replace(result, grades=result.grades[10:])
    for _ in range(2):
        assert re.search(r"who tried, -\d since the last run", written(smaller))
    rows = list(csv.DictReader((tmp_path / "items.csv").open()))
    assert {row["id"] for row in rows} >= {"check_1", "slip_1"}
    assert all(int(row["tried"]) <= int(row["tried_before"]) for row in rows)
    assert "difficulty" in rows[0]
    (tmp_path / "items.csv").write_text((tmp_path / "items.csv").read_text().replace(",", ";"))
    assert "since the last run" not in written(smaller)


def test_sections_have_a_table_and_a_filter(make):
    result = make(12)
    divided = [msgspec.structs.replace(g, section=f"<{'AB'[n % 2]}>") for n, g in enumerate(result.grades[:12])]
    text = written(dataclasses.replace(result, grades=[*divided, *result.grades[12:]]))
    assert re.search(r'<th scope="row">&lt;A&gt;</th><td class="number">6</td>', text)
    assert text.count('<tr class="of-1">') == text.count('<tr class="of-2">') == 6
    assert "#students:has(#section-2:checked) tbody tr:not(.of-2)" in text
    assert "section-1" not in written(result)


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


def test_an_empty_class_has_a_page(make):
    assert "A class of 3" in written(make(0))


def test_what_was_graded_instead_of_what_stands_in_the_row_and_is_no_sign(make, tmp_path):
    result = make(2)
    result.grades[0] = msgspec.structs.replace(result.grades[0], notes=["'work' was graded: 'student' is as it was"])
    text = written(result)
    row = next(row for row in re.findall(r"<tr>.*?</tr>", text, re.DOTALL) if "&#39;work&#39; was graded" in row)
    assert result.grades[0].student in row
    assert "Nothing stands out." in text
    assert "was graded" not in (tmp_path / "signs.csv").read_text()


def test_signs_are_listed_for_a_spreadsheet(make, tmp_path):
    result = make(2)
    store = Store(tmp_path / "store")
    digest = store.put(Package({"layers.py": b"import reference\n"}))
    result.grades[0] = Grade("=evil", "", "graded", 1.0, 48.0, digest=digest, key="key00000")
    written(result)
    assert "'=evil,layers.py imports the reference (line 1)" in (tmp_path / "signs.csv").read_text()


def test_what_passes_with_a_substitute_is_a_state_of_its_own(make, monkeypatch):
    plainly = made.report

    def with_help(number):
        whole = plainly(number)
        checks = [msgspec.structs.replace(c, points_alone=0, substituted=["a.B"]) for c in whole.stages[0].checks]
        return msgspec.structs.replace(whole, stages=[msgspec.structs.replace(whole.stages[0], checks=checks), *whole.stages[1:]])

    monkeypatch.setattr("tests.cohort.made.report", with_help)
    result = make(4)
    graded = [msgspec.structs.replace(g, raw=g.score, points_alone=max(0.0, g.score - 4)) for g in result.grades]
    text = written(dataclasses.replace(result, grades=graded))
    assert text.count('<td class="s helped">◑</td>') == 3  # the first of the four has not written that stage
    assert '<td class="number">12 <span class="small">(8 alone)</span></td>' in text
    assert '<th scope="col" title="Stage 0">01<span class="small block">0</span></th>' in text
    assert "done with a substitute" in text


def test_a_class_without_substitutes_hears_nothing_of_them(make):
    text = written(make(3))
    assert "ubstitute" not in text
    assert " alone" not in text


@pytest.fixture
def copied(make, tmp_path):
    """A class of 17, of whom 12 handed in one right answer, each with another comment, and one of these twice."""
    result, store = make(18), Store(tmp_path / "store")
    others = sorted(path for path in (ROOT / RIGHT).iterdir() if path.is_dir() and path.name not in ("closures", "__pycache__"))
    for number, folder in enumerate([ROOT / RIGHT / "closures"] * 13 + others[:5]):
        own = f"\n# {min(number, 11)}\n".encode()
        digest = store.put(Package({name: text + own for name, text in python_files(folder).items()}))
        result.grades[number] = msgspec.structs.replace(result.grades[number], digest=digest)
    return result


def test_a_solution_that_went_round_is_a_group_with_both_codes(copied):
    text = written(copied)
    section = text[text.index("Functions that are alike") :].partition("</ul>")[0]
    (entry,) = section.split("<li>")[1:]
    told = re.sub("<[^>]*>", "", entry.partition('<details class="who">')[0])
    assert [f"id{n:05d}" in told for n in range(18)] == [True] * 13 + [False] * 5
    sides = re.findall(r"<pre.*?>(.*?)</pre>", entry, re.DOTALL)
    assert len(sides) == 12
    assert sides[0] == sides[1]
    assert "def " in sides[0]


def test_without_names_no_code_is_shown(copied):
    text = written(copied, anonymous=True)
    assert "Functions that are alike" in text
    assert "<pre" not in text


def test_what_all_may_have_seen_is_no_sign(copied):
    rules = LookAlikeRules(known=(str(ROOT / RIGHT / "closures"),))
    known = dataclasses.replace(copied, policy=msgspec.structs.replace(copied.policy, look_alikes=rules))
    assert "Functions that are alike" not in written(known)
