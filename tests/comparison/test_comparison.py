"""A submission beside the reference: what the page holds against what, and what it says of it."""

import io
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from grader.comparison import code_diff, probing
from grader.comparison import page as comparison
from grader.course.course import Course
from grader.paths import REFERENCE
from grader.records import StageResult
from grader.submission import Submission, read_submission
from grader.worker.outside.local import LocalPool
from grader.worker.outside.transcript import ErrorInfo, Step
from tests.command_line import asked
from tests.courses import HERE, with_stages
from tests.report import dom

COURSE = HERE
SOME = with_stages(COURSE.select(["01", "03"]))
OURS = '''
import numpy as np

LIMIT = 3

def softmax(logits):
    """Other words.

    over three lines
    """
    # no shift
    e = np.exp(logits)
    return e / e.sum(axis=1, keepdims=True)


class Loss:
    def forward(self): return 1  # one line
'''


def side(asked, target="a.f", kind="call", text="f(x)"):
    return [Step(kind, target, text, outcome=value) for value in asked]


def asked_of(steps):
    return probing.Asked([], {("s", "c"): steps}, {}, {})


def test_code_lines_leave_out_comments_docstrings_and_empty_lines():
    assert code_diff.code_lines(OURS) == 7
    assert code_diff.code_lines("x = '''a\nb'''\n") == 2
    assert code_diff.code_lines("def f(:") == 0
    assert code_diff.code_lines("") == 0


def test_definitions_are_functions_methods_and_constants():
    found = code_diff.definitions("losses", OURS)
    assert list(found) == ["losses.LIMIT", "losses.softmax", "losses.Loss.forward"]
    assert found["losses.softmax"].first == 6
    assert found["losses.softmax"].lines[0] == "def softmax(logits):"
    for unreadable in ("def f(:", f"def f():\n    return 0x{'f' * 4000}\n", f"def f():\n    return x{'.x' * 3000}\n", "\0"):
        assert list(code_diff.definitions("losses", unreadable)) == ["losses"]


def test_meaning_is_the_code_without_words_and_layout():
    a = code_diff.definitions("m", 'def f(x):\n    """One."""\n    return x+1\n')["m.f"]
    b = code_diff.definitions("m", "def f(x):\n    # two\n    return (x + 1)\n")["m.f"]
    c = code_diff.definitions("m", "def f(x):\n    return x + 2\n")["m.f"]
    assert a.meaning == b.meaning != c.meaning


def test_lines_are_aligned_and_what_differs_is_marked():
    a = code_diff.definitions("m", "def f(x):\n    y = x.sum(axis=1)\n    return y\n")["m.f"]
    b = code_diff.definitions("m", "def f(x):\n    # why\n    y = x.sum(axis=0)\n    return y\n")["m.f"]
    rows = code_diff.beside(a, b)
    assert [(row.left.number if row.left else None, row.right.number if row.right else None, row.same) for row in rows] == [
        (1, 1, True),
        (2, 2, False),
        (None, 3, False),
        (3, 4, True),
    ]
    a2 = code_diff.beside(a, code_diff.definitions("m", "def f(x):\n    y = x.sum(axis=0)\n    return y\n")["m.f"])[1]
    assert [piece.text for piece in a2.left.pieces if piece.changed] == ["1"]
    assert [piece.text for piece in a2.right.pieces if piece.changed] == ["0"]
    assert "".join(piece.text for piece in a2.left.pieces) == "    y = x.sum(axis=1)"


def test_every_line_of_the_reference_comes_out_as_it_went_in():
    """Colouring loses nothing."""
    for module, source in read_submission(REFERENCE).modules.items():
        for definition in code_diff.definitions(module, source).values():
            rows = code_diff.beside(definition, definition)
            assert ["".join(piece.text for piece in row.left.pieces) for row in rows] == code_diff.dedented(definition.lines)
            assert all(row.same for row in rows)


def test_answers_are_compared_while_the_questions_are_the_same():
    left = side([1.0, np.ones(2), 3.0]) + side([1], "a.g")
    right = side([1.0, np.zeros(2), 3.0]) + side([2], "a.h")
    (f,) = probing.compare(asked_of(left), asked_of(right))
    assert (f.name, f.asked, f.same) == ("a.f", 3, 2)
    assert f.examples[0].text == "f(x)"
    assert np.array_equal(f.examples[0].right, np.zeros(2))


def test_exceptions_are_answers_too():
    error = ErrorInfo("StudentError", "ValueError", "no <b>")
    (f,) = probing.compare(asked_of(side([error])), asked_of(side([1.0])))
    assert (f.asked, f.same) == (1, 0)
    assert comparison._told(error) == "ValueError: no <b>"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Softmax without its shift, asked the questions of two stages, beside the reference."""
    scratch = tmp_path_factory.mktemp("compare")
    reference = read_submission(REFERENCE)
    text = reference.modules["losses"].replace(
        "shifted = logits - logits.max(axis=1, keepdims=True)\n    # 2", "shifted = logits\n    # 2", 1
    )
    assert text != reference.modules["losses"]
    ours = Submission("<b>ada</b>", {**reference.modules, "losses": text, "helpers": "def extra(x):\n    return x\n"})
    asked = [probing.ask(s, SOME, LocalPool(), 0, scratch / name / "evidence") for s, name in ((ours, "a"), (reference, "b"))]
    sides = comparison.Sides(SOME, ours, reference, (asked[0], asked[1]), (scratch / "a", scratch / "b"))
    path = comparison.write(sides, scratch)
    return SimpleNamespace(sides=sides, html=path.read_text("utf-8"), tree=dom.parse(path.read_text("utf-8")))


def test_page_shows_the_slip_and_its_answers(page):
    item = page.tree.id("losses-softmax")
    assert "open" in item.attributes
    assert "written differently" in item.all("summary")[0].text
    assert "keepdims" in [mark.text for row in item.all("tr", "other") for mark in row.all("mark")]
    assert "different" in item.all("summary")[0].text
    assert "nan" in "".join(example.text for example in item.all("div", "example"))


def test_a_function_written_differently_is_told_why_the_reference_is_as_it_is(page):
    reasons = comparison._reasons(HERE)
    assert reasons["losses.softmax"] in page.tree.id("losses-softmax").all("p", "why")[0].text
    assert [why.text for why in page.tree.all("p", "why")] == [f"Why the reference does it so. {reasons['losses.softmax']}"]
    theirs = read_submission(REFERENCE).modules
    names = {name for module, text in theirs.items() for name in code_diff.definitions(module, text)}
    assert reasons.keys() <= names
    assert comparison._reasons(Course(REFERENCE / "nowhere")) == {}


def test_a_stage_that_was_not_run_is_no_failure(page, tmp_path):
    left, right = page.sides.asked
    waiting = [msgspec.structs.replace(stage, state="todo", points=0) for stage in left.stages]
    sides = page.sides._replace(asked=(left._replace(stages=waiting), right))
    table = dom.parse(comparison.write(sides, tmp_path).read_text("utf-8")).all("table", "table")[0]
    rows = [[cell.text for cell in row.all("td")] for row in table.all("tr")[1:]]
    assert [row[:2] for row in rows] == [["not run", "10 / 10"], ["not run", "8 / 8"]]
    assert all(row[2] == row[4] == "–" != row[3] for row in rows)


def test_page_folds_what_is_the_same(page):
    item = page.tree.id("layers-Linear-backward")
    assert "open" not in item.attributes
    assert "the same text" in item.all("summary")[0].text
    assert "all the same" in item.all("summary")[0].text


def test_page_counts_points_and_lines(page):
    tables = page.tree.all("table", "table")
    rows = {
        row.all("th")[0].text: [cell.text for cell in row.all("td")]
        for table in tables
        for row in table.all("tr")
        if row.all("td")
    }
    assert rows["01 The linear layer"][:2] == ["10 / 10", "10 / 10"]
    assert rows["03 Softmax"][1] == "8 / 8"
    assert int(rows["03 Softmax"][0].split()[0]) < 10
    assert rows["helpers.py"] == ["2", "0"]
    reference = sum(code_diff.code_lines(text) for text in page.sides.right.modules.values())
    assert rows["all"][1] == str(reference)


def test_page_keeps_names_as_text(page):
    assert page.tree.all("h1")[0].text == "<b>ada</b> beside the reference"
    assert not page.tree.all("script")
    assert len(page.html) < 1_500_000


def test_memory_is_that_of_the_worker():
    import os

    me = SimpleNamespace(pid=os.getpid())
    assert probing.peak_memory(me) > 10_000_000 or not os.path.exists("/proc/self/status")
    assert probing.peak_memory(SimpleNamespace(pid=None)) == 0


@pytest.mark.parametrize(
    ("words", "answer", "shown"), [([], None, False), (["--all"], None, True), ([], "y", True), ([], "n", False)]
)
def test_the_reference_of_what_is_not_done_is_shown_to_who_wants_it(monkeypatch, tmp_path, words, answer, shown):
    written = []
    states = [
        StageResult(stage.id, stage.title, "fail" if stage.id == "03_softmax" else "pass", 0, 0, []) for stage in COURSE.stages
    ]
    monkeypatch.setattr(probing, "ask", lambda *_: probing.Asked(states, {}, {}, {}))
    monkeypatch.setattr(comparison, "write", lambda sides, out: written.append(sides))
    if answer is not None:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{answer}\n"))
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    result = asked("compare", "--student", REFERENCE, "--out", tmp_path, *words)
    assert ("Not done yet: 03_softmax. Show the reference's code of that, too?" in result.output) is (answer is not None)
    assert ("Left out of the page: the reference's code of 03_softmax. --all shows it." in result.output) is not shown
    code = written[0].right.modules["losses"]
    assert ("03_softmax: losses.softmax is still a TODO" not in code) is shown
    assert "04_cross_entropy" not in code


def test_compare_without_a_reference_says_so(monkeypatch, tmp_path):
    (tmp_path / "tasks").mkdir()
    monkeypatch.setenv("CHAIN_RULE_COURSE", str(tmp_path))
    result = asked("compare", "--out", tmp_path)
    assert result.exit_code == 2
    assert "no reference/ to compare with. Remedy: run compare in a full checkout" in result.output
    assert not (tmp_path / "compare.html").exists()
