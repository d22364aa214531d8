"""The reference against TensorFlow and mpmath; and the oracle itself, which must notice an error and say where."""

from importlib import import_module

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.paths import REFERENCE
from grader.submission import read_submission
from grader.worker.bounds import TimeLimits
from grader.worker.outside.local import LocalPool
from tests.tasks.toolbox import PACKAGE

agreement, cases, exact, extremes, run = (
    import_module(f"{PACKAGE}.oracle.{name}") for name in ("agreement", "cases", "exact", "extremes", "run")
)
TOLERANCES, Comparison, compare = agreement.TOLERANCES, agreement.Comparison, agreement.compare
difference, offers, compare_extremes = agreement.difference, agreement.offers, extremes.compare_extremes
EXTREMES, OracleCase, Hearing, show = cases.EXTREMES, cases.OracleCase, run.Hearing, run.show

tensorflow = pytest.importorskip(f"{PACKAGE}.oracle.tensorflow_witness", exc_type=ImportError)

pytestmark = [pytest.mark.tensorflow, pytest.mark.xdist_group("tensorflow")]

SUBMISSION = read_submission(REFERENCE)
LIMITS = TimeLimits(call=120, check=3600)


@pytest.fixture(scope="module")
def reference():
    pool = LocalPool()
    with pool.student(SUBMISSION, LIMITS) as student:
        yield student
    pool.close()


def examine(old, new, case, module="layers"):
    """Rows of the reference with one piece of its text replaced."""
    text = SUBMISSION.modules[module]
    assert text.count(old) >= 1
    pool = LocalPool()
    with pool.student(SUBMISSION.replaced({module: text.replace(old, new)}), LIMITS) as student:
        rows = compare(student, case, tensorflow)
    pool.close()
    return rows


def differing(rows):
    return [f"{row.where}: {row.what}" for row in rows if not row.agrees]


# --- the reference agrees ---

widths = st.lists(st.integers(1, 12), min_size=2, max_size=6).map(tuple)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(sizes=widths, batch=st.integers(1, 20), seed=st.integers(0, 10_000))
def test_reference_agrees_over_random_architectures(reference, sizes, batch, seed):
    rows = compare(reference, OracleCase(sizes, batch, seed), tensorflow)
    assert len(rows) >= 4 + 4 + 2 * 2
    assert differing(rows) == []


@settings(max_examples=15, deadline=None, derandomize=True)
@given(sizes=widths, batch=st.integers(1, 20), seed=st.integers(0, 10_000))
def test_reference_agrees_in_float32_within_its_precision(reference, sizes, batch, seed):
    assert differing(compare(reference, OracleCase(sizes, batch, seed, "float32"), tensorflow)) == []


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("steps", "lr"), [(1, 0.1), (10, 0.1), (500, 0.02)])
def test_weights_agree_after_many_steps(reference, dtype, steps, lr):
    rows = compare(reference, OracleCase((9, 8, 7, 5), 16, 3, dtype, steps, lr), tensorflow)
    assert any(row.what.endswith(f"after {steps} step{'s' * (steps > 1)}") for row in rows)
    assert differing(rows) == []


def test_the_courses_own_network_agrees(reference):
    assert differing(compare(reference, OracleCase((784, 128, 64, 10), 32, 0, steps=10), tensorflow)) == []


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("witness", [tensorflow, exact], ids=["tf.nn", "mpmath"])
def test_softmax_and_loss_agree_at_extreme_logits(reference, dtype, witness):
    rows = compare_extremes(reference, dtype, witness)
    assert len(rows) == 3 * len(EXTREMES)
    assert differing(rows) == []


def test_witnesses_agree_with_each_other():
    torch = pytest.importorskip(f"{PACKAGE}.oracle.torch_witness", exc_type=ImportError)
    case = OracleCase((6, 5, 4), 7, 0, steps=10)
    one, other = tensorflow.evaluate(case), torch.evaluate(case)
    for a, b in zip([*one.outputs, *one.gradients, one.dx], [*other.outputs, *other.gradients, other.dx]):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
    for a, b in zip(tensorflow.descend(case), torch.descend(case)):
        np.testing.assert_allclose(a, b, rtol=1e-12)


# --- an error is shown at its layer ---

CASE = OracleCase((7, 6, 5, 4), 9, 1)


@pytest.mark.parametrize(("layer", "inputs"), [(1, 7), (3, 6), (5, 5)])
@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("self.dW = self.x.T @ dout", "self.dW = self.x.T @ dout * (1 + 1e-9 * (len(self.W) == {0}))", "dW"),
        ("self.db = dout.sum(axis=0)", "self.db = dout.sum(axis=0) + 1e-9 * (len(self.W) == {0})", "db"),
        ("return dout @ self.W.T", "return dout @ self.W.T * (1 + 1e-9 * (len(self.W) == {0}))", "dx"),
        ("return x @ self.W + self.b", "return x @ self.W + self.b * (1 + 1e-7 * (len(self.W) == {0}))", "output"),
    ],
)
def test_an_error_in_a_linear_layer_is_shown_at_that_layer(layer, inputs, old, new, what):
    found = differing(examine(old, new.format(inputs), CASE))
    assert [line for line in found if line.startswith("layer")] == [
        f"layer {layer}: Linear {CASE.sizes[layer // 2]} to {CASE.sizes[layer // 2 + 1]}: {what}"
    ]


@pytest.mark.parametrize(("layer", "width"), [(2, 6), (4, 5)])
def test_an_error_in_a_relu_is_shown_at_that_layer(layer, width):
    wrong = f"return dout * (self.positive if dout.shape[1] != {width} else 1)"
    found = differing(examine("return dout * self.positive", wrong, CASE))
    assert [line for line in found if line.startswith("layer")] == [f"layer {layer}: ReLU {width}: dx"]


def test_an_error_in_the_loss_or_the_step_is_in_no_layer():
    found = differing(examine("return dlogits / len(self.labels)", "return dlogits", CASE, "losses"))
    assert "network: dlogits" in found
    assert not any(line.startswith("layer") for line in found)
    found = differing(examine("p -= self.lr * g", "p -= 1.001 * self.lr * g", CASE, "optim"))
    assert found
    assert all(line.startswith("weights") for line in found)


def test_an_exception_is_a_row_and_hides_no_other():
    rows = examine("self.db = dout.sum(axis=0)", "self.db = dout.sum(axis=0) if len(self.W) != 6 else 1 / 0", CASE)
    assert any("ZeroDivisionError" in row.note or "division by zero" in row.note for row in rows)
    assert {row.where for row in rows if row.agrees} >= {"layer 1: Linear 7 to 6", "layer 5: Linear 5 to 4"}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_careless_softmax_is_noticed_at_large_logits():
    text = SUBMISSION.modules["losses"].replace("shifted = logits - logits.max(axis=1, keepdims=True)", "shifted = logits")
    pool = LocalPool()
    with pool.student(SUBMISSION.replaced({"losses": text}), LIMITS) as student:
        found = differing(compare_extremes(student, "float64", exact))
    pool.close()
    assert "extreme logits: ordinary: softmax" not in found
    for name in ("a thousand", "ten thousand"):
        assert f"extreme logits: {name}: softmax" in found


def test_float32_is_not_asked_of_a_network_without_it(reference):
    assert offers(reference, "float32")
    text = SUBMISSION.modules["network"].replace("sizes, rng, dtype=np.float64", "sizes, rng").replace(", dtype))", "))")
    pool = LocalPool()
    with pool.student(SUBMISSION.replaced({"network": text}), LIMITS) as student:
        assert not offers(student, "float32")
        assert differing(compare(student, CASE, tensorflow)) == []
    pool.close()


# --- how it measures and what it prints ---


@pytest.mark.parametrize(
    ("given_value", "note"),
    [
        (None, "type object"),
        (np.zeros(3), "shape (3,) instead of (2,)"),
        ([1.0, np.nan], "NaN or infinity"),
        (np.array([1j, 2]), "type complex128"),
    ],
)
def test_what_cannot_be_compared_is_infinitely_far(given_value, note):
    assert difference(given_value, np.ones(2)) == (np.inf, note)


def test_difference_is_relative_and_zero_agrees_with_zero():
    assert difference([1.1, 0.0], np.array([1.0, 0.0]))[0] == pytest.approx(0.1)
    assert difference(np.zeros(2), np.zeros(2)) == (0.0, "")
    assert difference([1e-100, 0.0], np.zeros(2))[0] > TOLERANCES["float32"]["500"]


def test_a_disagreement_is_printed_as_a_table_by_layer():
    from rich.console import Console

    hearing = Hearing("TensorFlow", "float64")
    hearing.rows["good"] = [Comparison("layer 1: Linear 2 to 3", "dW", 1e-16, 1e-12)]
    hearing.rows["bad"] = [
        Comparison("layer 1: Linear 2 to 3", "dW", 0.5, 1e-12),
        Comparison("layer 2: ReLU 3", "dx", np.inf, 1e-12, "NaN or infinity"),
    ]
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(show(hearing))
    text = console.export_text()
    assert not hearing.agrees
    assert "Differs: bad" in text
    assert "layer 1: Linear 2 to 3: dW" in text
    assert "DIFFERS NaN or infinity" in text


def test_the_verb_examines_a_submission_in_a_worker_and_exits_1(tmp_path, monkeypatch):
    from grader.verbs.oracle import command

    monkeypatch.setattr(run, "usual_cases", lambda dtype: [OracleCase((4, 3, 2), 5, 0, dtype)])
    for path in REFERENCE.glob("*.py"):
        text = path.read_text(encoding="utf-8").replace("self.db = dout.sum(axis=0)", "self.db = dout.mean(axis=0)")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    result = CliRunner().invoke(command, ["--student", str(tmp_path), "--sandbox", "off"], standalone_mode=False)
    assert result.return_value == 1, result.output
    assert "layer 1: Linear 4 to 3: db" in result.output
    result = CliRunner().invoke(command, ["--sandbox", "off"], standalone_mode=False)
    assert result.return_value == 0, result.output
    assert "All agree." in result.output


def test_the_verb_refuses_what_is_no_submission(tmp_path):
    from grader.verbs.oracle import command

    assert CliRunner().invoke(command, ["--student", str(tmp_path)], standalone_mode=False).exception.exit_status == 2
