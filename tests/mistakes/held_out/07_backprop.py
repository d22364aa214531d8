"""Other forms of slips in the network's backward pass."""

import numpy as np

from grader.course.misconceptions import held_out


@held_out("network.MLP.backward")
def skips_the_relus(self, dlogits):
    for k in range(len(self.layers) - 1, -1, -2):
        dlogits = self.layers[k].backward(dlogits)
    return dlogits


@held_out("network.MLP.backward")
def runs_from_first_to_last(self, dlogits):
    for k in range(len(self.layers)):
        dlogits = self.layers[k].backward(dlogits)
    return dlogits


@held_out("network.MLP.backward")
def gives_every_layer_the_same(self, dlogits):
    slopes = [layer.backward(dlogits) for layer in self.layers[::-1]]
    return slopes[-1]


@held_out("network.MLP.backward")
def returns_nothing(self, dlogits):
    k = len(self.layers)
    while k > 0:
        k -= 1
        dlogits = self.layers[k].backward(dlogits)


@held_out("network.MLP.backward")
def averages_over_the_batch(self, dlogits):
    dlogits = dlogits * (1.0 / dlogits.shape[0])
    for layer in self.layers[::-1]:
        dlogits = layer.backward(dlogits)
    return dlogits


@held_out("network.MLP.backward")
def flips_the_sign(self, dlogits):
    dlogits = dlogits * -1.0
    for layer in self.layers[::-1]:
        dlogits = layer.backward(dlogits)
    return dlogits


@held_out("network.MLP.gradients")
def lists_the_last_layer_first(self):
    found = []
    for layer in self.layers[::-2]:
        found += [layer.dW, layer.db]
    return found


@held_out("network.MLP.gradients")
def forgets_the_biases(self):
    return [layer.dW for layer in self.layers[::2]]


@held_out("network.MLP.gradients")
def returns_the_parameters(self):
    return self.parameters()


@held_out("network.MLP.gradients")
def adds_up_all_calls(self):
    if not hasattr(self, "total"):
        self.total = [0 * p for p in self.parameters()]
    new = [g for layer in self.layers[::2] for g in (layer.dW, layer.db)]
    self.total = [np.add(t, g) for t, g in zip(self.total, new)]
    return self.total


@held_out("network.MLP.gradients")
def names_the_gradients(self):
    return {(k, name): getattr(layer, name) for k, layer in enumerate(self.layers[::2]) for name in ("dW", "db")}
