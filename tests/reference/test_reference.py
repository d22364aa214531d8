"""The reference against hand-sized cases and central differences, and against its own contract."""

import ast
import inspect

import numpy as np
import pytest

from grader.paths import REFERENCE
from reference.data import minibatches
from reference.gradcheck import numerical_gradient, relative_error
from reference.layers import Linear, ReLU
from reference.losses import SoftmaxCrossEntropy, softmax
from reference.network import MLP
from reference.optim import SGD
from reference.train import HYPERPARAMETERS, accuracy, train


def norm_ratio(a, b):
    return np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b))


def blobs(rng, n=60, features=5, classes=3):
    """Separable clusters: something that a small network learns in a few steps."""
    centres = rng.normal(size=(classes, features)) * 4
    y = rng.integers(0, classes, n)
    return centres[y] + rng.normal(size=(n, features)), y


# --- layers ---


def test_linear_by_hand():
    layer = Linear(2, 3, np.random.default_rng(0))
    layer.W[...] = [[1, 2, 3], [4, 5, 6]]
    layer.b[...] = [10, 20, 30]
    np.testing.assert_array_equal(layer.forward(np.array([[1.0, -1.0], [0.0, 2.0]])), [[7, 17, 27], [18, 30, 42]])
    dx = layer.backward(np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]]))
    np.testing.assert_array_equal(layer.dW, [[1, 0, 2], [-1, 2, -2]])
    np.testing.assert_array_equal(layer.db, [1, 1, 2])
    np.testing.assert_array_equal(dx, [[7, 16], [2, 5]])


def test_linear_starts_with_he_weights_and_zero_elsewhere():
    layer = Linear(400, 300, np.random.default_rng(1))
    assert layer.W.shape == (400, 300)
    assert abs(layer.W.std() / np.sqrt(2 / 400) - 1) < 0.01
    assert abs(layer.W.mean()) < 1e-3
    for zeros, shape in ((layer.b, (300,)), (layer.db, (300,)), (layer.dW, (400, 300))):
        assert zeros.shape == shape
        assert not zeros.any()


def test_relu_by_hand():
    relu = ReLU()
    np.testing.assert_array_equal(relu.forward(np.array([[-1.0, 0.0, 2.0]])), [[0, 0, 2]])
    np.testing.assert_array_equal(relu.backward(np.array([[5.0, 6.0, 7.0]])), [[0, 0, 7]])


# --- losses ---


def test_softmax_by_hand():
    np.testing.assert_allclose(softmax(np.log([[1.0, 2.0, 5.0]])), [[0.125, 0.25, 0.625]], rtol=1e-15)


def test_cross_entropy_by_hand():
    loss = SoftmaxCrossEntropy()
    value = loss.forward(np.log([[1.0, 3.0], [1.0, 1.0]]), np.array([0, 1]))
    assert value == pytest.approx((np.log(4) + np.log(2)) / 2, rel=1e-15)
    np.testing.assert_allclose(loss.backward(), [[-0.375, 0.375], [0.25, -0.25]], rtol=1e-15)
    np.testing.assert_array_equal(loss.backward(), loss.backward())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_losses_stay_finite_and_keep_their_type(dtype):
    logits = np.array([[1e4, 0, -1e4], [-1e4, -1e4, -1e4]], dtype=dtype)
    loss = SoftmaxCrossEntropy()
    assert softmax(logits).dtype == dtype
    assert loss.forward(logits, np.array([2, 0])) == pytest.approx((2e4 + np.log(3)) / 2)
    np.testing.assert_allclose(loss.backward(), [[0.5, 0, -0.5], [-1 / 3, 1 / 6, 1 / 6]], rtol=1e-6)
    assert loss.backward().dtype == dtype


# --- the network ---


@pytest.mark.parametrize("sizes", [(5, 3), (6, 5, 4), (6, 5, 4, 3)])
def test_every_gradient_agrees_with_central_differences(sizes):
    rng = np.random.default_rng(2)
    model, loss = MLP(sizes, rng), SoftmaxCrossEntropy()
    for p in model.parameters():
        p += rng.normal(size=p.shape) * 0.1  # biases too
    x, y = rng.normal(size=(7, sizes[0])), rng.integers(0, sizes[-1], 7)
    loss.forward(model.forward(x), y)
    dx = model.backward(loss.backward())

    def value(_):
        return SoftmaxCrossEntropy().forward(model.forward(x), y)

    for p, g in zip(model.parameters(), model.gradients(), strict=True):
        assert norm_ratio(g, numerical_gradient(value, p)) < 1e-8
    assert norm_ratio(dx, numerical_gradient(value, x)) < 1e-8


def test_network_alternates_linear_and_relu_and_hands_out_its_live_arrays():
    model = MLP((784, 128, 64, 10), np.random.default_rng(0))
    assert [type(layer) for layer in model.layers] == [Linear, ReLU, Linear, ReLU, Linear]
    W1, b1, *_ = model.parameters()
    assert W1 is model.layers[0].W
    assert b1 is model.layers[0].b
    assert len({id(layer) for layer in model.layers}) == 5
    x = np.random.default_rng(1).normal(size=(3, 784))
    np.testing.assert_array_equal(model.predict(x), model.forward(x).argmax(axis=1))


def test_float32_all_the_way_if_asked_for():
    rng = np.random.default_rng(0)
    model, loss = MLP((4, 3, 2), rng, dtype=np.float32), SoftmaxCrossEntropy()
    x = rng.normal(size=(5, 4)).astype(np.float32)
    loss.forward(model.forward(x), np.array([0, 1, 0, 1, 1]))
    assert model.backward(loss.backward()).dtype == np.float32
    SGD(0.1).step(model.parameters(), model.gradients())
    assert {a.dtype for a in (*model.parameters(), *model.gradients())} == {np.dtype(np.float32)}


def test_float64_without_asking():
    model = MLP((4, 3, 2), np.random.default_rng(0))
    assert {a.dtype for a in (*model.parameters(), *model.gradients())} == {np.dtype(np.float64)}


# --- gradient check ---


def test_numerical_gradient_of_a_polynomial_and_leaves_its_argument_alone():
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    before = x.copy()
    np.testing.assert_allclose(numerical_gradient(lambda a: float((a**3).sum()), x), 3 * before**2, rtol=1e-8)
    np.testing.assert_array_equal(x, before)


def test_relative_error_takes_the_largest_and_knows_zero():
    assert relative_error(np.array([1.0, 3.0]), np.array([1.0, 1.0])) == 0.5
    assert relative_error(np.zeros(2), np.zeros(2)) == 0.0


# --- steps and batches ---


def test_a_step_is_in_place_and_leaves_the_gradients():
    p, g = np.array([1.0, 2.0]), np.array([10.0, -10.0])
    same = p
    SGD(0.1).step([p], [g])
    assert p is same
    np.testing.assert_allclose(p, [0, 3])
    np.testing.assert_array_equal(g, [10, -10])


@pytest.mark.parametrize(("n", "size", "lengths"), [(10, 4, [4, 4, 2]), (8, 4, [4, 4]), (3, 5, [3]), (3, 1, [1, 1, 1])])
def test_minibatches_hand_out_each_pair_once(n, size, lengths):
    x, y = np.arange(n)[:, None] * 10.0, np.arange(n)
    batches = list(minibatches(x, y, size, np.random.default_rng(0)))
    assert [len(xb) for xb, _ in batches] == lengths
    assert sorted(np.concatenate([yb for _, yb in batches])) == list(range(n))
    for xb, yb in batches:
        np.testing.assert_array_equal(xb[:, 0], yb * 10)


# --- training ---


def trained(**own):
    rng = np.random.default_rng(3)
    x, y = blobs(rng)
    model = MLP((5, 8, 3), rng)
    start = [p.copy() for p in model.parameters()]
    settings = {"epochs": 5, "batch_size": 16, "lr": 0.1, **own}
    history = train(model, x[:40], y[:40], x[40:], y[40:], rng=np.random.default_rng(4), **settings)
    return model, history, start, (x, y)


def test_training_learns_and_keeps_its_books():
    model, history, _, (x, y) = trained(epochs=20)
    assert list(history) == ["train_loss", "train_acc", "val_loss", "val_acc"]
    assert {len(curve) for curve in history.values()} == {20}
    assert all(type(value) is float for curve in history.values() for value in curve)
    assert history["train_loss"][-1] < history["train_loss"][0] / 3
    assert history["val_acc"][-1] == accuracy(model, x[40:], y[40:])
    assert history["val_loss"][-1] == SoftmaxCrossEntropy().forward(model.forward(x[40:]), y[40:])


def test_training_is_repeatable():
    first, second = trained(), trained()
    assert first[1] == second[1]
    for a, b in zip(first[0].parameters(), second[0].parameters()):
        np.testing.assert_array_equal(a, b)


def test_one_full_batch_is_one_step_against_the_gradient():
    model, _, start, (x, y) = trained(epochs=1, batch_size=40)
    fresh, loss = MLP((5, 8, 3), np.random.default_rng(0)), SoftmaxCrossEntropy()
    for p, value in zip(fresh.parameters(), start):
        p[...] = value
    loss.forward(fresh.forward(x[:40]), y[:40])
    fresh.backward(loss.backward())
    for p, value, g in zip(model.parameters(), start, fresh.gradients()):
        np.testing.assert_allclose(p, value - 0.1 * g, rtol=1e-12, atol=1e-15)


def test_decay_of_one_changes_nothing_and_of_zero_stops_after_the_first_epoch():
    plain, decayed = trained(), trained(lr_decay=1.0)
    assert plain[1] == decayed[1]
    one, stopped = trained(epochs=1), trained(epochs=4, lr_decay=0.0)
    for a, b in zip(one[0].parameters(), stopped[0].parameters()):
        np.testing.assert_array_equal(a, b)


def test_hyperparameters_are_keywords_of_train():
    inspect.signature(train).bind(*range(5), rng=None, **HYPERPARAMETERS)
    assert "rng" not in HYPERPARAMETERS


# --- the house rules ---


def test_nothing_but_numpy_is_imported_at_the_top():
    for path in REFERENCE.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= {"numpy", "sys", "time"}, path.name
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 1, path.name


def test_only_two_functions_take_more_than_the_contract():
    assert list(inspect.signature(Linear).parameters) == ["in_features", "out_features", "rng", "dtype"]
    assert list(inspect.signature(MLP).parameters) == ["sizes", "rng", "dtype"]
    assert [*inspect.signature(train).parameters][5:] == ["epochs", "batch_size", "lr", "rng", "lr_decay"]
    assert list(inspect.signature(SGD).parameters) == ["lr"]
    assert list(inspect.signature(minibatches).parameters) == ["x", "y", "batch_size", "rng"]
