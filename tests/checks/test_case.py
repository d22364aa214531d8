"""A case: inputs that follow from its seed, names, scripts that run, and comparisons beyond values."""

from types import SimpleNamespace

import numpy as np
import pytest

from grader.checks.case import Case
from grader.checks.compare import Unmet


@pytest.fixture
def case() -> Case:
    return Case(0, "01_linear", "check_linear_forward_adds_the_bias", ("layers", "losses", "data"))


def step(text: str, kind: str = "call") -> SimpleNamespace:
    return SimpleNamespace(text=text, kind=kind)


def run(script: str) -> dict:
    names: dict = {}
    exec(script, names)
    return names


def test_equal_seeds_give_equal_inputs_and_others_do_not(case):
    again = Case(0, "01_linear", "check_linear_forward_adds_the_bias")
    np.testing.assert_array_equal(case.normal("x", 5, 4), again.normal("x", 5, 4))
    assert case.seed == again.seed
    for other in (Case(1, "01_linear", "check_a"), Case(0, "02_relu", "check_a"), Case(0, "01_linear", "check_b")):
        assert not np.array_equal(again.normal("x", 5, 4), other.normal("x", 5, 4))


@pytest.mark.parametrize("shape", [(3, 4), (50, 50)])
def test_what_is_done_to_an_input_does_not_reach_the_next_case(shape):
    given, expected = (Case(0, "01_x", "check_y").normal("x", *shape) for _ in range(2))
    given *= 0
    assert np.array_equal(Case(0, "01_x", "check_y").normal("x", *shape), expected)


def test_inputs_of_different_names_differ_and_are_never_zero(case):
    x, y = case.normal("x", 5, 4), case.normal("y", 5, 4)
    assert not np.array_equal(x, y)
    assert all(np.all(case.normal("z", 7, 8) != 0) for _ in range(50))


def test_labels_hold_the_last_class(case):
    for rows in (1, 2, 5, 30):
        labels = case.labels("labels", rows, 4)
        assert labels.max() == 3
        assert labels.min() >= 0


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_script_makes_the_very_same_inputs(case, dtype):
    inputs = {
        "small": case.normal("small", 5, 4, dtype=dtype),
        "large": case.normal("large", 40, 30, scale=0.5, dtype=dtype),
        "flat": case.uniform("flat", 500, low=-1.0, high=2.0, dtype=dtype),
        "tiny": case.normal("tiny", 3, 2, scale=1e-8, dtype=dtype),
        "huge": case.normal("huge", 3, 2, scale=1e6, dtype=dtype),
        "labels": case.integers("labels", 0, 10, 300, dtype=np.uint8),
        "given": case.given("given", np.array([[np.inf, -0.0], [np.nan, 1e-300]])),
    }
    names = run(case.script([step(f"sum(map(np.size, [{', '.join(inputs)}]))")]))
    for name, value in inputs.items():
        np.testing.assert_array_equal(names[name], value, err_msg=name)
        assert names[name].dtype == value.dtype


def test_a_script_defines_what_its_steps_mention_and_nothing_else(case):
    x, w = case.normal("x", 2, 2), case.normal("w", 2, 2)
    case.normal("unused", 2, 2)
    f = case.function("f", "lambda x: (w * x).sum()", like=x, w=w)
    script = case.script([step("answer = f(x)")])
    assert "unused" not in script
    assert run(script)["answer"] == pytest.approx(f(x))


def test_a_script_imports_the_modules_it_uses(case):
    script = case.script([step("linear = layers.Linear(2, 1, np.random.default_rng(3))"), step("losses.softmax(linear.W)")])
    assert script.splitlines()[:2] == ["import numpy as np", "from student import layers, losses"]


def test_bookkeeping_steps_are_left_out(case):
    assert case.script([step("len(held)", "length"), step("data.minibatches(x)")]).count("\n") == 2


def test_steps_of_an_earlier_round_are_left_out(case):
    steps = [step("first()"), step("second()")]
    case.start_new_example(SimpleNamespace(transcript=steps[:1]))
    assert "first()" not in case.script(steps)
    assert "second()" in case.script(steps)


def test_a_long_script_keeps_its_last_steps(case):
    script = case.script([step(f"call_{i}()") for i in range(100)])
    assert "call_99()" in script
    assert "# ... 70 steps before these" in script


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (lambda x: x, "x"),
        (lambda x: x.T, "x.T"),
        (lambda x: x[1:3], "x[1:3]"),
        (lambda x: x[2:], "x[2:]"),
        (lambda x: x[::2], "x[::2]"),
        (lambda x: x[:], "x"),
        (lambda x: [x, 3], "[x, 3]"),
        (lambda x: (x,), "(x,)"),
        (lambda x: np.float64(0.5), "0.5"),
        (lambda x: np.array([1.0, 2.0]), "np.array([1., 2.])"),
    ],
)
def test_arguments_are_described_by_name_or_written_out(case, part, text):
    x = case.normal("x", 5, 4)
    described = case.describe(part(x))
    assert described == text
    np.testing.assert_equal(eval(described, {"x": x, "np": np}), part(x))


def test_an_array_without_a_name_gets_one(case):
    x = case.normal("x", 5, 4)
    doubled = x * 2
    script = case.script([step(f"answer = {case.describe(doubled)}")])
    np.testing.assert_array_equal(run(script)["answer"], doubled)


def test_a_function_takes_nothing_but_an_array_of_its_shape(case):
    x = case.normal("x", 2, 3)
    f = case.function("f", "lambda x: x.sum()", like=x)
    assert isinstance(f(x), float)
    for arguments in ((x[0],), (1.0,), (None,), (), (x, x), (x.astype(object),)):
        with pytest.raises(Unmet, match="f was called with"):
            f(*arguments)


def test_expect_keeps_both_arrays_of_a_failure_as_evidence(case):
    expected = np.arange(400.0).reshape(20, 20)
    given = expected.copy()
    given[17, 3] += 1
    with pytest.raises(Unmet):
        case.expect(given, expected, "f(x)")
    assert case.stored["expected"].shape == case.stored["given"].shape == (12, 12)
    assert (case.stored["expected"] != case.stored["given"]).sum() == 1


def test_expect_stores_nothing_when_it_holds(case):
    case.expect(np.ones(3), np.ones(3), "f(x)")
    assert case.stored == {}


def test_unchanged_sees_a_change_and_says_what_became_of_it(case):
    x = case.normal("x", 5, 4)
    case.expect_unchanged(x, x.copy(), "x")
    case.expect_unchanged(x, x + 1e-17, "x", atol=1e-16)
    for after, words in (
        (np.maximum(x, 0), "negative entries are 0"),
        (x - x.max(axis=1, keepdims=True), "row's maximum"),
        (x * 0, "only zeros"),
        (x / 255, "multiplied by 0.00392157"),
        (x + 1e-5, "1e-05 larger"),
    ):
        with pytest.raises(Unmet) as caught:
            case.expect_unchanged(x, after, "x")
        assert words in caught.value.looks_like
    for after in (x[:2], x.astype(np.float32), None, x * np.nan):
        with pytest.raises(Unmet):
            case.expect_unchanged(x, after, "x")
    nan = np.array([np.nan, 1.0])
    case.expect_unchanged(nan, nan.copy(), "x")


def test_gradient_matches_by_norm_ratio_and_names_the_worst_entry(case):
    numeric = np.arange(1.0, 13.0).reshape(3, 4)
    case.gradient_matches(numeric * (1 + 1e-7), numeric, "dW")
    off = numeric.copy()
    off[2, 1] += 0.5
    with pytest.raises(Unmet, match=r"dW\[2, 1\] is 10.5, the measured slope is 10"):
        case.gradient_matches(off, numeric, "dW")
    with pytest.raises(Unmet, match="W1 at 5 is"):
        case.gradient_matches(np.array([1.0, 9.0]), np.array([1.0, 2.0]), "dW1", where=["W1 at 2", "W1 at 5"])
    for bad in (None, numeric[0], numeric * np.nan):
        with pytest.raises(Unmet):
            case.gradient_matches(bad, numeric, "dW")
    case.gradient_matches(np.zeros(3), np.zeros(3), "dW")
    for size in (1e154, 1e300):  # whose norm no float holds, nor that of what they are off
        with pytest.raises(Unmet, match=r"For dW it is 1\."):
            case.gradient_matches(np.full((3, 4), size), numeric, "dW")


def test_require_speaks_only_if_the_condition_fails(case):
    case.require(True, "should", "gave")
    with pytest.raises(Unmet, match="gave"):
        case.require(False, "should.", "gave.")
