"""What is put in for a learner's function stands in for whatever kind of thing theirs was."""

import sys
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from tests.tasks.toolbox import substitutes


class Box(substitutes.Linear):
    """A Linear of the learner's."""


class Gate(substitutes.ReLU):
    """A ReLU of the learner's."""


@pytest.fixture
def network(monkeypatch):
    """Makes an MLP with what is put in, on top of the layers that the learner's own __init__ made."""
    monkeypatch.setitem(sys.modules, "student.layers", SimpleNamespace(Linear=Box, ReLU=Gate))

    def make(layers, sizes=(4, 3, 2)):
        model = substitutes.MLP.__new__(substitutes.MLP)
        model.layers = layers
        model.__init__(sizes, np.random.default_rng(0))
        return model

    return make


def layers(*widths):
    rng = np.random.default_rng(1)
    return [layer for pair in pairwise(widths) for layer in (Box(*pair, rng), Gate())][:-1]


def test_batches_can_be_counted_gone_through_and_asked_for_the_next():
    x, y = np.arange(14.0).reshape(7, 2), np.arange(7)
    batches = substitutes.minibatches(x, y, 3, np.random.default_rng(0))
    assert len(batches) == 3
    assert sorted(label for _, yb in batches for label in yb) == [*range(7)]
    assert all((xb[:, 0] == 2 * yb).all() for xb, yb in batches)
    assert [len(next(batches)[1]) for _ in range(3)] == [3, 3, 1]
    with pytest.raises(StopIteration):
        next(batches)


def test_a_network_keeps_the_layers_that_the_learners_code_has_by_other_names(network):
    theirs = layers(4, 3, 2)
    assert all(mine is own for mine, own in zip(network(theirs).layers, theirs, strict=True))


@pytest.mark.parametrize("sizes", [(4, 3, 2), (4, 3, 3, 2)])
def test_of_a_network_that_lacks_relus_or_has_one_twice_it_keeps_the_linears(network, sizes):
    gate = Gate()
    for theirs in (layers(*sizes)[::2], [layer if isinstance(layer, Box) else gate for layer in layers(*sizes)]):
        made = network(theirs, sizes).layers
        assert [type(layer) for layer in made] == [type(layer) for layer in layers(*sizes)]
        assert all(mine is own for mine, own in zip(made[::2], [one for one in theirs if one is not gate], strict=True))
        assert len({id(layer) for layer in made}) == len(made)


def test_a_network_of_other_widths_or_with_one_layer_twice_is_made_anew(network):
    for theirs in (layers(4, 5, 2), [*layers(4, 3, 2)[:1] * 2, *layers(4, 3, 2)[2:]]):
        made = network(theirs).layers
        assert [layer.W.shape for layer in made[::2]] == [(4, 3), (3, 2)]
        assert not any(mine is own for mine in made for own in theirs)


def test_what_a_linear_gives_is_plain_whatever_class_its_w_is_of():
    class Parameter(np.ndarray):
        pass

    linear = Box(4, 3, np.random.default_rng(0))
    linear.W = linear.W.view(Parameter)
    assert type(linear.forward(np.ones((2, 4)))) is np.ndarray
    assert type(linear.backward(np.ones((2, 3)))) is np.ndarray
