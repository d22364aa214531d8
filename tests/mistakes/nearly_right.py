"""Answers whose values are right, in another shape, precision or container than asked for.

Read as text, as the misconceptions are. Each loses the checks in `fails` and none behind them: no stage waits for it.
"""

from collections import OrderedDict
from itertools import pairwise

import numpy as np

from grader.course.misconceptions import misconception
from reference.layers import Linear, ReLU

# --- float32 --------------------------------------------------------------------------------------------------------


@misconception("layers.Linear", fails=["check_linear_works_in_float64"])
class LinearHoldsFloat32:
    """Linear holds float32

    Weights in float32; what is multiplied with them may be float64.
    """

    def __init__(self, in_features, out_features, rng, *_):
        self.W = rng.normal(0, np.sqrt(2 / in_features), (in_features, out_features)).astype(np.float32)
        self.b = np.zeros(out_features, np.float32)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


@misconception("layers.Linear", fails=["check_linear_works_in_float64"])
class LinearComputesInFloat32:
    """Linear computes in float32

    Everything in float32, images and gradients too.
    """

    def __init__(self, in_features, out_features, rng, *_):
        self.W = (rng.standard_normal((in_features, out_features)) * (2 / in_features) ** 0.5).astype("float32")
        self.b, self.db = np.zeros(out_features, "float32"), np.zeros(out_features, "float32")
        self.dW = np.zeros_like(self.W)

    def forward(self, x):
        self.x = x.astype("float32")
        return self.x @ self.W + self.b

    def backward(self, dout):
        dout = dout.astype("float32")
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


@misconception("network.MLP.__init__", fails=["check_network_draws_every_layer_from_rng"])
def asks_its_layers_for_float32(self, sizes, rng, *_):
    """Asks its layers for float32

    A float32 network of layers that are float64 unless they are told.
    """
    self.layers = []
    for inputs, units in pairwise(sizes):
        self.layers += [Linear(inputs, units, rng, np.float32), ReLU()]
    self.layers.pop()


# --- a bias as a row ------------------------------------------------------------------------------------------------


@misconception("layers.Linear", fails=["check_linear_starts_from_zeros"])
class LinearWithARowForABias:
    """Linear with a row for a bias

    b and db are (1, units), as in many textbooks.
    """

    def __init__(self, in_features, out_features, rng, *_):
        self.W = rng.normal(0, np.sqrt(2 / in_features), (in_features, out_features))
        self.b = np.zeros((1, out_features))
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout):
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0, keepdims=True)
        return np.dot(dout, self.W.T)


@misconception("layers.Linear.__init__", fails=["check_linear_starts_from_zeros"])
def keeps_b_alone_as_a_row(self, in_features, out_features, rng, *_):
    """Keeps b alone as a row

    b is (1, units), db is (units,).
    """
    self.W = rng.normal(0, np.sqrt(2 / in_features), (in_features, out_features))
    self.b = np.zeros((1, out_features))
    self.dW, self.db = np.zeros_like(self.W), np.zeros(out_features)


# --- lists and mappings ---------------------------------------------------------------------------------------------


@misconception("network.MLP.predict", fails=["check_network_forward_repeats_itself"])
def predicts_a_list(self, x):
    """Predicts a list

    A list of Python's whole numbers.
    """
    return [int(np.argmax(scores)) for scores in self.forward(x)]


@misconception("network.MLP.predict", fails=["check_network_forward_repeats_itself"])
def predicts_a_list_of_integers(self, x):
    """Predicts a list of integers

    A list of NumPy's whole numbers.
    """
    return list(self.forward(x).argmax(axis=1))


class Row:
    """What these networks have in common: `row` is the flat list of their layers."""

    def forward(self, x):
        for layer in self.row():
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(list(self.row())):
            dout = layer.backward(dout)
        return dout

    def parameters(self):
        return [array for layer in self.row() if isinstance(layer, Linear) for array in (layer.W, layer.b)]

    def gradients(self):
        return [array for layer in self.row() if isinstance(layer, Linear) for array in (layer.dW, layer.db)]

    def predict(self, x):
        return self.forward(x).argmax(axis=1)


@misconception("network.MLP", fails=["check_network_layers_share_nothing"])
class LayersInADict(Row):
    """Layers in a dict

    Layers by name.
    """

    def __init__(self, sizes, rng):
        self.layers = {}
        for k in range(1, len(sizes)):
            self.layers[f"linear{k}"] = Linear(sizes[k - 1], sizes[k], rng)
            if k < len(sizes) - 1:
                self.layers[f"relu{k}"] = ReLU()

    def row(self):
        return self.layers.values()


@misconception("network.MLP", fails=["check_network_layers_share_nothing"])
class LayersInAnOrderedDict(Row):
    """Layers in an ordered dict

    As the most-sold textbook has it.
    """

    def __init__(self, sizes, rng):
        self.layers = OrderedDict()
        for k in range(1, len(sizes)):
            self.layers["Affine" + str(k)] = Linear(sizes[k - 1], sizes[k], rng)
            self.layers["Relu" + str(k)] = ReLU()
        self.layers.popitem()

    def row(self):
        return self.layers.values()


@misconception("network.MLP", fails=["check_network_layers_share_nothing"])
class LayersInBlocks(Row):
    """Layers in blocks

    Each Linear with its ReLU in a list of its own.
    """

    def __init__(self, sizes, rng):
        last = len(sizes) - 2
        self.layers = [[Linear(sizes[k], sizes[k + 1], rng)] + [ReLU()] * (k < last) for k in range(last + 1)]

    def row(self):
        return [layer for block in self.layers for layer in block]


@misconception("network.MLP", fails=["check_network_layers_share_nothing"])
class LayersInBlocksAndOneAlone(Row):
    """Layers in blocks and one alone

    Blocks as tuples, and the last Linear on its own.
    """

    def __init__(self, sizes, rng):
        pairs = list(pairwise(sizes))
        self.layers = [(Linear(*pair, rng), ReLU()) for pair in pairs[:-1]] + [Linear(*pairs[-1], rng)]

    def row(self):
        return [layer for item in self.layers for layer in (item if isinstance(item, tuple) else (item,))]


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_live"])
def generates_the_parameters(self):
    """Generates the parameters

    A generator, as in PyTorch.
    """
    for layer in self.layers:
        if isinstance(layer, Linear):
            yield layer.W
            yield layer.b


@misconception("data.minibatches", fails=["check_batches_leave_the_data_alone"])
def lists_the_labels(x, y, batch_size, rng):
    """Lists the labels

    Labels as a list of whole numbers.
    """
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], [int(y[row]) for row in rows]
