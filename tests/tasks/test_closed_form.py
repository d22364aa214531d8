"""The closed forms that checks compare with: against central differences, and against counting."""

import numpy as np
import pytest

from tests.tasks.toolbox import closed_form as cf


@pytest.fixture
def net():
    rng = np.random.default_rng(0)
    parameters = []
    for inputs, outputs in ((4, 5), (5, 3), (3, 6)):
        parameters += [0.7 * rng.normal(size=(inputs, outputs)), 0.5 + 0.2 * rng.normal(size=outputs)]
    return parameters, rng.normal(size=(7, 4)), np.array([0, 5, 2, 1, 3, 4, 2])


def test_gradients_are_the_slopes_of_the_loss(net):
    parameters, x, y = net
    loss, dlogits = cf.cross_entropy(cf.forward(parameters, x), y)
    gradients, dx = cf.backward(parameters, x, dlogits)
    for array, gradient in [*zip(parameters, gradients), (x, dx)]:
        for index in np.ndindex(array.shape):
            kept, ends = array[index], []
            for step in (1e-6, -1e-6):
                array[index] = kept + step
                ends.append(cf.evaluate(parameters, x, y)[0])
            array[index] = kept
            assert gradient[index] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-8)
    assert loss == cf.evaluate(parameters, x, y)[0]


def test_cross_entropy_is_finite_at_large_logits():
    loss, gradient = cf.cross_entropy(np.array([[1e4, 0.0], [-1e4, 0.0]]), [1, 1])
    assert loss == 5000.0
    assert np.array_equal(gradient, [[0.5, -0.5], [0.0, 0.0]])


@pytest.mark.parametrize(("rows", "size", "count"), [(5, 2, 30), (4, 2, 6), (5, 3, 10), (3, 5, 1), (4, 1, 24)])
def test_cuts_are_all_and_distinct(rows, size, count):
    found = list(cf.cuts(range(rows), size))
    assert len({tuple(map(tuple, cut)) for cut in found}) == len(found) == count
    assert all(sorted(row for batch in cut for row in batch) == list(range(rows)) for cut in found)
    assert all(len(batch) == size for cut in found for batch in cut[:-1])


def test_two_epochs_have_900_outcomes(net):
    parameters, x, y = net
    ends = cf.epochs_possible(parameters, x[:5], y[:5], 2, 0.1, epochs=2)
    assert len(ends) == 900
    assert len(np.unique(np.round(ends, 9), axis=0)) == 900
    # Outcome n * 30 + m has gone the m-th way last, from the n-th outcome of the first epoch.
    ways = list(cf.cuts(range(5), 2))
    for n, m in ((0, 0), (7, 29), (29, 3)):
        by_hand = parameters
        for batch in ways[n] + ways[m]:
            by_hand = cf.descend(by_hand, x[batch], y[batch], 0.1)
        assert np.allclose(ends[30 * n + m], cf.flat(by_hand), rtol=1e-12, atol=0)


def test_one_batch_is_gradient_descent(net):
    parameters, x, y = net
    (end,) = cf.epochs_possible(parameters, x, y, 7, 0.3, epochs=3)
    expected = parameters
    for _ in range(3):
        expected = cf.descend(expected, x, y, 0.3)
    assert np.allclose(end, cf.flat(expected), rtol=1e-13, atol=0)


def test_signs_tell_which_units_are_on(net):
    parameters, x, _ = net
    z1 = x @ parameters[0] + parameters[1]
    z2 = np.maximum(z1, 0) @ parameters[2] + parameters[3]
    assert np.array_equal(cf.signs(parameters, x), np.hstack([z1, z2]) > 0)
    assert cf.signs(parameters[:2], x).shape == (7, 0)


def test_what_is_remembered_is_worked_out_once_for_equal_numbers():
    calls = []
    asked = cf.remembered(lambda arrays, factor=1: calls.append(arrays) or factor * arrays[0])
    one, other = np.ones(2), np.array([1.0, 2.0])
    assert asked([one]) is asked([one.copy()])
    assert len(calls) == 1
    np.testing.assert_array_equal(asked([other]), other)
    np.testing.assert_array_equal(asked([one], factor=2), 2 * one)
    one[0] = 5.0
    np.testing.assert_array_equal(asked([one]), [5.0, 1.0])
    assert len(calls) == 4
    for k in range(cf._KEPT):
        asked([np.full(2, float(k + 10))])
    asked([other])
    assert len(calls) == 5 + cf._KEPT  # only the last ones are kept
