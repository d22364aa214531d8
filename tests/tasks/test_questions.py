"""The questions of the handouts: their code runs, and prints what the answer says; their numbers are computed anew."""

import contextlib
import importlib
import io
import re
import sys

import numpy as np
import pytest

from grader.learner.handout import readable
from grader.paths import REFERENCE, TASKS
from tests.tasks import formulas

HANDOUTS = {path.parent.name: path.read_text(encoding="utf-8") for path in sorted(TASKS.glob("[0-9][0-9]_*/README.md"))}
#: A piece of code, and what the answer behind it says that it prints.
ASKED = re.compile(r"```python\n(.*?)```\n\n<details><summary>Answer</summary>\n\n```text\n(.*?)```\n", re.DOTALL)
SNIPPETS = [(stage, *found) for stage, text in HANDOUTS.items() for found in ASKED.findall(text)]
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?")


@pytest.fixture
def student(monkeypatch):
    """The reference under the learner's name."""
    for name in ["reference", *(f"reference.{path.stem}" for path in REFERENCE.glob("[a-z]*.py"))]:
        monkeypatch.setitem(sys.modules, name.replace("reference", "student"), importlib.import_module(name))


def section(text: str, name: str) -> str:
    return text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize(("stage", "code", "printed"), SNIPPETS, ids=[stage for stage, *_ in SNIPPETS])
def test_the_code_of_a_question_prints_what_the_answer_says(student, stage, code, printed):
    """To the letter; where it trains, rounding may differ from one matrix library to another, and shares by some percent."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {"__name__": "snippet"})
    if "train(" not in code:
        assert out.getvalue() == printed
        return
    assert NUMBER.sub("#", out.getvalue()) == NUMBER.sub("#", printed)
    given, told = ([float(n) for n in NUMBER.findall(text)] for text in (out.getvalue(), printed))
    np.testing.assert_allclose(given, told, rtol=0.1)


@pytest.mark.parametrize("stage", HANDOUTS)
def test_a_handout_asks_three_questions_with_folded_answers(stage):
    text = HANDOUTS[stage]
    asked = section(text, "Questions")
    assert [number for number, _ in re.findall(r"^\*\*(\d)\. (Predict, then run|Why\?)", asked, re.MULTILINE)] == ["1", "2", "3"]
    assert asked.count("<summary>Answer</summary>") >= 3
    assert text.count("<details>") == text.count("</details>") == text.count("<details><summary>")
    assert len([s for s, *_ in SNIPPETS if s == stage]) == asked.count("```python")


@pytest.mark.parametrize("stage", HANDOUTS)
def test_a_handout_says_how_long_it_takes_and_where_to_read_on(stage):
    text = HANDOUTS[stage]
    assert re.match(r"# .*\n\n\*About \d\d minutes\. Difficulty: [1-5] of 5, .*\.\*\n\n", text)
    links = re.findall(r"\]\((https?://[^)\s]+)\)", section(text, "Further reading"))
    assert len(links) >= 2
    assert all(re.fullmatch(r"https?://[a-z0-9.]+/[\w/.#-]*", link) for link in links), links


@pytest.mark.parametrize("stage", HANDOUTS)
def test_every_formula_can_be_read_in_a_terminal(stage):
    formulas = re.findall(r"```math\n.*?```|\$`.*?`\$", HANDOUTS[stage], re.DOTALL)
    for formula in formulas:
        assert not {"$", "\\", "{", "}", "&"} & set(readable(formula)), formula
    assert not {"$", "\\"} & set(readable(HANDOUTS[stage], unfold=True))


def test_numbers_between_the_lines():
    steps = 5 * -(-2000 // 32)
    assert f"Five steps against {steps}." in HANDOUTS["10_training_loop"]
    parameters = 784 * 32 + 32 + 32 * 10 + 10
    assert f"{parameters:,} parameters" in HANDOUTS["09_minibatches"]
    assert f"about {1 / np.sqrt(parameters):.3f}" in HANDOUTS["09_minibatches"]
    assert 2**10 == 1024
    assert "by 1/1024, or by 1024" in " ".join(HANDOUTS["01_linear"].split())
    assert f"{np.exp(-800 + 340 * np.log(10)) * 1e8:.0f}" == "4"  # of 1e-348, which no float holds
    assert "about 4e-348" in HANDOUTS["04_cross_entropy"]


@pytest.mark.parametrize("stage", HANDOUTS)
def test_formulas_are_written_as_github_reads_them(stage):
    """A block between empty lines, a formula within a line on one line, and no dollar sign elsewhere."""
    text = HANDOUTS[stage]
    assert len(re.findall(r"\n\n```math\n(?:[^`\n]+\n)+```\n\n", text)) == text.count("```math")
    lines = re.sub(r"```.*?```", "", text, flags=re.DOTALL).split("\n")
    assert all(line.count("$") == 2 * len(re.findall(r"\$`[^`$]+`\$", line)) for line in lines)


def test_every_formula_looks_as_it_was_read():
    """After a change: python -m tests.tasks.formulas, then read what differs."""
    assert formulas.shown() == formulas.GOLDEN.read_text("utf-8")
    assert "math-core-error" not in formulas.shown()
