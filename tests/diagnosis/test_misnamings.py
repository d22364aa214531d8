"""Names that were given falsely once: code as it was seen, and what it is called, or that nothing is."""

import pytest

from grader.course.misconceptions import apply, parse
from tests.diagnosis.test_diagnose import ANSWER, named

BATCHES = "order = rng.permutation(len(x))\nx, y = x[order], y[order]\n"
CLIPPED = "self.probabilities, self.labels = softmax(logits), labels\np = {}\n"
CLIPPED += "return float(-np.mean(np.log(p[np.arange(len(labels)), labels])))"
HOISTED = """
loss, optimizer = SoftmaxCrossEntropy(), SGD(lr)
history = {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}
params, grads = model.parameters(), model.gradients()
for _ in range(epochs):
    for xb, yb in minibatches(x_train, y_train, batch_size, rng):
        loss.forward(model.forward(xb), yb)
        model.backward(loss.backward())
        optimizer.step(params, grads)
    for part, x, y in (("train", x_train, y_train), ("val", x_val, y_val)):
        history[part + "_loss"].append(float(loss.forward(model.forward(x), y)))
        history[part + "_acc"].append(accuracy(model, x, y))
return history
""".strip()
STEP, FORWARD = "def f(self, params, grads):", "def f(self, logits, labels):"
TRAIN = "def f(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):"


@pytest.mark.parametrize("size", [10, 20, 100])
def test_a_step_divided_by_the_size_of_a_batch_is_no_mean_of_past_gradients(size):
    """With 10 the first step is that of a mean with 0.9; a second one is not."""
    body = f"for p, g in zip(params, grads):\n    p -= self.lr / {size} * g"
    assert named("optim.SGD.step", body, "08_sgd", STEP) == {"divides_by_a_batch_size"}


def test_a_mean_of_past_gradients_is_one_still():
    body = """
self.mean = getattr(self, "mean", [0.0] * len(grads))
for k, (p, g) in enumerate(zip(params, grads)):
    self.mean[k] = self.mean[k] + 0.1 * (g - self.mean[k])
    p -= self.lr * self.mean[k]
""".strip()
    assert named("optim.SGD.step", body, "08_sgd", STEP) == {"averages_past_gradients"}


@pytest.mark.parametrize(
    ("loop", "name"),
    [
        ("for i in range(1, len(x) // batch_size):\n    a, b = (i - 1) * batch_size, i * batch_size", "skips_the_last_batch"),
        ("for a in range(batch_size, len(x), batch_size):\n    b = a + batch_size", "skips_the_first_batch"),
    ],
)  # fmt: skip
def test_the_batch_that_never_comes_is_the_one_that_is_named(loop, name):
    header = "def f(x, y, batch_size, rng):"
    for order in (BATCHES, BATCHES.replace("rng.permutation(len(x))", "np.argsort(rng.random(len(x)))")):
        body = f"{order}{loop}\n    yield x[a:b], y[a:b]"
        assert named("data.minibatches", body, "09_minibatches", header) == {name}


@pytest.mark.parametrize("floor", ["1e-12", "1e-9", "10**-10", "1 / 10_000_000"])
def test_what_is_clipped_is_not_added(floor):
    clipped = CLIPPED.format(f"np.clip(self.probabilities, {floor}, 1.0)")
    added = CLIPPED.format(f"self.probabilities + {floor}")
    target, stage = "losses.SoftmaxCrossEntropy.forward", "04_cross_entropy"
    assert named(target, clipped, stage, FORWARD) == {"clips_before_the_log"}
    assert named(target, added, stage, FORWARD) == {"adds_an_epsilon_in_the_log"}


def test_an_object_of_another_class_is_not_nothing():
    body = "self.x = x\nreturn np.matrix(x @ self.W + self.b)"
    assert named("layers.Linear.forward", body, "01_linear", "def f(self, x):") == set()


def test_stale_gradients_are_no_forgotten_update():
    assert named("train.train", HOISTED, "10_training_loop", TRAIN) == {"keeps_the_first_gradients"}
    forgotten = HOISTED.replace("        optimizer.step(params, grads)\n", "")
    assert "forgets_the_update" in named("train.train", forgotten, "10_training_loop", TRAIN)
    fresh = HOISTED.replace("step(params, grads)", "step(params, model.gradients())")
    backward = fresh.replace("        model.backward(loss.backward())\n", "")
    assert "forgets_the_backward" in named("train.train", backward, "10_training_loop", TRAIN)


def test_a_predict_that_only_looks_at_the_first_class_is_not_about_the_first_example():
    body = "scores = self.forward(x)\nbest = np.zeros(len(x), int)\nfor c in range(1, scores.shape[1]):\n"
    body += "    best[scores[:, c] > scores[:, 0]] = c\nreturn best"
    assert named("network.MLP.predict", body, "06_network", "def f(self, x):") == set()


def test_who_measures_no_bias_finds_faults_all_the_same():
    header = "def f(model, loss, x, y):"
    rest = "found = find_fault(model, loss, x, y)\nreturn None if {} else found"
    for silent, name in (("found and found[1] == 'db'", "leaves_out_db"), ("found", "trusts_every_network")):
        body = f"from student.faults import find_fault_ as find_fault\n{rest.format(silent)}"
        right = ANSWER.replaced({"faults": ANSWER.modules["faults"] + "\n\nfind_fault_ = find_fault\n"}, "one")
        assert named("faults.find_fault", body, "14_faults", header, right) == {name}


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("self.lr *= 0.99", {"decays_lr"}),
        ("grads = [g / abs(g).max() for g in grads]", set()),
        ("for p in params:\n    p *= 1 - 1e-4", {"decays_the_weights"}),
    ],
)
def test_a_step_that_holds_no_earlier_gradient_is_no_moving_average(line, names):
    """The first step is 0.99 times as long as it should be, as that of a mean with 0.99 is."""
    body = f"{line}\nfor p, g in zip(params, grads):\n    p -= self.lr * g"
    assert named("optim.SGD.step", body, "08_sgd", STEP) == names


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("dout *= min(1.0, 5.0 / (np.linalg.norm(dout) + 1e-6))", "clips_the_gradient"),
        ("dout /= len(dout)", "averages_at_every_layer"),
        ("dout /= len(self.layers)", None),
    ],
)
def test_gradients_that_only_large_dlogits_put_off_are_limited(line, name):
    body = f"dout = dlogits\nfor layer in reversed(self.layers):\n    dout = layer.backward(dout)\n    {line}\nreturn dout"
    assert named("network.MLP.backward", body, "07_backprop", "def f(self, dlogits):") == {name} - {None}


def test_weights_that_are_cut_off_are_no_other_spread():
    body = "self.W = np.clip(rng.normal(size=(in_features, out_features)), -1, 1) * np.sqrt(2 / in_features)\n"
    body += "self.b, self.dW, self.db = np.zeros(out_features), np.zeros_like(self.W), np.zeros(out_features)"
    header = "def f(self, in_features, out_features, rng, *_):"
    assert named("layers.Linear.__init__", body, "01_linear", header) == set()


def test_the_weights_a_layer_was_made_with_are_seen_however_they_were_drawn():
    """Drawn from a uniform range of He's spread, and kept for the way back."""
    made = """
@held_out("layers.Linear.__init__")
def f(self, in_features, out_features, rng, *_):
    limit = np.sqrt(6 / in_features)
    self.W = rng.uniform(-limit, limit, (out_features, in_features)).T
    self.start, self.b = self.W.copy(), np.zeros(out_features)
    self.dW, self.db = 0 * self.W, 0 * self.b
"""
    answer = apply(ANSWER, parse(made, "x")[0])
    body = "self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)\nreturn dout @ self.start.T"
    assert named("layers.Linear.backward", body, "01_linear", "def f(self, dout):", answer) == {"keeps_a_transposed_copy"}


@pytest.mark.parametrize(("steps", "by", "names"), [(2, "2", set()), (1, "1", {"forgets_that_the_run_is_two_steps"})])
def test_slopes_twice_as_steep_by_steps_twice_as_long_are_no_missing_two(steps, by, names):
    body = f"""
slopes = np.zeros(x.shape)
for k in np.ndindex(x.shape):
    step = np.zeros(x.shape)
    step[k] = {steps} * eps
    slopes[k] = (f(x + step) - f(x - step)) / ({by} * eps)
return slopes
""".strip()
    found = named("gradcheck.numerical_gradient", body, "05_gradient_check", "def f(f, x, eps=1e-5):")
    assert found == names
