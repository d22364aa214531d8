"""What speaks against a named mistake: short, filled with numbers of that very run, in both courses."""

import functools
from contextlib import closing

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from grader.course.course import Course
from grader.course.misconceptions import apply, load
from grader.paths import ROOT
from grader.records import Mistake, NextStep, Report, StageResult
from grader.report import words
from grader.report.learner import page
from grader.report.refutations import fields, refutation, texts
from grader.running.context import Context, Data
from grader.running.limits import Limits
from grader.running.runner import execute, load_checks
from grader.submission import read_submission
from grader.verbs.why import command as why
from grader.worker.outside.local import LocalPool
from tests.courses import HERE

SECOND = Course(ROOT / "courses" / "attention")
ALL = [(stage.id, *pair) for stage in HERE.stages for pair in texts(stage.folder)]
OF_SECOND = [(stage.id, *pair) for stage in SECOND.stages for pair in texts(stage.folder)]


@functools.cache
def mistakes(stage, course):
    return {m.name: m for m in load(course.stage(stage).folder)}


def failed(stage, name, check_id, course=HERE):
    """The result of the check on the reference with the mistake in it, named as that."""
    m, check = mistakes(stage, course)[name], next(c for c in course.stage(stage).checks if c.id == check_id)
    context = Context(course, apply(read_submission(course.reference), m), LocalPool(), 0, Limits(3.0), Data(course, 500))
    with closing(context), np.errstate(all="ignore"):
        result = execute(check, load_checks(course.stage(stage))[check_id], context)
    return msgspec.structs.replace(result, mistake=Mistake(m.id, m.hint, title=m.title))


def report_of(stage, result):
    return Report(0, 1, [StageResult(stage, "", "fail", 0, 1, [result])], next=NextStep(stage, result.id, "It fails."))


def test_there_are_forty_of_them_over_the_stages():
    assert len(ALL) >= 40
    assert len({stage for stage, *_ in ALL}) >= 10
    assert len(OF_SECOND) >= 10
    assert len({stage for stage, *_ in OF_SECOND}) == len(SECOND.stages)


@pytest.mark.parametrize(
    ("course", "stage", "name", "check"),
    [(HERE, *entry) for entry in ALL] + [(SECOND, *entry) for entry in OF_SECOND],
    ids=["-".join(entry) for entry in (*ALL, *OF_SECOND)],
)
def test_it_is_filled_with_numbers_of_its_own_run(course, stage, name, check):
    result = failed(stage, name, check, course)
    text = refutation(report_of(stage, result), course.tasks)
    assert 80 <= len(text.split()) <= 160, (len(text.split()), result.card.gave)
    assert "{" not in text
    assert text.rstrip().endswith("?")
    template = texts(course.stage(stage).folder)[name, check]
    said = fields(f"{result.card.gave} {result.card.looks_like}")
    used = [value for field, value in said.items() if f"{{{field}}}" in template and field != "times"]
    assert used
    assert all(value in f"{result.card.gave} {result.card.looks_like}" and value in text for value in used)


def test_it_is_told_on_demand_in_the_terminal_and_folded_in_the_report(tmp_path):
    stage, name, check = next(entry for entry in ALL if entry[1] == "sums_db_over_the_units")
    result = failed(stage, name, check)
    report = report_of(stage, result)
    (tmp_path / "results.json").write_bytes(msgspec.json.encode(report))
    said = CliRunner().invoke(why, ["--out", str(tmp_path)], standalone_mode=False).output
    assert " ".join(refutation(report, HERE.tasks).split()) == " ".join(said.split())
    shown = page(report, tmp_path, HERE)
    assert f"<summary>{words.WHY}</summary><p>This code adds up <code>dout</code> along" in shown
    (tmp_path / "results.json").unlink()
    assert "See make hint" in CliRunner().invoke(why, ["--out", str(tmp_path)], standalone_mode=False).output


def test_of_another_run_nothing_is_said():
    stage, name, check = ALL[0]
    result = failed(stage, name, check)
    other = msgspec.structs.replace(result.card, gave="linear.dW is None.", looks_like="")
    assert refutation(report_of(stage, result), HERE.tasks)
    for changed in ({"card": other}, {"mistake": None}, {"card": None}):
        assert refutation(report_of(stage, msgspec.structs.replace(result, **changed)), HERE.tasks) == ""
    assert refutation(Report(0, 1, []), HERE.tasks) == ""


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("x is 1,234; it should be 2.", {"got": "1,234", "want": "2", "times": "617"}),
        ("x is 5e-324; it should be 4.0.", {"got": "5e-324", "times": "inf"}),
        ("x is 0; it should be 4.", {"got": "0", "want": "4"}),
        ("x returned [0.5, nan]; it should be [0.5, nan, 2].", {"want": "[0.5, nan, 2]"}),
    ],
)
def test_whatever_number_a_card_has_ends_no_report(told, said):
    with np.errstate(all="ignore"):
        found = fields(told)
    assert {name: found.get(name) for name in said} == said
    assert ("times" in found) == ("times" in said)


@pytest.mark.parametrize("text", ["It was {}.", "It was {0}.", "It was {got", "It was {nothing}."])
def test_a_text_that_cannot_be_filled_is_not_told(text, tmp_path):
    (tmp_path / "03_softmax").mkdir()
    (tmp_path / "03_softmax" / "refutations.md").write_text(f"## leaves_rows_unshared, check_x\n{text}\n")
    result = msgspec.structs.replace(failed(*ALL[0]), id="check_x", mistake=Mistake("leaves_rows_unshared", "", title=""))
    assert refutation(report_of("03_softmax", result), tmp_path) == ""
