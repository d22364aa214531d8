"""Slips in building and running the network, each a runnable version; its docstring is the hint. Read as text."""

import numpy as np

from grader.course.misconceptions import misconception
from reference.layers import Linear, ReLU


def _build(self, sizes, rng):
    """The right layers."""
    self.layers = []
    for i in range(len(sizes) - 1):
        if i > 0:
            self.layers.append(ReLU())
        self.layers.append(Linear(sizes[i], sizes[i + 1], rng))


def _linears(self):
    return [layer for layer in self.layers if hasattr(layer, "W")]


def _run(layers, x):
    for layer in layers:
        x = layer.forward(x)
    return x


# --- __init__ -------------------------------------------------------------------------------------------------------


@misconception(
    "network.MLP.__init__", fails=["check_network_alternates_linear_and_relu", "check_network_forward_runs_every_layer"]
)
def ends_with_a_relu(self, sizes, rng, *_):
    """ReLU after the last layer

    Your logits are never negative. Does the last layer need an activation?
    """
    self.layers = []
    for i in range(len(sizes) - 1):
        self.layers.append(Linear(sizes[i], sizes[i + 1], rng))
        self.layers.append(ReLU())


@misconception(
    "network.MLP.__init__", fails=["check_network_alternates_linear_and_relu", "check_network_forward_runs_every_layer"]
)
def starts_with_a_relu(self, sizes, rng, *_):
    """ReLU before the first layer

    Negative inputs become 0 before they reach the first weights. Between which layers do the ReLUs go?
    """
    self.layers = []
    for i in range(len(sizes) - 1):
        self.layers.append(ReLU())
        self.layers.append(Linear(sizes[i], sizes[i + 1], rng))


@misconception(
    "network.MLP.__init__", fails=["check_network_alternates_linear_and_relu", "check_network_forward_runs_every_layer"]
)
def has_no_relu(self, sizes, rng, *_):
    """No ReLUs in the network

    Your network has Linear layers alone: together they are one linear map. What belongs between them?
    """
    self.layers = [Linear(sizes[i], sizes[i + 1], rng) for i in range(len(sizes) - 1)]


@misconception(
    "network.MLP.__init__", fails=["check_network_alternates_linear_and_relu", "check_network_forward_runs_every_layer"]
)
def has_one_relu_only(self, sizes, rng, *_):
    """ReLU after the first layer only

    Only the first hidden layer has a ReLU. What about the others?
    """
    self.layers = []
    for i in range(len(sizes) - 1):
        if i == 1:
            self.layers.append(ReLU())
        self.layers.append(Linear(sizes[i], sizes[i + 1], rng))


@misconception("network.MLP.__init__", fails=["check_network_layers_share_nothing"])
def shares_one_relu(self, sizes, rng, *_):
    """One ReLU object used several times

    Your network has one ReLU object, and it remembers one mask only. How many masks does backward need?
    """
    relu = ReLU()
    self.layers = []
    for i in range(len(sizes) - 1):
        if i > 0:
            self.layers.append(relu)
        self.layers.append(Linear(sizes[i], sizes[i + 1], rng))


@misconception("network.MLP.__init__", fails=["check_network_forward_runs_every_layer", "check_network_parameters_are_in_order"])
def ties_layers_of_one_size(self, sizes, rng, *_):
    """Layers of equal size share their weights

    With sizes (8, 8, 8, 8) your network has one weight matrix only. Each layer needs its own.
    """
    made, self.layers = {}, []
    for i in range(len(sizes) - 1):
        if i > 0:
            self.layers.append(ReLU())
        shape = (sizes[i], sizes[i + 1])
        if shape not in made:
            made[shape] = Linear(*shape, rng)
        self.layers.append(made[shape])


@misconception("network.MLP.__init__", fails=["check_network_draws_every_layer_from_rng"])
def seeds_each_layer_anew(self, sizes, rng, *_):
    """Same seed for every layer

    Layers of equal size are identical, and the generator you were given is not used.
    """
    self.layers = []
    for i in range(len(sizes) - 1):
        if i:
            self.layers.append(ReLU())
        self.layers.append(Linear(sizes[i], sizes[i + 1], np.random.default_rng(0)))


@misconception("network.MLP.__init__", fails=["check_network_draws_every_layer_from_rng"])
def seeds_layer_by_layer(self, sizes, rng, *_):
    """Fixed seeds instead of the given rng

    Each layer has a generator and a seed of its own, and the one you were given is not used.
    """
    self.layers = []
    for i in range(len(sizes) - 1):
        if i > 0:
            self.layers.append(ReLU())
        self.layers.append(Linear(sizes[i], sizes[i + 1], np.random.default_rng(42 + i)))


@misconception("network.MLP.__init__", fails=["check_network_draws_every_layer_from_rng"])
def makes_its_own_generator(self, sizes, rng, *_):
    """Random numbers do not come from the given rng

    The same seed gives a different network each time. Which generator do your layers draw from?
    """
    _build(self, sizes, np.random.default_rng())


@misconception("network.MLP.__init__", fails=["check_network_draws_every_layer_from_rng"])
def makes_its_own_generator__fixed(self, sizes, rng, *_):
    _build(self, sizes, np.random.default_rng(42))


@misconception(
    "network.MLP.__init__",
    fails=[
        "check_network_alternates_linear_and_relu",
        "check_network_forward_runs_every_layer",
        "check_network_predict_names_the_best_class",
        "check_network_parameters_are_live",
    ],
)
def ignores_the_sizes(self, sizes, rng, *_):
    """Fixed layer sizes

    Ask for sizes (6, 5, 4, 3): which shapes do you get?
    """
    _build(self, (784, 128, 64, 10), rng)


@misconception(
    "network.MLP.__init__",
    fails=[
        "check_network_alternates_linear_and_relu",
        "check_network_forward_runs_every_layer",
        "check_network_parameters_are_in_order",
        "check_network_predict_names_the_best_class",
    ],
)
def has_three_layers_always(self, sizes, rng, *_):
    """Always three layers

    Ask for two sizes, or for five: how many Linear layers should the network have?
    """
    self.layers = [
        Linear(sizes[0], sizes[1], rng),
        ReLU(),
        Linear(sizes[1], sizes[2], rng),
        ReLU(),
        Linear(sizes[2], sizes[3], rng),
    ]


@misconception(
    "network.MLP.__init__",
    fails=[
        "check_network_alternates_linear_and_relu",
        "check_network_forward_runs_every_layer",
        "check_network_parameters_are_in_order",
        "check_network_predict_names_the_best_class",
    ],
)
def has_three_layers_always__unpacked(self, sizes, rng, *_):
    inputs, first, second, classes = sizes
    self.layers = [Linear(inputs, first, rng), ReLU(), Linear(first, second, rng), ReLU(), Linear(second, classes, rng)]


@misconception(
    "network.MLP.__init__",
    fails=[
        "check_network_alternates_linear_and_relu",
        "check_network_forward_runs_every_layer",
        "check_network_predict_names_the_best_class",
        "check_network_parameters_are_live",
    ],
)
def swaps_in_and_out(self, sizes, rng, *_):
    """Inputs and outputs of the layers swapped

    Check the shapes of your weights against sizes.
    """
    self.layers = []
    for i in range(len(sizes) - 1):
        if i > 0:
            self.layers.append(ReLU())
        self.layers.append(Linear(sizes[i + 1], sizes[i], rng))


@misconception(
    "network.MLP.__init__",
    fails=[
        "check_network_alternates_linear_and_relu",
        "check_network_forward_runs_every_layer",
        "check_network_parameters_are_in_order",
        "check_network_predict_names_the_best_class",
    ],
)
def stops_one_layer_early(self, sizes, rng, *_):
    """One Linear too few

    Your network has one Linear too few. How many layers lie between four sizes?
    """
    _build(self, sizes[:-1], rng)


@misconception(
    "network.MLP.__init__",
    fails=[
        "check_network_alternates_linear_and_relu",
        "check_network_forward_runs_every_layer",
        "check_network_parameters_are_in_order",
        "check_network_predict_names_the_best_class",
    ],
)
def stops_one_layer_early__behind_a_relu(self, sizes, rng, *_):
    self.layers = []
    for i in range(len(sizes) - 2):
        self.layers += [Linear(sizes[i], sizes[i + 1], rng), ReLU()]


@misconception(
    "network.MLP.__init__",
    fails=[
        "check_network_alternates_linear_and_relu",
        "check_network_forward_runs_every_layer",
        "check_network_predict_names_the_best_class",
        "check_network_parameters_are_live",
    ],
)
def makes_hidden_layers_square(self, sizes, rng, *_):
    """Every layer takes sizes[0] inputs

    Each of your layers starts from sizes[0]. What comes out of the layer before it?
    """
    self.layers = []
    for i in range(len(sizes) - 1):
        if i > 0:
            self.layers.append(ReLU())
        self.layers.append(Linear(sizes[0], sizes[i + 1], rng))


@misconception(
    "network.MLP.__init__",
    fails=[
        "check_network_alternates_linear_and_relu",
        "check_network_forward_runs_every_layer",
        "check_network_predict_names_the_best_class",
        "check_network_parameters_are_live",
    ],
)
def makes_one_linear_for_each_size(self, sizes, rng, *_):
    """One Linear too many

    Your network has one Linear too many. How many layers lie between four sizes?
    """
    _build(self, [*sizes, sizes[-1]], rng)


@misconception("network.MLP.__init__", fails=["check_network_draws_every_layer_from_rng"])
def silences_the_output_layer(self, sizes, rng, *_):
    """Output layer starts at zero

    The output layer starts at zero: no gradient reaches the layers below in the first step.
    """
    _build(self, sizes, rng)
    self.layers[-1].W[...] = 0


@misconception("network.MLP.__init__", fails=["check_network_draws_every_layer_from_rng"])
def scales_the_weights_again(self, sizes, rng, *_):
    """Weights scaled a second time

    Compare the spread of the weights in the network with that of a Linear on its own.
    """
    _build(self, sizes, rng)
    for layer in _linears(self):
        layer.W *= 0.01


@misconception("network.MLP.__init__", fails=["check_network_draws_every_layer_from_rng"])
def fills_the_biases(self, sizes, rng, *_):
    """Biases do not start at zero

    The biases of your network do not start at zero; those of a Linear on its own do.
    """
    _build(self, sizes, rng)
    for layer in _linears(self):
        layer.b += 0.1


@misconception(
    "network.MLP",
    fails=[
        "check_network_alternates_linear_and_relu",
        "check_network_forward_runs_every_layer",
        "check_network_parameters_are_in_order",
        "check_network_predict_names_the_best_class",
    ],
)
class keeps_its_layers_under_another_name:
    """self.layers missing

    The contract asks for the layers, in order, in self.layers.
    """

    def __init__(self, sizes, rng, *_):
        _build(self, sizes, rng)
        self.net = self.layers
        del self.layers

    def forward(self, x):
        return _run(self.net, x)

    def backward(self, dlogits):
        for layer in reversed(self.net):
            dlogits = layer.backward(dlogits)
        return dlogits

    def parameters(self):
        return [p for layer in self.net if hasattr(layer, "W") for p in (layer.W, layer.b)]

    def gradients(self):
        return [g for layer in self.net if hasattr(layer, "W") for g in (layer.dW, layer.db)]

    def predict(self, x):
        return self.forward(x).argmax(axis=1)


class _Flat:
    """A network over `_flat`, the layers one after another, wherever else they are kept."""

    def forward(self, x):
        return _run(self._flat, x)

    def backward(self, dlogits):
        for layer in reversed(self._flat):
            dlogits = layer.backward(dlogits)
        return dlogits

    def parameters(self):
        return [p for layer in self._flat if hasattr(layer, "W") for p in (layer.W, layer.b)]

    def gradients(self):
        return [g for layer in self._flat if hasattr(layer, "W") for g in (layer.dW, layer.db)]

    def predict(self, x):
        return self.forward(x).argmax(axis=1)


@misconception("network.MLP", fails=["check_network_layers_share_nothing"])
class keeps_its_layers_in_a_dict(_Flat):
    """Layers in a dict instead of a list

    self.layers is a dict of names. The contract asks for the layers themselves in a list, in order.
    """

    def __init__(self, sizes, rng, *_):
        _build(self, sizes, rng)
        self._flat = self.layers
        self.layers = {f"layer{k}": layer for k, layer in enumerate(self._flat)}


@misconception("network.MLP", fails=["check_network_layers_share_nothing"])
class keeps_its_layers_in_a_dict__ordered(_Flat):
    def __init__(self, sizes, rng, *_):
        from collections import OrderedDict

        _build(self, sizes, rng)
        self._flat = self.layers
        self.layers = OrderedDict((f"Layer{k}", layer) for k, layer in enumerate(self._flat))


@misconception("network.MLP", fails=["check_network_layers_share_nothing"])
class keeps_its_layers_in_blocks(_Flat):
    """Layers nested in blocks

    self.layers is a list of lists. The contract asks for the layers themselves in one list, in order.
    """

    def __init__(self, sizes, rng, *_):
        _build(self, sizes, rng)
        self._flat = self.layers
        self.layers = [self._flat[k : k + 2] for k in range(0, len(self._flat), 2)]


@misconception(
    "network.MLP",
    fails=[
        "check_network_alternates_linear_and_relu",
        "check_network_forward_runs_every_layer",
        "check_network_predict_names_the_best_class",
    ],
)
class shares_its_layers:
    """One list of layers for all networks

    Make two networks: they share one list of layers. Each network needs its own.
    """

    layers = []

    def __init__(self, sizes, rng, *_):
        for i in range(len(sizes) - 1):
            if i > 0:
                self.layers.append(ReLU())
            self.layers.append(Linear(sizes[i], sizes[i + 1], rng))

    def forward(self, x):
        return _run(self.layers, x)

    def backward(self, dlogits):
        for layer in reversed(self.layers):
            dlogits = layer.backward(dlogits)
        return dlogits

    def parameters(self):
        return [p for layer in _linears(self) for p in (layer.W, layer.b)]

    def gradients(self):
        return [g for layer in _linears(self) for g in (layer.dW, layer.db)]

    def predict(self, x):
        return self.forward(x).argmax(axis=1)


# --- forward --------------------------------------------------------------------------------------------------------


@misconception(
    "network.MLP.forward", fails=["check_network_forward_runs_every_layer", "check_network_predict_names_the_best_class"]
)
def feeds_x_to_every_layer(self, x):
    """x given to every layer

    What does the second layer get as input?
    """
    for layer in self.layers:
        out = layer.forward(x)
    return out


@misconception("network.MLP.forward", fails=["check_network_forward_runs_every_layer"])
def centres_the_callers_input(self, x):
    """Caller's x centred in place

    Compare x before and after: you subtracted the mean from your caller's data.
    """
    x -= x.mean()
    return _run(self.layers, x)


@misconception("network.MLP.forward", fails=["check_network_forward_runs_every_layer"])
def scales_the_input(self, x):
    """Input scaled in forward

    Your network divides its input by 255. The images are between 0 and 1 already, so leave x as it is.
    """
    return _run(self.layers, x / 255.0)


@misconception(
    "network.MLP.forward", fails=["check_network_forward_runs_every_layer", "check_network_predict_names_the_best_class"]
)
def stops_before_the_last_layer(self, x):
    """Last layer skipped

    Your output has the width of the last hidden layer.
    """
    return _run(self.layers[:-1], x)


@misconception("network.MLP.forward", fails=["check_network_forward_runs_every_layer"])
def ends_with_softmax(self, x):
    """Softmax at the end of forward

    Your rows add up to 1. forward returns the logits; the loss has softmax in it.
    """
    logits = _run(self.layers, x)
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


@misconception("network.MLP.forward", fails=["check_network_forward_runs_every_layer"])
def ends_with_a_sigmoid(self, x):
    """Sigmoid at the end of forward

    Your outputs lie between 0 and 1. forward should return what the last Linear returns.
    """
    return 1 / (1 + np.exp(-_run(self.layers, x)))


@misconception("network.MLP.forward", fails=["check_network_forward_runs_every_layer"])
def rectifies_the_scores(self, x):
    """ReLU at the end of forward

    Your logits are never negative. forward should return what the last Linear returns.
    """
    return np.maximum(_run(self.layers, x), 0)


@misconception("network.MLP.forward", fails=["check_network_forward_runs_every_layer"])
def skips_the_relus(self, x):
    """ReLUs skipped in forward

    Your network is a single linear map. Which layers take part in forward?
    """
    return _run(_linears(self), x)


@misconception(
    "network.MLP.forward", fails=["check_network_forward_runs_every_layer", "check_network_predict_names_the_best_class"]
)
def runs_from_last_to_first(self, x):
    """Layers run from last to first

    forward runs from the last layer to the first. In which order are they in self.layers?
    """
    return _run(list(reversed(self.layers)), x)


@misconception(
    "network.MLP.forward", fails=["check_network_forward_runs_every_layer", "check_network_predict_names_the_best_class"]
)
def returns_a_pair(self, x):
    """forward returns more than the logits

    forward should return the logits alone; the layers keep the rest for backward.
    """
    logits = _run(self.layers, x)
    return logits, self.layers


@misconception(
    "network.MLP.forward", fails=["check_network_forward_runs_every_layer", "check_network_predict_names_the_best_class"]
)
def returns_the_classes(self, x):
    """forward returns classes instead of logits

    forward should return the logits of all classes; predict picks one.
    """
    return _run(self.layers, x).argmax(axis=1)


@misconception(
    "network.MLP.forward", fails=["check_network_forward_runs_every_layer", "check_network_predict_names_the_best_class"]
)
def returns_nothing(self, x):
    """forward returns None

    What is the last line of your forward?
    """
    for layer in self.layers:
        x = layer.forward(x)


@misconception("network.MLP.forward", fails=["check_network_forward_repeats_itself"])
def remembers_its_first_answer(self, x):
    """First answer returned every time

    Call forward twice with different inputs: the second answer is the first one.
    """
    if not hasattr(self, "logits"):
        self.logits = _run(self.layers, x)
    return self.logits


@misconception("network.MLP.forward", fails=["check_network_predict_names_the_best_class"])
def drops_the_batch_dimension(self, x):
    """A batch of one loses its batch dimension

    For a batch of one the output has one dimension. Return one row per example, even for a single example.
    """
    return np.squeeze(_run(self.layers, x))


@misconception(
    "network.MLP.forward", fails=["check_network_forward_runs_every_layer", "check_network_predict_names_the_best_class"]
)
def returns_after_the_first_layer(self, x):
    """forward returns after the first layer

    Your output has the width of the first hidden layer. Is the return inside the loop?
    """
    for layer in self.layers:
        x = layer.forward(x)
        return x


@misconception(
    "network.MLP.forward", fails=["check_network_forward_runs_every_layer", "check_network_predict_names_the_best_class"]
)
def switches_units_off_at_random(self, x):
    """Dropout in forward

    Call forward twice with the same input: the answers differ. Dropout is not part of the contract.
    """
    for layer in self.layers[:-1]:
        x = layer.forward(x)
        x = x * (np.random.random(x.shape) > 0.2)
    return self.layers[-1].forward(x)


# --- parameters -----------------------------------------------------------------------------------------------------


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_in_order"])
def lists_weights_before_biases(self):
    """All weights listed before the biases

    The contract's order is W1, b1, W2, b2, ...
    """
    return [layer.W for layer in _linears(self)] + [layer.b for layer in _linears(self)]


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_in_order"])
def lists_each_bias_first(self):
    """Bias listed before its weights

    The contract's order is W1, b1, W2, b2, ...: each W comes before its b.
    """
    return [p for layer in _linears(self) for p in (layer.b, layer.W)]


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_in_order"])
def lists_the_last_layer_first(self):
    """Last layer listed first

    The contract's order is W1, b1, W2, b2, ...: start with the first layer.
    """
    return [p for layer in reversed(_linears(self)) for p in (layer.W, layer.b)]


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_live"], alike="copies")
def returns_copies(self):
    """Copies of the parameters returned

    Change an array from parameters(): does the network notice?
    """
    return [p.copy() for layer in _linears(self) for p in (layer.W, layer.b)]


@misconception("network.MLP", fails=["check_network_parameters_are_in_order"], alike="copies")
class copies_at_construction:
    def __init__(self, sizes, rng, *_):
        _build(self, sizes, rng)
        self.params = [p.copy() for layer in _linears(self) for p in (layer.W, layer.b)]

    def forward(self, x):
        return _run(self.layers, x)

    def backward(self, dlogits):
        for layer in reversed(self.layers):
            dlogits = layer.backward(dlogits)
        return dlogits

    def parameters(self):
        return self.params

    def gradients(self):
        return [g for layer in _linears(self) for g in (layer.dW, layer.db)]

    def predict(self, x):
        return self.forward(x).argmax(axis=1)


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_in_order"])
def forgets_the_biases(self):
    """Biases missing from parameters()

    How many arrays does a network with three Linear layers have?
    """
    return [layer.W for layer in _linears(self)]


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_in_order"])
def forgets_the_weights(self):
    """Weights missing from parameters()

    Only the biases can be trained. How many arrays does a network with three Linear layers have?
    """
    return [layer.b for layer in _linears(self)]


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_in_order"])
def leaves_out_the_output_layer(self):
    """Last layer missing from parameters()

    The last Linear is missing. How many arrays does a network with three Linear layers have?
    """
    return [p for layer in _linears(self)[:-1] for p in (layer.W, layer.b)]


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_in_order"])
def leaves_out_the_first_layer(self):
    """First layer missing from parameters()

    The first Linear is missing. How many arrays does a network with three Linear layers have?
    """
    return [p for layer in _linears(self)[1:] for p in (layer.W, layer.b)]


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_in_order"])
def returns_the_first_layer_only(self):
    """Only the first layer in parameters()

    You return the arrays of the first layer only. Is the return inside the loop?
    """
    for layer in _linears(self):
        return [layer.W, layer.b]


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_in_order"])
def lists_the_parameters_twice(self):
    """Every parameter listed twice

    Every array is in the list twice: an optimiser would take each step twice.
    """
    return [p for layer in _linears(self) for p in (layer.W, layer.b)] * 2


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_in_order"])
def nests_the_pairs(self):
    """Nested list instead of a flat one

    You return one pair or dict per layer. The contract asks for one flat list of arrays.
    """
    return [(layer.W, layer.b) for layer in _linears(self)]


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_in_order"])
def nests_the_pairs__dicts(self):
    return [{"W": layer.W, "b": layer.b} for layer in _linears(self)]


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_in_order"])
def names_the_parameters(self):
    """Dict instead of a list

    You return a dict. The contract asks for a list: [W1, b1, W2, b2, ...].
    """
    named = {}
    for i, layer in enumerate(_linears(self), start=1):
        named[f"W{i}"], named[f"b{i}"] = layer.W, layer.b
    return named


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_in_order"])
def joins_the_parameters(self):
    """All parameters joined into one array

    You return one long array, which is a copy. The contract asks for the arrays themselves, in a list.
    """
    return np.concatenate([p.ravel() for layer in _linears(self) for p in (layer.W, layer.b)])


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_in_order"])
def returns_the_gradients(self):
    """parameters() returns the gradients

    parameters() should return W and b; gradients() returns dW and db.
    """
    return [g for layer in _linears(self) for g in (layer.dW, layer.db)]


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_in_order"])
def returns_the_layers(self):
    """parameters() returns layers instead of arrays

    You return layers. The contract asks for their arrays: [W1, b1, W2, b2, ...].
    """
    return _linears(self)


@misconception("network.MLP.parameters", fails=["check_network_parameters_are_in_order"])
def returns_transposed_weights(self):
    """Weights transposed in parameters()

    Check the shapes: the first weights should be (sizes[0], sizes[1]).
    """
    return [p for layer in _linears(self) for p in (layer.W.T, layer.b)]


# --- predict --------------------------------------------------------------------------------------------------------


@misconception("network.MLP.predict", fails=["check_network_predict_names_the_best_class"])
def predicts_scores(self, x):
    """predict returns logits

    predict must return one class index per example.
    """
    return self.forward(x)


@misconception("network.MLP.predict", fails=["check_network_predict_names_the_best_class"])
def predicts_probabilities(self, x):
    """predict returns probabilities

    You return probabilities. predict must return one class index per example.
    """
    logits = self.forward(x)
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


@misconception("network.MLP.predict", fails=["check_network_predict_names_the_best_class"])
def predicts_a_column(self, x):
    """predict returns a column

    predict must have the shape (N,).
    """
    return self.forward(x).argmax(axis=1).reshape(-1, 1)


@misconception("network.MLP.predict", fails=["check_network_predict_names_the_best_class"])
def predicts_a_column__keepdims(self, x):
    return np.argmax(self.forward(x), axis=1, keepdims=True)


@misconception("network.MLP.predict", fails=["check_network_predict_names_the_best_class"])
def predicts_floats(self, x):
    """predict returns floats

    The class indices must be whole numbers.
    """
    return self.forward(x).argmax(axis=1).astype(float)


@misconception("network.MLP.predict", fails=["check_network_predict_names_the_best_class"])
def predicts_the_largest_score(self, x):
    """predict returns the largest logit, not its class

    You return the largest logit, not its position.
    """
    return self.forward(x).max(axis=1)


@misconception("network.MLP.predict", fails=["check_network_forward_repeats_itself"])
def predicts_a_list(self, x):
    """predict returns a list instead of an array

    predict returns a list. The contract asks for an array, which can be compared with the labels at once.
    """
    return [int(np.argmax(scores)) for scores in self.forward(x)]


@misconception("network.MLP.predict", fails=["check_network_predict_names_the_best_class"])
def searches_the_columns(self, x):
    """argmax over the columns instead of the rows

    You return one class per column instead of one per row. Along which axis do the classes run?
    """
    return self.forward(x).argmax(axis=0)


@misconception("network.MLP.predict", fails=["check_network_predict_names_the_best_class"])
def predicts_one_number(self, x):
    """argmax over the whole batch

    You return one number for the whole batch. Along which axis do the classes run?
    """
    return self.forward(x).argmax()


@misconception("network.MLP.predict", fails=["check_network_predict_names_the_best_class"])
def predicts_the_least_likely(self, x):
    """argmin instead of argmax

    You pick the class with the smallest logit.
    """
    return self.forward(x).argmin(axis=1)


@misconception("network.MLP.predict", fails=["check_network_predict_names_the_best_class"])
def counts_classes_from_one(self, x):
    """Classes counted from 1

    Classes run from 0 to C - 1: yours start at 1.
    """
    return self.forward(x).argmax(axis=1) + 1


@misconception("network.MLP.predict", fails=["check_network_predict_names_the_best_class"])
def predicts_onehot(self, x):
    """predict returns one-hot rows

    You return one row per example. predict must return one class index per example.
    """
    logits = self.forward(x)
    return (logits == logits.max(axis=1, keepdims=True)).astype(int)


@misconception("network.MLP.predict", fails=["check_network_predict_names_the_best_class"])
def predicts_from_the_last_forward(self, x):
    """predict ignores its x

    predict ignores its x: it returns the classes of an earlier batch.
    """
    if not hasattr(self, "scores"):
        self.scores = self.forward(x)
    return self.scores.argmax(axis=1)


@misconception("network.MLP.predict", fails=["check_network_predict_names_the_best_class"])
def predicts_the_first_example(self, x):
    """First example's class for the whole batch

    You return one class for the whole batch: that of the first example.
    """
    return np.full(len(x), self.forward(x)[0].argmax())


@misconception("network.MLP.predict", fails=["check_network_predict_names_the_best_class"])
def rounds_the_scores(self, x):
    """Logits rounded instead of argmax

    You round the logits. The class is the position of the largest logit of a row.
    """
    return np.round(self.forward(x)).astype(int)[:, 0]


@misconception("network.MLP.predict", fails=["check_network_predict_names_the_best_class"])
def leaves_the_last_class_out(self, x):
    """Last class never predicted

    You never predict the last class. Which columns do you search?
    """
    return self.forward(x)[:, :-1].argmax(axis=1)


@misconception("network.MLP.predict", fails=["check_network_predict_names_the_best_class"])
def compares_magnitudes(self, x):
    """argmax of the magnitudes

    You pick the logit that is farthest from zero. A very negative logit means unlikely.
    """
    return np.abs(self.forward(x)).argmax(axis=1)


#: Of these a learner may have chosen another number.
OPEN_NUMBERS = {
    "seeds_each_layer_anew": 0,
    "makes_its_own_generator__fixed": 42,
    "scales_the_weights_again": 0.01,
    "fills_the_biases": 0.1,
    "scales_the_input": 255.0,
}
