"""The reference meets what other courses publish about their exercises on the same mathematics.

Inputs and expected numbers are theirs, cited at each case; the code around them is this course's own.
"""

import numpy as np
import pytest

from reference.data import load_mnist
from reference.gradcheck import numerical_gradient, relative_error
from reference.layers import Linear, ReLU
from reference.losses import SoftmaxCrossEntropy, softmax
from reference.network import MLP
from reference.optim import SGD
from reference.train import HYPERPARAMETERS, accuracy, train
from tests.genuine import sets


def with_parameters(model, *values):
    for p, value in zip(model.parameters(), values, strict=True):
        p[...] = value
    return model


def loss_and_gradients(model, x, y):
    """Mean cross-entropy of a batch, and the gradients of all parameters."""
    loss = SoftmaxCrossEntropy()
    value = loss.forward(model.forward(x), y)
    model.backward(loss.backward())
    return value, model.gradients()


def assert_gradients_pass(model, x, y, limit):
    """CS231n's own measure: the largest relative error of any entry, against central differences."""
    _, gradients = loss_and_gradients(model, x, y)
    for p, g in zip(model.parameters(), gradients):
        numeric = numerical_gradient(lambda _: SoftmaxCrossEntropy().forward(model.forward(x), y), p)
        assert relative_error(g, numeric) < limit


# --- Stanford CS231n, assignment 2, FullyConnectedNets.ipynb: the two-layer net on evenly spaced numbers ---


def cs231n_evenly_spaced():
    N, D, H, C = 3, 5, 50, 7
    model = with_parameters(
        MLP((D, H, C), np.random.default_rng(0)),
        np.linspace(-0.7, 0.3, D * H).reshape(D, H),
        np.linspace(-0.1, 0.9, H),
        np.linspace(-0.3, 0.4, H * C).reshape(H, C),
        np.linspace(-0.9, 0.1, C),
    )
    return model, np.linspace(-5.5, 4.5, N * D).reshape(D, N).T, np.array([0, 5, 1])


CS231N_SCORES = [
    [11.53165108, 12.2917344, 13.05181771, 13.81190102, 14.57198434, 15.33206765, 16.09215096],
    [12.05769098, 12.74614105, 13.43459113, 14.1230412, 14.81149128, 15.49994135, 16.18839143],
    [12.58373087, 13.20054771, 13.81736455, 14.43418138, 15.05099822, 15.66781506, 16.2846319],
]


def test_cs231n_two_layer_net_scores():
    model, x, _ = cs231n_evenly_spaced()
    assert np.abs(model.forward(x) - CS231N_SCORES).sum() < 1e-6


@pytest.mark.parametrize(("regularisation", "published"), [(0.0, 3.4702243556), (1.0, 26.5948426952)])
def test_cs231n_two_layer_net_loss(regularisation, published):
    model, x, y = cs231n_evenly_spaced()
    value, _ = loss_and_gradients(model, x, y)
    W1, _, W2, _ = model.parameters()
    penalty = 0.5 * regularisation * ((W1**2).sum() + (W2**2).sum())  # theirs; the course's loss has none
    assert abs(value + penalty - published) < 1e-10


def test_cs231n_two_layer_net_gradients():
    model, x, y = cs231n_evenly_spaced()
    assert_gradients_pass(model, x, y, 1e-6)  # "errors should be around e-7 or less"


# --- Stanford CS231n, assignment 1 (2016 to 2019), two_layer_net.ipynb: the toy model ---


def cs231n_toy():
    old = np.random.RandomState(0)
    model = with_parameters(MLP((4, 10, 3), np.random.default_rng(0)), 0.1 * old.randn(4, 10), 0, 0.1 * old.randn(10, 3), 0)
    return model, 10 * np.random.RandomState(1).randn(5, 4), np.array([0, 1, 2, 2, 1])


def test_cs231n_toy_scores():
    model, x, _ = cs231n_toy()
    published = [
        [-0.81233741, -1.27654624, -0.70335995],
        [-0.17129677, -1.18803311, -0.47310444],
        [-0.51590475, -1.01354314, -0.8504215],
        [-0.15419291, -0.48629638, -0.52901952],
        [-0.00618733, -0.12435261, -0.15226949],
    ]
    assert np.abs(model.forward(x) - published).sum() < 1e-7


def test_cs231n_toy_loss():
    model, x, y = cs231n_toy()
    value, _ = loss_and_gradients(model, x, y)
    W1, _, W2, _ = model.parameters()
    assert abs(value + 0.05 * ((W1**2).sum() + (W2**2).sum()) - 1.30378789133) < 1e-11


def test_cs231n_toy_gradients():
    model, x, y = cs231n_toy()
    assert_gradients_pass(model, x, y, 1e-7)


def test_cs231n_toy_net_is_learned_to_a_small_loss():
    """100 steps of lr 0.1 on all five examples: the notebook expects a training loss below 0.02."""
    model, x, y = cs231n_toy()
    optimizer = SGD(0.1)
    for _ in range(100):
        value, gradients = loss_and_gradients(model, x, y)
        optimizer.step(model.parameters(), gradients)
    assert value < 0.02


def test_cs231n_softmax_loss_of_small_scores_is_log_10():
    """Random scores of size 0.001: a loss of about 2.3, gradients within 1e-7 of the differences."""
    scores = 0.001 * np.random.default_rng(0).normal(size=(50, 10))
    labels = np.random.default_rng(1).integers(0, 10, 50)
    loss = SoftmaxCrossEntropy()
    assert loss.forward(scores, labels) == pytest.approx(np.log(10), abs=1e-3)
    numeric = numerical_gradient(lambda z: SoftmaxCrossEntropy().forward(z, labels), scores)
    assert relative_error(loss.backward(), numeric) < 1e-6


# --- CMU 11-785, homework 1 part 1, local autograder 3.0.1 (its weights are (out, in), its gradients not averaged) ---


def test_cmu_linear():
    layer = Linear(2, 3, np.random.default_rng(0))
    layer.W[...] = np.array([[-2.0, -1.0], [0.0, 1.0], [2.0, 3.0]]).T
    layer.b[...] = [-1.0, 0.0, 1.0]
    z = layer.forward(np.array([[-4.0, -3.0], [-2.0, -1.0], [0.0, 1.0], [2.0, 3.0]]))
    np.testing.assert_allclose(z, [[10, -3, -16], [4, -1, -6], [-2, 1, 4], [-8, 3, 14]])
    dx = layer.backward(np.array([[-4.0, -3.0, -2.0], [-1.0, 0.0, 1.0], [2.0, 3.0, 4.0], [5.0, 6.0, 7.0]]))
    np.testing.assert_allclose(dx, [[4, -5], [4, 4], [4, 13], [4, 22]])
    np.testing.assert_allclose(layer.dW, np.array([[28, 30], [24, 30], [20, 30]]).T)
    np.testing.assert_allclose(layer.db, [2, 6, 10])


def test_cmu_relu():
    relu = ReLU()
    out = relu.forward(np.array([[-4.0, -3.0], [-2.0, -1.0], [0.0, 1.0], [2.0, 3.0]]))
    np.testing.assert_array_equal(out, [[0, 0], [0, 0], [0, 1], [2, 3]])
    dx = relu.backward(np.array([[1.0, 1.0], [3.0, 1.0], [2.0, 0.0], [0.0, -1.0]]))
    np.testing.assert_array_equal(dx, [[0, 0], [0, 0], [0, 0], [0, -1]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cmu_softmax_of_large_logits(dtype):
    given = softmax(np.array([[1000, 1001, 1002], [12345, 12346, 12347]], dtype=dtype))
    np.testing.assert_allclose(given, [[0.09, 0.24473, 0.66524]] * 2, atol=1e-4)


def test_cmu_softmax_of_ordinary_logits():
    given = softmax(np.array([[3.0, -4.5, 1.0, 6.5, 2.0], [-2.0, -0.5, 0.0, 0.5, 2.0]]))
    published = [[0.0289, 0.0, 0.0039, 0.9566, 0.0106], [0.0126, 0.0563, 0.0928, 0.1529, 0.6855]]
    np.testing.assert_allclose(given, published, atol=1e-4)


# --- CMU 10-714 (dlsyscourse.org), homework 0: softmax_loss and nn_epoch; its network has no biases ---


def hw0_epoch(x, y, W1, W2, lr, batch):
    """One pass in order, as nn_epoch makes it: returns the new weights."""
    model = with_parameters(MLP((W1.shape[0], W1.shape[1], W2.shape[1]), np.random.default_rng(0), np.float32), W1, 0, W2, 0)
    W1, b1, W2, b2 = model.parameters()
    optimizer = SGD(lr)
    for start in range(0, len(x), batch):
        _, (dW1, _, dW2, _) = loss_and_gradients(model, x[start : start + batch], y[start : start + batch])
        optimizer.step([W1, W2], [dW1, dW2])
    assert not b1.any()
    assert not b2.any()
    return model, W1, W2


def test_dlsys_softmax_loss_of_equal_logits():
    labels = np.random.default_rng(0).integers(0, 10, 60_000)
    assert SoftmaxCrossEntropy().forward(np.zeros((60_000, 10)), labels) == pytest.approx(2.3025850, rel=1e-7)


def test_dlsys_nn_epoch_takes_one_step_against_the_gradient():
    old = np.random.RandomState(0)
    x, y = old.randn(50, 5).astype(np.float32), old.randint(3, size=50)
    W1 = old.randn(5, 10).astype(np.float32) / np.sqrt(10)
    W2 = old.randn(10, 3).astype(np.float32) / np.sqrt(3)
    _, new_W1, new_W2 = hw0_epoch(x, y, W1, W2, lr=1.0, batch=50)
    exact = with_parameters(MLP((5, 10, 3), np.random.default_rng(0)), W1, 0, W2, 0)

    def value(_):
        return SoftmaxCrossEntropy().forward(exact.forward(x.astype(float)), y)

    dW1, dW2 = (numerical_gradient(value, p) for p in exact.parameters()[::2])
    np.testing.assert_allclose(W1 - new_W1, dW1, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(W2 - new_W2, dW2, rtol=1e-4, atol=1e-4)


# --- with all 70,000 images of MNIST ---

FOLDER = sets.find("MNIST")
with_all_of_mnist = pytest.mark.skipif(FOLDER is None, reason="the files of MNIST are not here: python -m tests.genuine.sets")


@pytest.fixture(scope="module")
def all_of_mnist():
    return load_mnist(FOLDER)


@with_all_of_mnist
def test_dlsys_softmax_loss_of_random_logits(all_of_mnist):
    logits = np.random.RandomState(0).randn(60_000, 10)
    assert SoftmaxCrossEntropy().forward(logits, all_of_mnist[1]) == pytest.approx(2.7291998, rel=1e-7)


@with_all_of_mnist
def test_dlsys_nn_epoch_on_mnist(all_of_mnist):
    """Norms of the weights, loss and error after one epoch; theirs to 1e-5, ours to what the order of summing leaves."""
    x, y = all_of_mnist[:2]
    old = np.random.RandomState(0)
    W1 = old.randn(784, 100).astype(np.float32) / np.sqrt(100)
    W2 = old.randn(100, 10).astype(np.float32) / np.sqrt(10)
    model, W1, W2 = hw0_epoch(x, y, W1, W2, lr=0.2, batch=100)
    assert np.linalg.norm(W1) == pytest.approx(28.437788, rel=1e-4)
    assert np.linalg.norm(W2) == pytest.approx(10.455095, rel=1e-4)
    assert SoftmaxCrossEntropy().forward(model.forward(x), y) == pytest.approx(0.19770025, abs=1e-3)
    assert 1 - accuracy(model, x, y) == pytest.approx(0.06006667, abs=5e-4)


@with_all_of_mnist
def test_berkeley_cs188_bar_and_the_courses_own_on_the_test_images(all_of_mnist):
    """CS188, project "Machine Learning", question 3: 97 % of the 10,000 test images. The course asks its own for 98 %."""
    rng = np.random.default_rng(0)
    model = MLP((784, 128, 64, 10), rng, dtype=np.float32)
    train(model, *all_of_mnist, rng=rng, **HYPERPARAMETERS)
    assert accuracy(model, *all_of_mnist[2:]) >= 0.98
