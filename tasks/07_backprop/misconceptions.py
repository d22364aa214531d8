"""Slips in the network's backward pass, each a runnable version; its docstring is the hint. Read as text."""

import numpy as np

from grader.course.misconceptions import misconception
from reference.layers import Linear, ReLU
from reference.network import MLP


def _linears(self):
    return [layer for layer in self.layers if hasattr(layer, "W")]


def _back(layers, dout):
    for layer in reversed(layers):
        dout = layer.backward(dout)
    return dout


# --- backward -------------------------------------------------------------------------------------------------------


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def skips_the_relus(self, dlogits):
    """ReLUs skipped in backward

    Which layers take part in backward? A unit that was off must not pass any gradient on.
    """
    return _back(_linears(self), dlogits)


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def masks_for_db_only(self, dlogits):
    """dW computed from the gradient before ReLU's mask

    db of the hidden layers is right, dW is not: it uses the gradient before ReLU's mask is applied. Both need it
    after the mask.
    """
    dout = before = dlogits
    for layer in reversed(self.layers):
        if isinstance(layer, ReLU):
            dout = layer.backward(dout)
        else:
            dx = layer.backward(dout)
            layer.dW = layer.x.T @ before
            dout = before = dx
    return dout


@misconception(
    "network.MLP.backward", fails=["check_backprop_agrees_with_central_differences", "check_gradients_follow_parameters"]
)
def runs_from_first_to_last(self, dlogits):
    """Layers run from first to last

    backward is given the gradient of the logits. At which end of the network does it start?
    """
    for layer in self.layers:
        dlogits = layer.backward(dlogits)
    return dlogits


@misconception(
    "network.MLP.backward", fails=["check_backprop_agrees_with_central_differences", "check_gradients_follow_parameters"]
)
def gives_every_layer_the_same(self, dlogits):
    """dlogits given to every layer

    Every layer gets dlogits. What does a layer pass to the one before it?
    """
    for layer in reversed(self.layers):
        dout = layer.backward(dlogits)
    return dout


@misconception(
    "network.MLP.backward",
    fails=[
        "check_gradients_belong_to_the_last_backward",
        "check_backprop_leaves_parameters_alone",
        "check_backprop_neither_averages_nor_clips",
    ],
)
def updates_on_the_way(self, dlogits):
    """Parameters updated inside backward

    The parameters changed during backward. Updating is the optimiser's job.
    """
    for layer in reversed(self.layers):
        dlogits = layer.backward(dlogits)
        if hasattr(layer, "W"):
            layer.W -= 0.1 * layer.dW
            layer.b -= 0.1 * layer.db
    return dlogits


@misconception(
    "network.MLP.backward", fails=["check_backprop_agrees_with_central_differences", "check_gradients_follow_parameters"]
)
def skips_the_last_layer(self, dlogits):
    """Last layer skipped

    The last Linear gets no gradient. Which layer does dlogits reach first?
    """
    return _back(self.layers[:-1], dlogits)


@misconception(
    "network.MLP.backward", fails=["check_backprop_agrees_with_central_differences", "check_gradients_follow_parameters"]
)
def stops_before_the_first_layer(self, dlogits):
    """First layer skipped

    The first Linear gets no gradient. Does the loop reach it?
    """
    for i in range(len(self.layers) - 1, 0, -1):
        dlogits = self.layers[i].backward(dlogits)
    return dlogits


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def updates_the_last_layer_only(self, dlogits):
    """Only the last layer gets its gradient

    Only the last Linear has a gradient. Is the return inside the loop?
    """
    for layer in reversed(self.layers):
        return layer.backward(dlogits)


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def returns_nothing(self, dlogits):
    """backward returns None

    The contract asks for dL/dx. Which layer returns it?
    """
    for layer in reversed(self.layers):
        dlogits = layer.backward(dlogits)


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def returns_what_it_was_given(self, dlogits):
    """backward returns dlogits instead of dx

    backward returned dlogits. The contract asks for dL/dx, which the first layer returns.
    """
    dout = dlogits
    for layer in reversed(self.layers):
        dout = layer.backward(dout)
    return dlogits


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def returns_the_gradients(self, dlogits):
    """backward returns the gradients instead of dx

    backward returned a list. The contract asks for dL/dx; gradients() returns the rest.
    """
    _back(self.layers, dlogits)
    return [g for layer in _linears(self) for g in (layer.dW, layer.db)]


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def averages_over_the_batch(self, dlogits):
    """Gradients divided by N a second time

    Your gradients are N times too small. The loss has divided by N already: dlogits contains that factor.
    """
    return _back(self.layers, dlogits / len(dlogits))


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def averages_at_every_layer(self, dlogits):
    """Gradient divided by N at every layer

    The earlier the layer, the smaller its gradient: you divide by the number of rows at every layer.
    """
    for layer in reversed(self.layers):
        dlogits = layer.backward(dlogits) / len(dlogits)
    return dlogits


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def clips_the_gradient(self, dlogits):
    """Gradient clipped between layers

    Large gradients are cut off between the layers. The contract's gradients are not clipped.
    """
    return _back(self.layers, np.clip(dlogits, -1, 1))


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def clips_the_gradient__behind_each_layer(self, dlogits):
    for layer in reversed(self.layers):
        dlogits = np.clip(layer.backward(dlogits), -1, 1)
    return dlogits


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def scales_to_length_one(self, dlogits):
    """Gradient scaled to length one

    Double dlogits: your gradients stay the same, but they should double.
    """
    return _back(self.layers, dlogits / (np.linalg.norm(dlogits) + 1e-12))


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def differentiates_softmax_again(self, dlogits):
    """Softmax differentiated a second time

    dlogits is already the gradient with respect to the logits. The loss has included softmax already.
    """
    dlogits = dlogits - dlogits.sum(axis=1, keepdims=True) / dlogits.shape[1]
    return _back(self.layers, dlogits)


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def turns_its_layers_round(self, dlogits):
    """self.layers reversed for good

    backward reverses self.layers for good, so the next forward runs from the output to the input.
    """
    self.layers.reverse()
    for layer in self.layers:
        dlogits = layer.backward(dlogits)
    return dlogits


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def puts_a_relu_after_the_output(self, dlogits):
    """dlogits passed through a ReLU

    Negative entries of dlogits become 0. There is no ReLU after the last Linear.
    """
    return _back(self.layers, np.maximum(dlogits, 0))


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def flips_the_sign(self, dlogits):
    """Gradients have the opposite sign

    The gradient points uphill. Which part of the program takes the step downhill?
    """
    return _back(self.layers, -dlogits)


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def adds_shortcuts(self, dlogits):
    """Each layer's dout added to its dx

    Each layer passes on dout + dx instead of dx.
    """
    for layer in reversed(self.layers):
        dout = layer.backward(dlogits)
        dlogits = dout + dlogits if dout.shape == dlogits.shape else dout
    return dlogits


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def runs_backward_twice(self, dlogits):
    """Gradient doubled at every layer

    The earlier the layer, the larger its gradient: it is doubled at every layer on the way.
    """
    dlogits = self.layers[-1].backward(dlogits)
    for layer in reversed(self.layers[:-1]):
        dlogits = layer.backward(2 * dlogits)
    return dlogits


@misconception("network.MLP.backward", fails=["check_backprop_agrees_with_central_differences"])
def sums_over_the_batch(self, dlogits):
    """Gradient averaged over the batch between layers

    The hidden layers get the same gradient for every example. Each example has a gradient of its own.
    """
    for layer in reversed(self.layers):
        dlogits = np.broadcast_to(layer.backward(dlogits).mean(axis=0), (len(dlogits), layer.backward(dlogits).shape[1]))
    return dlogits


@misconception(
    "network.MLP.backward", fails=["check_backprop_agrees_with_central_differences", "check_gradients_follow_parameters"]
)
def multiplies_by_the_weights_only(self, dlogits):
    """Layers' own backward not called

    dx is right, but no layer has its dW. Each layer's own backward computes it.
    """
    dout = dlogits
    for layer in reversed(self.layers):
        dout = dout @ layer.W.T if hasattr(layer, "W") else dout * layer.positive
    return dout


@misconception("network.MLP.backward", fails=["check_backprop_matches_closed_form"])
def loses_half_the_digits(self, dlogits):
    """Gradients in float32

    Your gradients are right to 7 digits only. Which line computes in float32?
    """
    return _back(self.layers, dlogits.astype(np.float32))


@misconception("network.MLP.backward", fails=["check_backprop_matches_closed_form", "check_backprop_holds_at_true_size"])
def estimates_the_gradients(self, dlogits):
    """Gradients estimated by finite differences

    Your gradients come from finite differences: right to a few digits only, and slow. Use each layer's own backward.
    """
    x, eps = self.layers[0].x, 1e-5
    for layer in _linears(self):
        for name in ("W", "b"):
            values, slopes = getattr(layer, name), np.zeros_like(getattr(layer, name))
            for index in np.ndindex(*values.shape):
                kept = values[index]
                values[index] = kept + eps
                above = np.sum(dlogits * self.forward(x))
                values[index] = kept - eps
                below = np.sum(dlogits * self.forward(x))
                values[index] = kept
                slopes[index] = (above - below) / (2 * eps)
            setattr(layer, f"d{name}", slopes)
    self.forward(x)
    dx = np.array(dlogits)
    for layer in reversed(self.layers):
        dx = dx @ layer.W.T if hasattr(layer, "W") else dx * layer.positive
    return dx


# --- gradients ------------------------------------------------------------------------------------------------------


@misconception("network.MLP", fails=["check_gradients_follow_parameters"], alike="always zero")
class collects_once_at_construction(MLP):
    """Gradients collected before backward

    After backward, gradients() still returns zeros: you collected dW and db before backward replaced them.
    """

    def __init__(self, sizes, rng, *_):
        self.layers = []
        for i in range(len(sizes) - 1):
            if i > 0:
                self.layers.append(ReLU())
            self.layers.append(Linear(sizes[i], sizes[i + 1], rng))
        self.grads = [g for layer in _linears(self) for g in (layer.dW, layer.db)]

    def gradients(self):
        return self.grads


@misconception("network.MLP.gradients", fails=["check_gradients_belong_to_the_last_backward"])
def collects_on_the_first_call(self):
    """Gradients of the first call returned every time

    The second backward changes nothing: gradients() still returns those of the first.
    """
    if not hasattr(self, "grads"):
        self.grads = [g for layer in _linears(self) for g in (layer.dW, layer.db)]
    return self.grads


@misconception("network.MLP.gradients", fails=["check_gradients_belong_to_the_last_backward"])
def adds_up_all_calls(self):
    """Gradients accumulate from call to call

    gradients() grows from batch to batch. The contract asks for those of the last backward.
    """
    new = [g for layer in _linears(self) for g in (layer.dW, layer.db)]
    old = getattr(self, "grads", [0.0] * len(new))
    self.grads = [a + b for a, b in zip(old, new)]
    return self.grads


@misconception("network.MLP.gradients", fails=["check_gradients_follow_parameters"])
def lists_weights_before_biases(self):
    """All weights listed before the biases

    The order must be that of parameters(): dW1, db1, dW2, db2, ...
    """
    return [layer.dW for layer in _linears(self)] + [layer.db for layer in _linears(self)]


@misconception("network.MLP.gradients", fails=["check_gradients_follow_parameters"])
def lists_each_bias_first(self):
    """Bias listed before its weights

    The order must be that of parameters(): dW1 before db1.
    """
    return [g for layer in _linears(self) for g in (layer.db, layer.dW)]


@misconception("network.MLP.gradients", fails=["check_gradients_follow_parameters"])
def lists_the_last_layer_first(self):
    """Last layer listed first

    backward runs from the last layer to the first. gradients() lists the first layer first, as parameters() does.
    """
    return [g for layer in reversed(_linears(self)) for g in (layer.dW, layer.db)]


@misconception("network.MLP.gradients", fails=["check_gradients_follow_parameters"])
def returns_the_parameters(self):
    """gradients() returns the parameters

    You return W and b. The contract asks for dW and db.
    """
    return [p for layer in _linears(self) for p in (layer.W, layer.b)]


@misconception("network.MLP.gradients", fails=["check_gradients_follow_parameters"])
def forgets_the_biases(self):
    """Biases missing from gradients()

    How many gradients belong to a network with three Linear layers?
    """
    return [layer.dW for layer in _linears(self)]


@misconception("network.MLP.gradients", fails=["check_gradients_follow_parameters"])
def leaves_out_the_output_layer(self):
    """Last layer missing from gradients()

    The gradients of the last Linear are missing. Each parameter needs its own.
    """
    return [g for layer in _linears(self)[:-1] for g in (layer.dW, layer.db)]


@misconception("network.MLP.gradients", fails=["check_gradients_follow_parameters"])
def leaves_out_the_first_layer(self):
    """First layer missing from gradients()

    The gradients of the first Linear are missing. Each parameter needs its own.
    """
    return [g for layer in _linears(self)[1:] for g in (layer.dW, layer.db)]


@misconception("network.MLP.gradients", fails=["check_gradients_follow_parameters"], alike="always zero")
def returns_zeros(self):
    return [np.zeros_like(p) for layer in _linears(self) for p in (layer.W, layer.b)]


@misconception("network.MLP.gradients", fails=["check_gradients_follow_parameters"])
def nests_the_pairs(self):
    """Nested list instead of a flat one

    You return one pair per layer. The contract asks for one flat list of arrays.
    """
    return [(layer.dW, layer.db) for layer in _linears(self)]


@misconception("network.MLP.gradients", fails=["check_gradients_follow_parameters"])
def names_the_gradients(self):
    """Dict instead of a list

    You return a dict. The contract asks for a list: [dW1, db1, dW2, db2, ...].
    """
    named = {}
    for i, layer in enumerate(_linears(self), start=1):
        named[f"dW{i}"], named[f"db{i}"] = layer.dW, layer.db
    return named


@misconception("network.MLP.gradients", fails=["check_gradients_follow_parameters"])
def pairs_each_bias_with_its_weights(self):
    """dW listed in place of db

    You return dW in place of db. Compare the shapes with those of parameters().
    """
    return [g for layer in _linears(self) for g in (layer.dW, layer.dW)]


@misconception("network.MLP.gradients", fails=["check_gradients_follow_parameters"])
def returns_norms(self):
    """Norms instead of gradients

    You return single numbers. A gradient has the shape of its parameter.
    """
    return [np.linalg.norm(g) for layer in _linears(self) for g in (layer.dW, layer.db)]


@misconception("network.MLP.gradients", fails=["check_gradients_follow_parameters"])
def returns_transposed_gradients(self):
    """Gradients transposed

    Check the shapes: a gradient has the shape of its parameter.
    """
    return [g.T for layer in _linears(self) for g in (layer.dW, layer.db)]


@misconception("network.MLP.gradients", fails=["check_gradients_follow_parameters"])
def returns_the_first_layer_only(self):
    """Only the first layer in gradients()

    You return the gradients of the first layer only. Is the return inside the loop?
    """
    for layer in _linears(self):
        return [layer.dW, layer.db]


@misconception("network.MLP.gradients", fails=["check_gradients_follow_parameters"])
def flips_the_gradients(self):
    """Sign reversed in gradients()

    The gradient points uphill. Which part of the program takes the step downhill?
    """
    return [-g for layer in _linears(self) for g in (layer.dW, layer.db)]


@misconception("network.MLP.gradients", fails=["check_gradients_follow_parameters"])
def clips_the_list(self):
    """Gradients clipped in gradients()

    Large gradients are cut off. The contract's gradients are not clipped.
    """
    return [np.clip(g, -1, 1) for layer in _linears(self) for g in (layer.dW, layer.db)]


@misconception("network.MLP.gradients", fails=["check_gradients_follow_parameters"])
def empties_the_gradients(self):
    """gradients() sets the gradients to zero

    Call gradients() twice after one backward: the second time all are zero. Reading them must not clear them.
    """
    grads = [g for layer in _linears(self) for g in (layer.dW, layer.db)]
    for layer in _linears(self):
        layer.dW, layer.db = np.zeros_like(layer.dW), np.zeros_like(layer.db)
    return grads


#: Of these a learner may have chosen another number.
OPEN_NUMBERS = {"updates_on_the_way": 0.1}
