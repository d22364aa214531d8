"""Other forms of slips in building and running the network."""

import itertools

import numpy as np

from grader.course.misconceptions import held_out
from reference.layers import Linear, ReLU


@held_out("network.MLP.__init__")
def ends_with_a_relu(self, sizes, rng, *_):
    self.layers = [layer for a, b in itertools.pairwise(sizes) for layer in (Linear(a, b, rng), ReLU())]


@held_out("network.MLP.__init__")
def has_no_relu(self, sizes, rng, *_):
    self.layers = list(map(lambda a, b: Linear(a, b, rng), sizes[:-1], sizes[1:]))


@held_out("network.MLP.__init__")
def shares_one_relu(self, sizes, rng, *_):
    relu = ReLU()
    self.layers = [layer for a, b in itertools.pairwise(sizes) for layer in (Linear(a, b, rng), relu)][:-1]


@held_out("network.MLP.__init__")
def seeds_each_layer_anew(self, sizes, rng, *_):
    pairs = [(Linear(a, b, np.random.default_rng(7)), ReLU()) for a, b in itertools.pairwise(sizes)]
    self.layers = [layer for pair in pairs for layer in pair][:-1]


@held_out("network.MLP.__init__")
def stops_one_layer_early(self, sizes, rng, *_):
    pairs = [(Linear(sizes[k], sizes[k + 1], rng), ReLU()) for k in range(len(sizes) - 2)]
    self.layers = [layer for pair in pairs for layer in pair][:-1]


@held_out("network.MLP.forward")
def ends_with_softmax(self, x):
    for layer in self.layers:
        x = layer.forward(x)
    e = np.exp(x)
    return e / e.sum(axis=1)[:, None]


@held_out("network.MLP.forward")
def skips_the_relus(self, x):
    for layer in self.layers[::2]:
        x = x @ layer.W + layer.b
    return x


@held_out("network.MLP.forward")
def stops_before_the_last_layer(self, x):
    for k in range(len(self.layers) - 1):
        x = self.layers[k].forward(x)
    return x


@held_out("network.MLP.parameters")
def lists_weights_before_biases(self):
    found = []
    for name in ("W", "b"):
        for layer in self.layers[::2]:
            found.append(getattr(layer, name))
    return found


@held_out("network.MLP.parameters")
def returns_copies(self):
    return [np.array(p) for layer in self.layers[::2] for p in (layer.W, layer.b)]


@held_out("network.MLP.parameters")
def forgets_the_biases(self):
    return [layer.W for layer in self.layers[::2]]


@held_out("network.MLP.parameters")
def nests_the_pairs(self):
    found = []
    for layer in self.layers[::2]:
        found.append([layer.W, layer.b])
    return found


@held_out("network.MLP.predict")
def predicts_scores(self, x):
    for layer in self.layers:
        x = layer.forward(x)
    return x


@held_out("network.MLP.predict")
def searches_the_columns(self, x):
    return np.argmax(self.forward(x).T, axis=1)


@held_out("network.MLP.predict")
def predicts_the_largest_score(self, x):
    return np.array([max(row) for row in self.forward(x)])


@held_out("network.MLP.predict")
def predicts_a_column(self, x):
    return np.array([[int(np.argmax(row))] for row in self.forward(x)])


@held_out("network.MLP.parameters")
def names_the_parameters(self):
    return {(k, name): getattr(layer, name) for k, layer in enumerate(self.layers[::2]) for name in ("W", "b")}
