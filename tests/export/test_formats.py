"""The formats of an export: each has one face, a golden file, a line in --help and a line in the instructor's page."""

import re

import pytest
from click.testing import CliRunner

from grader.cli import commands
from grader.course.policy import FeedbackRules, Policy
from grader.export import FORMATS, write
from grader.paths import ROOT
from tests.export import golden, samples


def help_of(*arguments):
    return " ".join(CliRunner().invoke(commands, [*arguments, "--help"]).output.split())


def test_the_instructors_page_lists_them():
    page = (ROOT / "docs" / "teaching.md").read_text("utf-8")
    (table,) = re.findall(r"^\| `--format` .*\n\|[-|]+\n((?:\|.*\n)+)", page, re.MULTILINE)
    rows = [tuple(cell.strip(" `") for cell in line.strip("|").split("|")) for line in table.splitlines()]
    assert rows == [(name, form.reader, form.holds) for name, form in FORMATS.items()]


@pytest.mark.parametrize("name", FORMATS)
def test_help_names_it(name):
    form = FORMATS[name]
    assert f"{name} {form.holds}" in help_of("export")
    assert form.reader in help_of()


@pytest.mark.parametrize("name", FORMATS)
def test_it_has_a_golden_file(name):
    assert (golden.FOLDER / FORMATS[name].file).exists()


@pytest.mark.parametrize("name", FORMATS)
def test_it_follows_the_policy(name):
    shown, hidden = (write(name, samples.report(), Policy(feedback=FeedbackRules(default=d))) for d in ("full", "none"))
    assert shown != hidden


@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if form.tells_of_none])
def test_it_tells_that_there_is_no_result(name):
    results = str(ROOT / "absent.json")
    done = CliRunner().invoke(commands, ["export", results, "--format", name])
    assert done.exit_code == 0
    assert done.output
