"""`check-gradients`: a learner's own gradient check on their own layers, which shows the layer of a slip in a backward."""

import numpy as np
import pytest
from click.testing import CliRunner

from grader.checks.case import Case
from grader.course.misconceptions import apply, load
from grader.paths import REFERENCE, STUDENT, TASKS
from grader.submission import Submission, read_submission
from grader.verbs.check_gradients import command
from grader.worker.outside.local import LocalPool
from tests.courses import HERE
from tests.tasks.toolbox import gradient_table

RIGHT = read_submission(REFERENCE)
SENT = {name: (TASKS / "toolbox" / f"{name}.py").read_text("utf-8") for name in gradient_table.SENT}
#: An estimate agrees with the differences that it is made of; and no difference has the digits that these lose.
UNSEEN = {"estimates_the_gradient", "estimates_the_gradients", "loses_half_the_digits"}
SLIPS = [
    slip for stage in HERE.stages for slip in load(stage.folder) if slip.target.endswith(".backward") and slip.id not in UNSEEN
]


def told(submission: Submission) -> tuple[list[str], bool, list]:
    """What stands on the terminal, whether all agrees, and what is drawn."""
    lines: list[str] = []
    with LocalPool().student(submission.replaced(SENT)) as student:
        plots, _, well = gradient_table.run(student, Case(0, "", ""), None, 0, lines.append)
    return lines, well, plots


def run(*arguments):
    return CliRunner().invoke(command, list(map(str, arguments)), standalone_mode=False)


def test_the_reference_agrees_everywhere(tmp_path):
    result = run("--student", REFERENCE, "--out", tmp_path)
    assert result.return_value == 0, result.output
    assert "Every gradient agrees with its slopes." in result.output
    assert (tmp_path / "gradient_check.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("seed", range(20))
def test_right_layers_agree_with_any_seed(seed):
    with LocalPool().student(RIGHT.replaced(SENT)) as student:
        _, _, well = gradient_table.run(student, Case(0, "", ""), None, seed, lambda line: None)
    assert well


def test_the_error_by_eps_is_a_v():
    _, _, plots = told(RIGHT)
    ((steps, errors),) = plots[0].lines.values()
    best = int(np.argmin(errors))
    assert 1e-7 < steps[best] < 1e-3
    assert errors[0] > 1e3 * errors[best] < errors[-1]


def test_a_check_that_is_still_to_do_is_said_first():
    result = run("--student", STUDENT)
    assert result.exception.exit_status == 2
    assert "still to do first: gradcheck.numerical_gradient" in result.exception.sentence()


def test_layers_that_are_still_to_do_do_not_stand_in_the_way():
    stubs = read_submission(STUDENT).modules
    lines, well, _ = told(RIGHT.replaced({"network": stubs["network"], "losses": stubs["losses"]}))
    assert well
    assert [line for line in lines if "to do" in line and line.startswith("MLP")]
    assert [line for line in lines if "agrees" in line and "dW" in line]


def test_the_bank_has_slips_in_every_backward():
    assert {slip.target for slip in SLIPS} == {
        "layers.Linear.backward",
        "layers.ReLU.backward",
        "losses.SoftmaxCrossEntropy.backward",
        "network.MLP.backward",
    }
    assert len(SLIPS) > 100


@pytest.mark.parametrize(
    ("stage", "module", "text", "broken"),
    [
        ("05_gradient_check", "layers", "        self.dW = self.x.T", "        dout = 2 * dout\n        self.dW = self.x.T"),
        ("07_backprop", "network", "reversed(self.layers)", "reversed(self.layers[::2])"),
    ],
)
def test_the_handouts_show_what_is_printed_of_a_broken_layer(stage, module, text, broken):
    source = RIGHT.modules[module]
    assert source.count(text) == 1
    lines, _, _ = told(RIGHT.replaced({module: source.replace(text, broken)}))
    handout = (TASKS / stage / "README.md").read_text("utf-8")
    shown = [line for line in handout.splitlines() if " differs " in line]
    assert shown
    assert set(shown) <= set(lines)


@pytest.mark.parametrize("slip", SLIPS[::5], ids=lambda slip: f"{slip.stage}:{slip.name}")
def test_the_layer_of_a_slip_is_shown(slip):
    _shown(slip)


@pytest.mark.slow
@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: f"{slip.stage}:{slip.name}")
def test_the_layer_of_every_slip_is_shown(slip):
    _shown(slip)


def _shown(slip):
    lines, well, _ = told(apply(RIGHT, slip))
    assert not well
    name = slip.target.split(".")[1]
    assert [line for line in lines if line.startswith(f"Look at {name} first") or f"look at {name}.backward" in line], lines
