"""What the cards of stages 01 to 10 say of numbers that no known mistake gives, or that are told before any name."""

import msgspec
import pytest

from grader.course.misconceptions import apply, parse
from grader.course.stage import load_stage
from grader.paths import REFERENCE, TASKS
from grader.running.context import Context
from grader.running.runner import load_checks, run_check
from grader.submission import read_submission
from grader.worker.outside.local import LocalPool
from tests.courses import with_stages
from tests.wording import banned_words

ANSWER = read_submission(REFERENCE)
BACK = "def f(self, dout):"
STEP = "def f(self, params, grads):"
SHOWN = [
    ("layers.Linear.backward", f"{BACK}\n    self.dW, self.db = self.x.T @ abs(dout), dout.sum(axis=0)\n    return dout @ self.W.T",
     "01_linear", "linear_backward_sums_dW_and_db", "It is dW for the magnitudes of dout."),
    ("layers.Linear.backward", f"{BACK}\n    self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)\n    return (dout + self.b) @ self.W.T",
     "01_linear", "linear_backward_returns_dx", "It is the result for dout + b."),
    ("gradcheck.numerical_gradient", """def f(f, x, eps=1e-5):
    slopes = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[k], down[k] = x[k] * (1 + eps), x[k] * (1 - eps)
        slopes[k] = (f(up) - f(down)) / (2 * eps)
    return slopes""",
     "05_gradient_check", "numerical_gradient_finds_the_slopes",
     "It is the slopes multiplied by x, which steps of eps * x give if only eps is divided by."),
    ("gradcheck.relative_error", "def f(a, b):\n    return float((abs(a - b) / (abs(a) + abs(b)) + 1e-8).max())",
     "05_gradient_check", "relative_error_measures_the_worst_entry", "It is the right result plus 1e-08."),
    ("network.MLP.forward", """def f(self, x):
    x = (x - x.mean(0)) / (x.std(0) + 1e-8)
    for layer in self.layers:
        x = layer.forward(x)
    return x""",
     "06_network", "network_forward_runs_every_layer", "It is the result for an x whose columns were standardised."),
    ("network.MLP.predict", "def f(self, x):\n    return 1 + self.forward(x)[:, 1:].argmax(axis=1)",
     "06_network", "network_predict_names_the_best_class", "Class 0 is never predicted; all other rows are right."),
    ("network.MLP.backward", """def f(self, dlogits):
    for layer in reversed(self.layers):
        dlogits = layer.backward(dlogits) / 7
    return dlogits""",
     "07_backprop", "backprop_agrees_with_central_differences",
     "db3 and dW3 agree: on the way back from the logits, db2 is the first that is off. Every entry is 0.0204082 times what "
     "it should be."),
    ("optim.SGD.step", f"{STEP}\n    for p, g in zip(params, grads):\n        p -= self.lr * g / abs(g).max()",
     "08_sgd", "sgd_step_walks_downhill", "It is divided by the largest magnitude of g."),
]  # fmt: skip


@pytest.mark.parametrize(("target", "code", "stage", "check", "said"), SHOWN, ids=[one[4] for one in SHOWN])
def test_a_card_says_what_its_numbers_are(target, code, stage, check, said):
    alone = msgspec.structs.replace(load_stage(TASKS / stage), needs=())
    submission = apply(ANSWER, parse(f'@held_out("{target}")\n{code}', stage)[0])
    context, name = Context(with_stages([alone]), submission, LocalPool()), f"check_{check}"
    (asked,) = (one for one in alone.checks if one.id == name)
    result = run_check(asked, load_checks(alone)[name], context)
    assert result.state == "fail"
    assert result.card.looks_like.endswith(said)
    assert not banned_words(result.message)
