"""`repro.py`: the learner's code run as the check of the card ran it, in Python alone."""

import ast
import re
import shutil

import msgspec
import pytest

from grader.check_tasks import subjects
from grader.course.course import Course
from grader.grading import repro
from grader.grading.grade import grade
from grader.grading.output import Output
from grader.grading.request import Request
from grader.paths import REFERENCE
from grader.records import NextStep
from grader.submission import read_submission
from grader.worker.outside.local import LocalPool
from tests.courses import HERE
from tests.mistakes.reproduced import FEW, first_failure, problem, run_fresh
from tests.running.toys import RIGHT, write_course, write_submission

#: One of each stage; a shape, an exception, a step in place, an answer of which the check computes something else.
ONE_EACH = [
    "01_linear:spreads_like_glorot", "02_relu:returns_nothing_from_backward", "03_softmax:adds_an_epsilon",
    "04_cross_entropy:adds_up_the_losses", "05_gradient_check:looks_to_one_side", "06_network:copies_at_construction",
    "07_backprop:skips_the_relus", "08_sgd:pairs_in_reverse", "09_minibatches:drops_the_short_batch",
    "10_training_loop:reports_validation_as_training", "13_experiments:misses_nan", "14_faults:trusts_every_network",
    "15_fast:makes_new_batches",
]  # fmt: skip


@pytest.fixture(scope="module")
def mutants():
    return subjects.mutants(HERE, read_submission(REFERENCE))


@pytest.mark.parametrize("name", ONE_EACH)
def test_the_file_shows_the_numbers_of_the_card(name, mutants, tmp_path):
    m, submission = mutants[name]
    found = first_failure(submission, m.stage, tmp_path, only=m.fails[0] if m.fails else "")
    assert problem(found) == ""
    text = found.file.read_text()
    assert text.startswith(f"# Runs the code in student/ as {found.result.id} of stage {m.stage} ran it: python ")
    assert not re.search(r"^(\w+) = \1\b", text, re.MULTILINE)
    arrays = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call) and ast.unparse(n.func) == "np.array"]
    assert all(sum(isinstance(inner, ast.Constant) for inner in ast.walk(array)) <= FEW for array in arrays)


def test_an_earlier_example_that_is_still_used_comes_along(mutants, tmp_path):
    m, submission = mutants["10_training_loop:shuffles_the_callers_rows"]
    assert problem(first_failure(submission, m.stage, tmp_path)) == ""


def test_there_is_no_file_where_it_would_not_show_the_cards_numbers(mutants, tmp_path):
    m, submission = mutants["03_softmax:adds_an_epsilon"]
    found = first_failure(submission, m.stage, tmp_path)
    step, path, key = NextStep(m.stage, found.result.id, ""), found.file, (m.stage, found.result.id)
    results, out = found.context.state._results, found.file.parent
    assert repro.write(found.context, step, out) == path
    results[key] = msgspec.structs.replace(found.result, substituted=["losses.softmax"])
    assert repro.write(found.context, step, out) is None
    assert not path.exists()  # nor is that of an earlier grade
    hidden = "12_mnist", "check_mnist_reaches_96_percent"
    results[hidden], found.context.state.executions[hidden] = found.result, found.context.state.executions[key]
    assert repro.write(found.context, NextStep(*hidden, ""), out) is None
    results[key] = found.result
    assert repro.write(found.context, step, out) == path
    found.context.state._unrepeatable.add(key)
    assert repro.write(found.context, step, out) is None


def test_a_learners_grade_writes_it_and_any_other_removes_it(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAIN_RULE_MEMORY", str(tmp_path / "memory"))
    write_course(tmp_path / "tasks")
    (tmp_path / "tasks" / "toolbox").mkdir()
    for name in ("repro.py", "repro_begin.txt"):
        shutil.copy(HERE.tasks / "toolbox" / name, tmp_path / "tasks" / "toolbox")
    mine = write_submission(tmp_path / "mine\nraise SystemExit(7) #", layers=RIGHT["layers"].replace("a + b", "a - b"))
    out = tmp_path / "out"
    grade(Request(Course(tmp_path), mine, Output(out, repro=True)), pool=LocalPool())
    status, output = run_fresh(out / "repro.py")
    assert (status, "got:" in output, "wanted:" in output) == (0, True, True)
    assert (
        "# Runs the code in mine raise SystemExit(7) #/ as check_add_adds of stage 01_first ran it: python out/repro.py\n"
        in (out / "repro.py").read_text()
    )
    assert "python out/repro.py" in (out / "report.html").read_text()
    grade(Request(Course(tmp_path), mine, Output(out)), pool=LocalPool())
    assert not (out / "repro.py").exists()
    assert "repro.py" not in (out / "report.html").read_text()
