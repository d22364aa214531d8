"""Stages 01 to 05: the reference holds every promise under any seed, each slip breaks its own, odd answers pass."""

import sys
from functools import lru_cache

import numpy as np
import pytest

import reference.gradcheck
import reference.layers
import reference.losses  # noqa: F401
from grader.checks.case import Case
from grader.course.stage import Check, load_stage
from grader.paths import REFERENCE, TASKS
from grader.running.context import Context
from grader.running.runner import load_checks, run_check
from grader.submission import Submission, read_submission
from grader.worker.outside.local import LocalPool
from tests.courses import HERE, with_stages
from tests.tasks.solutions import EMPTY, HEADS, MODULES, RIGHT, SLIPS, Solution, empty, reshaped
from tests.wording import banned_words

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning:<student>.*", "ignore::RuntimeWarning")

STAGES = tuple(load_stage(TASKS / name) for name in MODULES)
COURSE = with_stages(STAGES)
FUNCTIONS = {stage.id: load_checks(stage) for stage in STAGES}
CHECKS = [check for stage in STAGES for check in stage.checks]


@lru_cache(maxsize=1)
def right() -> Submission:
    return read_submission(REFERENCE)


def with_code(stage: str, code: str) -> Submission:
    module = MODULES[stage]
    return right().replaced({module: f"{right().modules[module]}\n\n{code}\n"}, "variant")


def grade(submission: Submission, stages=MODULES, seed: int = 0) -> Context:
    """The given stages and those they need, in this process."""
    context = Context(COURSE, submission, LocalPool(), seed=seed)
    wanted = {*stages, *(need for stage in stages for need in COURSE.stage(stage).needs)}
    for check in CHECKS:
        if check.stage in wanted:
            result = run_check(check, FUNCTIONS[check.stage][check.id], context)
            context.state.decide(check, result)
    return context


def states(context: Context, stage: str) -> dict[str, str]:
    return {name.removeprefix("check_"): r.state for (where, name), r in context.state.results.items() if where == stage}


def points(context: Context, stage: str) -> int:
    return sum(result.points for (where, _), result in context.state.results.items() if where == stage)


@pytest.mark.parametrize("seed", range(50))
def test_the_reference_holds_every_promise(seed):
    context = grade(right(), seed=seed)
    broken = {key: result.message for key, result in context.state.results.items() if result.state != "pass"}
    assert not broken
    assert {stage.id: points(context, stage.id) for stage in STAGES} == {s.id: s.points for s in STAGES}


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: f"{slip.stage}: {slip.name}")
def test_a_slip_breaks_its_own_promise_and_no_other(slip: Solution):
    context = grade(with_code(slip.stage, slip.code), [slip.stage])
    found = states(context, slip.stage)
    assert {name for name, state in found.items() if state not in ("pass", "blocked")} == slip.fails
    assert "error" not in found.values()
    core = {check.id.removeprefix("check_") for check in CHECKS if check.core}
    assert ("blocked" in found.values()) == bool(slip.fails & core)
    for result in context.state.results.values():
        assert not banned_words(result.message)
        assert result.state in ("pass", "blocked") or result.message.endswith((".", "?")) or result.card.source


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("answer", RIGHT, ids=lambda answer: f"{answer.stage}: {answer.name}")
def test_an_odd_but_right_answer_earns_everything(answer: Solution, seed: int):
    context = grade(with_code(answer.stage, answer.code), [answer.stage], seed)
    assert set(states(context, answer.stage).values()) == {"pass"}, [r.message for r in context.state.results.values()]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return None", "returned None"),
        ("return 'a'", "returned a text, not an array"),
        ("return z.tolist()", "returned a list of 5 items, not an array. np.array(...) makes an array of a list."),
        ("return z, z", "returned a tuple of 2 items, not an array"),
        ("return z + 1j", "is of type complex128"),
        ("return z.astype(object)", "an array of something other than plain numbers"),
        ("return z > 0", "is of type bool"),
        ("return z.astype(int)", "Whole numbers lose what comes after the decimal point."),
        ("return z * np.nan", "returned nan everywhere"),
        ("return z.astype(str)", "not an array"),
        ("return 10**400", "returned one number; it should be an array of shape (5, 4)"),
        ("return np.matrix(z)", "an object of class matrix, not an array"),
        ("return {1: z}", "returned a dict, not an array"),
        ("yield z", "an object of class generator, not an array"),
        ("return softmax", "not an array"),
        ("return z[99]", "IndexError: index 99 is out of bounds for axis 0 with size 5"),
        ("raise SystemExit(3)", "tried to end the program"),
        ("return softmax(z)", "RecursionError"),
    ],
)
def test_a_bad_answer_is_met_with_one_clear_sentence(body: str, said: str):
    context = grade(with_code("03_softmax", f"def softmax(z):\n    {body}"), ["03_softmax"])
    assert points(context, "03_softmax") == 0
    first = context.state.results["03_softmax", "check_softmax_gives_the_exponential_shares"]
    assert first.state == "fail"
    assert said in first.message


@pytest.mark.parametrize("stage", MODULES)
@pytest.mark.parametrize("kind", EMPTY)
def test_an_empty_answer_earns_nothing(stage: str, kind: str):
    context = grade(with_code(stage, empty(stage, kind)), [stage])
    assert points(context, stage) == 0, states(context, stage)


@pytest.mark.parametrize("stage", MODULES)
def test_right_values_in_another_shape_earn_nothing(stage: str):
    context = grade(with_code(stage, reshaped(stage)), [stage])
    assert points(context, stage) == 0, states(context, stage)


def test_every_check_is_broken_by_some_slip():
    broken = {name for slip in SLIPS for name in slip.fails}
    spared = {check.id.removeprefix("check_") for check in CHECKS} - broken
    # These are broken by slips that break another promise as well; the bank of misconceptions holds them.
    assert spared <= {
        "softmax_rows_sum_to_one",
        "softmax_keeps_the_float_type",
        "softmax_takes_any_batch",
        "cross_entropy_handles_large_logits",
        "cross_entropy_gradient_at_large_logits",
        "cross_entropy_leaves_its_inputs_alone",
        "cross_entropy_is_exact_for_any_batch",
        "numerical_gradient_takes_any_shape",
        "relative_error_treats_both_alike",
    }


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_what_a_card_shows_can_be_pasted_and_gives_the_same(check: Check, monkeypatch):
    """The script of a check, run on the reference, gives the answer that the check saw last."""
    case = Case(0, check.stage, check.id, HERE.modules)
    with LocalPool().student(right(), describe=case.describe) as student:
        FUNCTIONS[check.stage][check.id](student, case)
        transcript = list(student.transcript)
    monkeypatch.setitem(sys.modules, "student", sys.modules["reference"])
    lines = case.script(transcript).splitlines()
    names: dict = {}
    exec("\n".join(lines[:-1]), names)
    last = [step for step in transcript if step.text == lines[-1]][-1]
    answer = eval(lines[-1].partition(" = ")[2] or lines[-1], names)
    if isinstance(last.outcome, np.ndarray | float):
        np.testing.assert_array_equal(answer, last.outcome)
    else:
        assert answer is None or last.outcome is not None


def test_heads_cover_every_function_but_constructors():
    claimed = {name for stage in STAGES for name in stage.claims if not name.endswith("__init__")}
    assert claimed == {f"{MODULES[stage]}.{head}" for stage, heads in HEADS.items() for head in heads}
