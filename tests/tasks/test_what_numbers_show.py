"""What the cards of stages 01 to 10 say of numbers that no known mistake gives, or that are told before any name."""

import msgspec
import pytest

from grader.checks.api import Unmet
from grader.checks.case import Case
from grader.course.misconceptions import apply, parse
from grader.course.stage import load_stage
from grader.paths import REFERENCE, TASKS
from grader.running.context import Context
from grader.running.runner import load_checks, run_check
from grader.submission import read_submission
from grader.worker.outside.local import LocalPool
from tests.courses import with_stages
from tests.tasks import toolbox
from tests.wording import banned_words

ANSWER = read_submission(REFERENCE)
BACK = "def f(self, dout):"
STEP = "def f(self, params, grads):"
SHOWN = [
    ("layers.Linear.forward", "def f(self, x):\n    self.x = x\n    return x[:, :-1] @ self.W[:-1] + self.b",
     "01_linear", "linear_forward_adds_the_bias", "It is the result of all inputs but the last."),
    ("layers.Linear.backward",
     f"{BACK}\n    self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)\n    return dout[:, :-1] @ self.W.T[:-1]",
     "01_linear", "linear_backward_returns_dx", "It is the result of all units but the last."),
    ("losses.softmax", "def f(logits):\n    z = logits - logits.max(1, keepdims=True)\n    return z / z.sum(1, keepdims=True)",
     "03_softmax", "softmax_gives_the_exponential_shares", "It is logits - their largest, each row divided by its own sum: no exp."),
    ("losses.SoftmaxCrossEntropy.forward",
     "def f(self, logits, labels):\n    return np.mean(np.log(np.exp(logits).sum(1)) - (logits * labels[:, None]).sum(1))",
     "04_cross_entropy", "cross_entropy_averages_the_surprise",
     "It is the result if the labels as they stand take the place of their one-hot rows."),
    ("layers.Linear.backward",
     f"{BACK}\n    self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)\n    return dout @ self.dW.T",
     "01_linear", "linear_backward_returns_dx", "It is the result for dW in the place of W."),
    ("layers.Linear.__init__", """def f(self, in_features, out_features, rng, *_):
    self.W = np.round(rng.normal(size=(in_features, out_features)) * np.sqrt(2 / in_features))
    self.b, self.dW, self.db = np.zeros(out_features), np.zeros_like(self.W), np.zeros(out_features)""",
     "01_linear", "linear_draws_he_weights", "Every entry of W is 0."),
    ("losses.SoftmaxCrossEntropy.forward",
     "def f(self, logits, labels):\n    return np.mean(np.exp(logits).sum(1) - logits[np.arange(len(labels)), labels])",
     "04_cross_entropy", "cross_entropy_averages_the_surprise", "minus the true logit: no log."),
    ("losses.softmax", "def f(logits):\n    low = logits.min(1, keepdims=True)\n"
     "    return np.exp(logits - low - np.log(np.exp(logits - low).sum(1, keepdims=True)))",
     "03_softmax", "softmax_handles_large_logits", "Every entry is 0. The exp of a number above 709 is too large for a float."),
    ("gradcheck.numerical_gradient", """def f(f, x, eps=1e-11):
    slopes = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[k], down[k] = x[k] + eps, x[k] - eps
        slopes[k] = (f(up) - f(down)) / (2 * eps)
    return slopes""",
     "05_gradient_check", "numerical_gradient_steps_to_both_sides",
     "Where eps is given, the slopes are right: the default is not 1e-5."),
    ("layers.Linear.backward", f"{BACK}\n    self.dW, self.db = self.x.T @ abs(dout), dout.sum(axis=0)\n    return dout @ self.W.T",
     "01_linear", "linear_backward_sums_dW_and_db", "It is dW for the magnitudes of dout."),
    ("layers.Linear.backward", f"{BACK}\n    self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)\n    return (dout + self.b) @ self.W.T",
     "01_linear", "linear_backward_returns_dx", "It is the result for dout + b."),
    ("layers.Linear.__init__", """def f(self, in_features, out_features, rng, *_):
    self.W = np.clip(rng.normal(size=(in_features, out_features)), -1, 1) * np.sqrt(2 / in_features)
    self.b, self.dW, self.db = np.zeros(out_features), np.zeros_like(self.W), np.zeros(out_features)""",
     "01_linear", "linear_draws_he_weights", "of them are -0.07071 or 0.07071, and none is beyond: they are cut off there."),
    ("layers.Linear.backward",
     f"{BACK}\n    self.dW, self.db = self.x.T @ dout, dout.max(axis=0)\n    return dout @ self.W.T",
     "01_linear", "linear_backward_sums_dW_and_db", "It is the largest dout of each unit."),
    ("layers.ReLU.forward", "def f(self, x):\n    self.positive = x > 0\n    return np.maximum(x - 0.5, 0)",
     "02_relu", "relu_forward_zeroes_what_is_negative", "Where it is not 0, it is x minus 0.5."),
    ("layers.ReLU.forward", "def f(self, x):\n    self.positive = x >= 1\n    return np.maximum(x, 0)",
     "02_relu", "relu_backward_passes_where_x_was_positive",
     "The gradient is 0 where x is above 0 and up to 0.818; where x is 1.674 or more, it passes."),
    ("layers.Linear.backward",
     f"{BACK}\n    self.dW, self.db = (self.x - self.x.mean(0)).T @ dout, dout.sum(axis=0)\n    return dout @ self.W.T",
     "01_linear", "linear_backward_sums_dW_and_db", "It is dW for an x whose columns were centred."),
    ("layers.ReLU.forward", "def f(self, x):\n    self.positive = x.sum(axis=-1, keepdims=True) > 0\n    return np.maximum(x, 0)",
     "02_relu", "relu_backward_passes_where_x_was_positive", "Each row of dout passes or stops as a whole."),
    ("layers.ReLU.forward", "def f(self, x):\n    self.positive = x[:, ::-1] > 0\n    return np.maximum(x, 0)",
     "02_relu", "relu_backward_passes_where_x_was_positive",
     "where x is not above 0, and 5 stop where it is."),
    ("losses.softmax", "def f(logits):\n    e = 10 ** logits\n    return e / (1 + e.sum(1, keepdims=True))",
     "03_softmax", "softmax_gives_the_exponential_shares", "not to 1."),
    ("losses.softmax",
     "def f(logits):\n    e = np.exp(logits - logits.max(1, keepdims=True))\n    return (e / e.sum(1, keepdims=True)) ** 2",
     "03_softmax", "softmax_gives_the_exponential_shares", "Each entry is the right one to the power of 2."),
    ("losses.softmax",
     "def f(logits):\n    e = np.exp(logits - logits.max(1, keepdims=True)) + 1\n    return e / e.sum(1, keepdims=True)",
     "03_softmax", "softmax_gives_the_exponential_shares", "Each row adds up to 1."),
    ("gradcheck.numerical_gradient", """def f(f, x, eps=1e-5):
    slopes, step = [], np.zeros(x.size)
    for k in range(x.size):
        step[k] = eps
        slopes.append((f(x + step.reshape(x.shape)) - f(x - step.reshape(x.shape))) / (2 * eps))
    return np.array(slopes).reshape(x.shape)""",
     "05_gradient_check", "numerical_gradient_finds_the_slopes",
     "It is the running sum of the gradient: each entry moves together with those before it."),
    ("gradcheck.numerical_gradient", """def f(f, x, eps=1e-5):
    slopes = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[k], down[k] = x[k] * (1 + eps), x[k] * (1 - eps)
        slopes[k] = (f(up) - f(down)) / (2 * eps)
    return slopes""",
     "05_gradient_check", "numerical_gradient_finds_the_slopes",
     "It is the gradient multiplied by x: steps of eps * x, divided by eps alone."),
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
    ("network.MLP.predict", "def f(self, x):\n    return self.forward(x).argsort(axis=1)[:, -3]",
     "06_network", "network_predict_names_the_best_class", "In every row 2 logits are larger than that of the class it gives."),
    ("network.MLP.predict", "def f(self, x):\n    return self.forward(x).argsort(axis=1)[:, -2]",
     "06_network", "network_predict_names_the_best_class", "In every row 1 logit is larger than that of the class it gives."),
    ("losses.softmax",
     "def f(logits):\n    e = np.exp(logits - logits.max(1, keepdims=True))\n    return e / e[:, 1:].sum(1, keepdims=True)",
     "03_softmax", "softmax_gives_the_exponential_shares",
     "Within each row the proportions are right, but the rows add up to 1.021 to 3.571, not to 1."),
    ("losses.softmax",
     "def f(logits):\n    e = np.exp(logits - logits.max(1, keepdims=True))\n    return 0.9 * e / e.sum(1, keepdims=True) + 0.025",
     "03_softmax", "softmax_gives_the_exponential_shares", "Each entry is 0.9 times the right one plus 0.025."),
    ("losses.softmax", "def f(logits):\n    z = abs(logits)\n    return 2 * z / z.sum(1, keepdims=True)",
     "03_softmax", "softmax_gives_the_exponential_shares", "The rows add up to 2, not to 1."),
    ("losses.SoftmaxCrossEntropy.backward",
     "def f(self):\n    return (self.probabilities - np.eye(4)[(self.labels + 1) % 4]) / len(self.labels)",
     "04_cross_entropy", "cross_entropy_gradient_is_softmax_minus_onehot",
     "It is the gradient for the labels [3, 3, 0, 2, 3], not [2, 2, 3, 1, 2]."),
    ("losses.SoftmaxCrossEntropy.forward",
     "def f(self, logits, labels):\n    self.probabilities, self.labels = softmax(logits), labels\n"
     "    missed = logits.argmax(1) != labels\n"
     "    return float(-np.log(self.probabilities[np.arange(len(labels)), labels])[missed].sum() / len(labels))",
     "04_cross_entropy", "cross_entropy_averages_the_surprise",
     "It is the sum, divided by 5, of the losses of rows 1, 2 and 3 alone."),
    ("losses.SoftmaxCrossEntropy.backward",
     "def f(self):\n    p = self.probabilities**0.5\n    p = p / p.sum(1, keepdims=True)\n"
     "    return (p - np.eye(p.shape[1])[self.labels]) / len(p)",
     "04_cross_entropy", "cross_entropy_gradient_is_softmax_minus_onehot", "It is the gradient for the softmax of 0.5 * logits."),
    ("losses.SoftmaxCrossEntropy.backward",
     "def f(self):\n    p, t = self.probabilities, np.eye(self.probabilities.shape[1])[self.labels]\n    return (p - t - 0.1 * t) / len(p)",
     "04_cross_entropy", "cross_entropy_gradient_is_softmax_minus_onehot", "Only the entries of the true classes are off."),
    ("losses.SoftmaxCrossEntropy.backward",
     "def f(self):\n    p, t = self.probabilities, np.eye(self.probabilities.shape[1])[self.labels]\n"
     "    return (p - t) * (2 + np.arange(len(p)))[:, None] / len(p)",
     "04_cross_entropy", "cross_entropy_gradient_is_softmax_minus_onehot",
     "Each row is a multiple of what it should be: 2, 3, 4, 5, 6 times."),
    ("gradcheck.numerical_gradient",
     "def f(f, x, eps=1e-5):\n    slopes = np.zeros(x.shape, int)\n    for k in np.ndindex(x.shape):\n        step = np.zeros(x.shape)\n"
     "        step[k] = eps\n        slopes[k] = (f(x + step) - f(x - step)) / (2 * eps)\n    return 1.0 * slopes",
     "05_gradient_check", "numerical_gradient_finds_the_slopes",
     "They are the slopes without what comes after the decimal point."),
    ("optim.SGD.step", f"{STEP}\n    for p, g in zip(params, grads):\n        p -= self.lr * g.clip(-0.5, 0.5)",
     "08_sgd", "sgd_step_walks_downhill", "No entry moved by more than 0.05, however large its gradient is."),
    ("optim.SGD.step", f"{STEP}\n    for k, (p, g) in enumerate(zip(params, grads)):\n        p -= (-1) ** k * self.lr * g",
     "08_sgd", "sgd_pairs_arrays_with_gradients", "The step has the right length, and the opposite sign."),
    ("optim.SGD.step", f"{STEP}\n    for p, g in zip(params, grads):\n        p -= self.lr * g * abs(p)",
     "08_sgd", "sgd_step_walks_downhill", "The step of each entry is multiplied by the magnitude of p."),
    ("optim.SGD.step", f"{STEP}\n    for p, g in zip(params, grads):\n        p -= self.lr * g / np.sqrt(abs(g))",
     "08_sgd", "sgd_step_walks_downhill", "The size of the step is proportional to the magnitude of g to the power of 0.5."),
    ("optim.SGD.step", f"{STEP}\n    for p, g in zip(params, grads):\n        p -= self.lr * (g > 0)",
     "08_sgd", "sgd_step_walks_downhill", "Each entry moved by 0 or by 0.1, however large its gradient is."),
    ("network.MLP.gradients", """def f(self):
    new = [g.copy() for k in self.layers if hasattr(k, "W") for g in (k.dW, k.db)]
    self.kept = [(a + b) / 2 for a, b in zip(new, getattr(self, "kept", new))]
    return self.kept""",
     "07_backprop", "gradients_belong_to_the_last_backward", "It is the mean of dW1 of both batches."),
    ("network.MLP.backward", """def f(self, dlogits):
    for layer in reversed(self.layers):
        dlogits = layer.backward(dlogits) / 7
    return dlogits""",
     "07_backprop", "backprop_agrees_with_central_differences",
     "db3 and dW3 agree: on the way back from the logits, db2 is the first that is off. Every entry is 0.0204082 times what "
     "it should be."),
    ("optim.SGD.step", f"{STEP}\n    for p, g in zip(params, grads):\n        p -= self.lr * g / abs(g).max()",
     "08_sgd", "sgd_step_walks_downhill", "It is divided by the largest magnitude of g."),
    ("optim.SGD.step", f"{STEP}\n    for k, (p, g) in enumerate(zip(params, grads)):\n        p -= self.lr ** (1 + k % 2) * g",
     "08_sgd", "sgd_pairs_arrays_with_gradients", "The step is 0.3 times as long as it should be."),
]  # fmt: skip


@pytest.mark.parametrize(("target", "code", "stage", "check", "said"), SHOWN, ids=[one[4] for one in SHOWN])
def test_a_card_says_what_its_numbers_are(target, code, stage, check, said):
    assert _result(target, code, stage, check).card.looks_like.endswith(said)


def _result(target, code, stage, check):
    """What one check says of the answer with another function in it."""
    alone = msgspec.structs.replace(load_stage(TASKS / stage), needs=())
    submission = apply(ANSWER, parse(f'@held_out("{target}")\n{code}', stage)[0])
    context, functions = Context(with_stages([alone]), submission, LocalPool()), load_checks(alone)
    for one in alone.checks:
        context.state.decide(one, run_check(one, functions[one.id], context))
    result = context.state.results[stage, f"check_{check}"]
    assert result.state == "fail"
    assert not banned_words(result.message)
    return result


@pytest.mark.parametrize(
    ("target", "code", "stage", "check", "said"),
    [
        ("network.MLP.parameters", "def f(self):\n    return [p for k in self.layers if hasattr(k, 'W') for p in (k.W, k.b)][:-1]",
         "06_network", "network_parameters_are_in_order", "has 5 arrays, of shapes (6, 5), (5,), (5, 4), (4,), (4, 3)."),
        ("network.MLP.gradients", """def f(self):
    self.kept = [g for k in self.layers if hasattr(k, "W") for g in (k.dW.copy(), k.db.copy())] + getattr(self, "kept", [])
    return self.kept""",
         "07_backprop", "gradients_belong_to_the_last_backward", "After the second backward gradients() has 12 arrays."),
    ],
)  # fmt: skip
def test_a_list_of_too_few_or_too_many_arrays_is_counted(target, code, stage, check, said):
    assert said in _result(target, code, stage, check).card.gave


@pytest.mark.parametrize(("name", "given", "says"), [
    ("loss", 1.5, "The value is 3/2 of what it should be."), ("acc", 1.5, ""),
    ("acc", 2.0, "The value is 2 times what it should be."), ("loss", 1.51, ""), ("loss", -1.5, ""),
])  # fmt: skip
def test_of_a_loss_any_fraction_of_small_numbers_is_told(name, given, says):
    curves = {"train_loss": [1.0], "train_acc": [1.0]} | {f"train_{name}": [given]}
    with pytest.raises(Unmet) as raised:
        toolbox.trainings.expect_curve(Case(0, "10_training_loop", "check"), curves, "train", [(1.0, 1.0)], epochs=1)
    assert raised.value.looks_like == says
