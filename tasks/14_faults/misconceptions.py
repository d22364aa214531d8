"""Slips in finding a fault, each a runnable version; its docstring is the hint. Read as text, never imported."""

import numpy as np

from grader.course.misconceptions import misconception
from reference.gradcheck import numerical_gradient


def differ(given, measured):
    return np.linalg.norm(given - measured) > 1e-5 * (np.linalg.norm(given) + np.linalg.norm(measured))


def layer_gradients(layer, dout):
    dx = layer.backward(dout)
    return dx, ({"dW": layer.dW.copy(), "db": layer.db.copy()} if hasattr(layer, "W") else {})


def slopes_along(array, layer, x, dout):
    def score(nudged):
        array[...] = nudged
        return np.sum(dout * layer.forward(x))

    before = array.copy()
    slopes = numerical_gradient(score, before.copy())
    array[...] = before
    return slopes


def measure_layer(layer, x, dout):
    """Pairs such as ("dW", slopes)."""
    x = x.copy()
    parameters = {"dW": layer.W, "db": layer.b} if hasattr(layer, "W") else {}
    for part, array in (parameters | {"dx": x}).items():
        yield part, slopes_along(array, layer, x, dout)


def _inputs(model, x):
    inputs = [x]
    for layer in model.layers:
        inputs.append(layer.forward(inputs[-1]))
    return inputs


def _in_layers(model, inputs, dout, parts=("dW", "db", "dx"), differ=differ):
    """The first part that differs, from the last layer to the first, or None."""
    for k in reversed(range(len(model.layers))):
        dx, own = layer_gradients(model.layers[k], dout)
        for part, slopes in measure_layer(model.layers[k], inputs[k], dout):
            if part in parts and differ(own.get(part, dx), slopes):
                return f"layers[{k}]", part
        dout = dx
    return None


def _in_loss(loss, logits, y):
    loss.forward(logits, y)
    dlogits = loss.backward()
    off = differ(dlogits, numerical_gradient(lambda z: loss.forward(z, y), logits.copy()))
    return dlogits, ("loss", "backward") if off else None


def _in_model(model, x, dlogits, differ=differ):
    _inputs(model, x)
    dout, expected = dlogits, []
    for layer in reversed(model.layers):
        dout, own = layer_gradients(layer, dout)
        expected += own.values()
    model.forward(x)
    dx = model.backward(dlogits)
    passed = [g for layer in reversed(model.layers) if hasattr(layer, "W") for g in (layer.dW, layer.db)]
    off = any(differ(a, b) for a, b in zip([*passed, dx], [*expected, dout]))
    return ("model", "backward") if off else None


@misconception("faults.find_fault", fails=["check_find_fault_sees_the_last_bias"])
def trusts_every_network(model, loss, x, y):
    """No network found faulty

    The answer is None where there is a fault, too. Does find_fault recognise the layers, and which numbers does it compare?
    Every fault keeps the shapes, and may keep the sum.
    """
    return None


@misconception("faults.find_fault", fails=["check_find_fault_sees_the_last_bias"])
def accuses_every_network(model, loss, x, y):
    """Every network found faulty

    Networks without a fault are accused, too. Is the score the sum of dout times forward, and does the comparison allow
    what measuring costs, a difference in the ninth digit?
    """
    return f"layers[{len(model.layers) - 1}]", "db"


@misconception("faults.find_fault", fails=["check_find_fault_sees_the_last_bias"])
def trusts_every_network__shapes(model, loss, x, y):
    loss.forward(model.forward(x), y)
    model.backward(loss.backward())
    for k, layer in enumerate(model.layers):
        for name in ("W", "b") if hasattr(layer, "W") else ():
            if getattr(layer, f"d{name}").shape != getattr(layer, name).shape:
                return f"layers[{k}]", f"d{name}"
    return None


@misconception("faults.find_fault", fails=["check_find_fault_sees_the_loss"])
def trusts_the_loss(model, loss, x, y):
    """The loss not measured

    The gradient starts in the loss. Measure loss.backward first: a fault there looks like a fault in the layers.
    """
    inputs = _inputs(model, x)
    loss.forward(inputs[-1], y)
    dlogits = loss.backward()
    return _in_layers(model, inputs, dlogits) or _in_model(model, x, dlogits)


@misconception("faults.find_fault", fails=["check_find_fault_sees_any_dW", "check_find_fault_sees_any_db"])
def looks_at_the_last_layer_only(model, loss, x, y):
    """Only the last layer measured

    You measure the last layer only. A fault can be in any layer.
    """
    inputs = _inputs(model, x)
    dlogits, found = _in_loss(loss, inputs[-1], y)
    found = found or _in_layers(model, inputs, dlogits, ("dW", "db"))
    return found if found in (None, ("loss", "backward")) or found[0] == f"layers[{len(model.layers) - 1}]" else None


@misconception("faults.find_fault", fails=["check_find_fault_sees_a_relu"])
def passes_over_the_relus(model, loss, x, y):
    """ReLUs not measured

    A ReLU has no parameters, but its backward can have a fault: measure its dx.
    """
    inputs = _inputs(model, x)
    dlogits, found = _in_loss(loss, inputs[-1], y)
    dout = dlogits
    for k in reversed(range(len(model.layers))):
        dx, own = layer_gradients(model.layers[k], dout)
        for part, slopes in measure_layer(model.layers[k], inputs[k], dout) if own else ():
            if not found and differ(own.get(part, dx), slopes):
                found = f"layers[{k}]", part
        dout = dx
    return found or _in_model(model, x, dlogits)


@misconception("faults.find_fault", fails=["check_find_fault_sees_what_a_linear_passes_on"])
def leaves_out_dx(model, loss, x, y):
    """dx of a Linear not measured

    dW and db of a layer can be right while its dx is not. Measure dx, too.
    """
    inputs = _inputs(model, x)
    dlogits, found = _in_loss(loss, inputs[-1], y)
    dout = dlogits
    for k in reversed(range(len(model.layers))):
        dx, own = layer_gradients(model.layers[k], dout)
        for part, slopes in measure_layer(model.layers[k], inputs[k], dout):
            if not found and not (own and part == "dx") and differ(own.get(part, dx), slopes):
                found = f"layers[{k}]", part
        dout = dx
    return found or _in_model(model, x, dlogits)


@misconception("faults.find_fault", fails=["check_find_fault_sees_the_model"])
def trusts_the_model(model, loss, x, y):
    """model.backward not compared with the layers

    Every layer is right by itself, but the gradients after model.backward are not. Compare them with your own pass through the layers.
    """
    inputs = _inputs(model, x)
    dlogits, found = _in_loss(loss, inputs[-1], y)
    return found or _in_layers(model, inputs, dlogits)


@misconception("faults.find_fault", fails=["check_find_fault_sees_the_last_bias"])
def counts_linear_layers_only(model, loss, x, y):
    """Layers counted without the ReLUs

    layers[1] is a ReLU: k counts everything in model.layers, as Python does.
    """
    inputs = _inputs(model, x)
    dlogits, found = _in_loss(loss, inputs[-1], y)
    found = found or _in_layers(model, inputs, dlogits)
    if found and found[0].startswith("layers"):
        return f"layers[{int(found[0][7:-1]) // 2}]", found[1]
    return found or _in_model(model, x, dlogits)


@misconception("faults.find_fault", fails=["check_find_fault_sees_the_last_bias"])
def accuses_every_network__that_differs_at_all(model, loss, x, y):
    def differ(given, measured):
        return not np.array_equal(given, measured)

    inputs = _inputs(model, x)
    loss.forward(inputs[-1], y)
    return _in_layers(model, inputs, loss.backward(), ("db", "dW"), differ)


@misconception("faults.find_fault", fails=["check_find_fault_sees_the_last_bias"])
def accuses_every_network__dW(model, loss, x, y):
    return f"layers[{len(model.layers) - 1}]", "dW"


@misconception("faults.find_fault", fails=["check_find_fault_sees_the_loss"])
def compares_one_entry(model, loss, x, y):
    """One entry of each array compared

    A gradient may be right in its first entry and nowhere else. Which norms does the handout compare?
    """

    def differ(given, measured):
        return abs(given.flat[0] - measured.flat[0]) > 1e-5

    inputs = _inputs(model, x)
    loss.forward(inputs[-1], y)
    dlogits = loss.backward()
    if differ(dlogits, numerical_gradient(lambda z: loss.forward(z, y), inputs[-1].copy())):
        return "loss", "backward"
    return _in_layers(model, inputs, dlogits, differ=differ) or _in_model(model, x, dlogits)


@misconception("faults.find_fault", fails=["check_find_fault_sees_the_last_bias"])
def counts_layers_from_the_end(model, loss, x, y):
    """Layers counted from the end

    You go through the layers from the last to the first. k counts from the first.
    """
    inputs = _inputs(model, x)
    dlogits, found = _in_loss(loss, inputs[-1], y)
    found = found or _in_layers(model, inputs, dlogits)
    if found and found[0].startswith("layers"):
        return f"layers[{len(model.layers) - 1 - int(found[0][7:-1])}]", found[1]
    return found or _in_model(model, x, dlogits)


@misconception("faults.find_fault", fails=["check_find_fault_sees_the_last_bias"])
def counts_layers_from_one(model, loss, x, y):
    """Layers counted from 1

    The first layer is layers[0]: k counts from 0, as Python does.
    """
    inputs = _inputs(model, x)
    dlogits, found = _in_loss(loss, inputs[-1], y)
    found = found or _in_layers(model, inputs, dlogits)
    if found and found[0].startswith("layers"):
        return f"layers[{int(found[0][7:-1]) + 1}]", found[1]
    return found or _in_model(model, x, dlogits)


@misconception("faults.find_fault", fails=["check_find_fault_sees_the_last_bias"])
def gives_one_string(model, loss, x, y):
    """Layer and part in one string

    The answer is a tuple of two strings: the layer, and the part of it that is not right.
    """
    inputs = _inputs(model, x)
    dlogits, found = _in_loss(loss, inputs[-1], y)
    found = found or _in_layers(model, inputs, dlogits) or _in_model(model, x, dlogits)
    return found and ".".join(found)


@misconception("faults.find_fault", fails=["check_find_fault_sees_the_last_bias"])
def gives_a_layer_as_a_number(model, loss, x, y):
    """Layer given as a number instead of a string

    The answer has two strings: how does the handout write the third layer?
    """
    inputs = _inputs(model, x)
    dlogits, found = _in_loss(loss, inputs[-1], y)
    found = found or _in_layers(model, inputs, dlogits)
    if found and found[0].startswith("layers"):
        return int(found[0][7:-1]), found[1]
    return found or _in_model(model, x, dlogits)


def _in_whole_network(model, loss, x, y, dlogits):
    """The names of all dW and db that differ after one backward of the model, from the first layer to the last."""
    model.forward(x)
    model.backward(dlogits)
    given = [g.copy() for g in model.gradients()]
    linear = [k for k, layer in enumerate(model.layers) if hasattr(layer, "W")]
    names = [(f"layers[{k}]", part) for k in linear for part in ("dW", "db")]
    off = []
    for name, array, gradient in zip(names, model.parameters(), given):

        def score(nudged, array=array):
            array[...] = nudged
            return loss.forward(model.forward(x), y)

        before = array.copy()
        if differ(gradient, numerical_gradient(score, before.copy())):
            off.append(name)
        array[...] = before
    return off


@misconception("faults.find_fault", fails=["check_find_fault_sees_a_relu", "check_find_fault_sees_the_model"])
def measures_the_whole_network(model, loss, x, y):
    """dW and db of the whole network measured alone

    A fault in dx spoils every dW and db before it, and you blame those. Which dout does each layer get?
    """
    dlogits, found = _in_loss(loss, _inputs(model, x)[-1], y)
    return found or next(reversed(_in_whole_network(model, loss, x, y, dlogits)), None)


@misconception("faults.find_fault", fails=["check_find_fault_sees_a_relu", "check_find_fault_sees_the_model"])
def measures_the_whole_network__dW_first(model, loss, x, y):
    dlogits, found = _in_loss(loss, _inputs(model, x)[-1], y)
    off = _in_whole_network(model, loss, x, y, dlogits)
    return found or next((name for name in off if name[0] == off[-1][0]), None)


@misconception("faults.find_fault", fails=["check_find_fault_sees_a_relu", "check_find_fault_sees_the_model"])
def blames_the_first_array(model, loss, x, y):
    """First array that is off named, not the last

    A fault in a layer spoils the layers before it. Of all arrays that are off, name the one nearest to the loss.
    """
    dlogits, found = _in_loss(loss, _inputs(model, x)[-1], y)
    return found or next(iter(_in_whole_network(model, loss, x, y, dlogits)), None)


@misconception("faults.find_fault", fails=["check_find_fault_sees_the_loss", "check_find_fault_sees_a_relu"])
def blames_the_first_array__before_the_loss(model, loss, x, y):
    dlogits, found = _in_loss(loss, _inputs(model, x)[-1], y)
    return next(iter(_in_whole_network(model, loss, x, y, dlogits)), found)


@misconception("faults.find_fault", fails=["check_find_fault_sees_what_a_linear_passes_on"])
def leaves_out_the_first_dx(model, loss, x, y):
    """dx of the first layer not measured

    No layer needs the dx of the first one, but it can have a fault as well. With respect to what is it the gradient?
    """
    inputs = _inputs(model, x)
    dlogits, found = _in_loss(loss, inputs[-1], y)
    found = found or _in_layers(model, inputs, dlogits)
    return found if found and found != ("layers[0]", "dx") else _in_model(model, x, dlogits)


@misconception("faults.find_fault", fails=["check_find_fault_sees_the_last_bias"])
def leaves_parameters_nudged(model, loss, x, y):
    """W and b not put back after measuring

    Some of W and b are not what they were: all that comes later is measured on another network. Put them back each time.
    """

    def slopes(score, array, step=1e-3):
        found = np.zeros_like(array)
        for i in np.ndindex(array.shape):
            array[i] += step
            found[i] = score() / (2 * step)
            array[i] -= 2 * step
            found[i] -= score() / (2 * step)
        return found

    inputs = _inputs(model, x)
    dout, found = _in_loss(loss, inputs[-1], y)
    for k in reversed(range(len(model.layers))):
        layer, dlayer = model.layers[k], dout
        dout, own = layer_gradients(layer, dlayer)
        arrays = {"dW": layer.W, "db": layer.b} if own else {}
        for part, array in (arrays | {"dx": inputs[k]}).items():
            measured = slopes(lambda layer=layer, k=k, dlayer=dlayer: np.sum(dlayer * layer.forward(inputs[k])), array)
            if not found and differ(own.get(part, dout), measured):
                found = f"layers[{k}]", part
    return found or _in_model(model, x, loss.backward())


@misconception("faults.find_fault", fails=["check_find_fault_sees_the_last_bias"])
def measures_one_row(model, loss, x, y):
    """One row measured instead of the batch

    With one row a mean is a sum, and a factor N is 1. Measure with all rows of the batch that find_fault is given.
    """
    x, y = x[:1], y[:1]
    inputs = _inputs(model, x)
    dlogits, found = _in_loss(loss, inputs[-1], y)
    return found or _in_layers(model, inputs, dlogits) or _in_model(model, x, dlogits)


@misconception("faults.find_fault", fails=["check_find_fault_sees_what_a_linear_passes_on", "check_find_fault_sees_the_model"])
def compares_lengths(model, loss, x, y):
    """Lengths compared, not the arrays themselves

    An array of the opposite sign is as long as the right one. The norm that counts is that of the difference.
    """

    def differ(given, measured):
        lengths = np.linalg.norm(given), np.linalg.norm(measured)
        return abs(lengths[0] - lengths[1]) > 1e-5 * sum(lengths)

    inputs = _inputs(model, x)
    loss.forward(inputs[-1], y)
    dlogits = loss.backward()
    slopes = numerical_gradient(lambda z: loss.forward(z, y), inputs[-1].copy())
    if differ(dlogits, slopes):
        return "loss", "backward"
    return _in_layers(model, inputs, dlogits, differ=differ) or _in_model(model, x, dlogits, differ)


@misconception("faults.find_fault", fails=["check_find_fault_sees_the_last_bias"])
def leaves_out_db(model, loss, x, y):
    """db not measured

    A fault in dW is found, one in db is not. Measure along b as you do along W.
    """
    inputs = _inputs(model, x)
    dlogits, found = _in_loss(loss, inputs[-1], y)
    return found or _in_layers(model, inputs, dlogits, ("dW", "dx")) or _in_model(model, x, dlogits)


@misconception("faults.find_fault", fails=["check_find_fault_sees_any_dW"])
def leaves_out_dW(model, loss, x, y):
    """dW not measured

    A fault in db is found, one in dW is not. Measure along W as you do along b.
    """
    inputs = _inputs(model, x)
    dlogits, found = _in_loss(loss, inputs[-1], y)
    return found or _in_layers(model, inputs, dlogits, ("db", "dx")) or _in_model(model, x, dlogits)
