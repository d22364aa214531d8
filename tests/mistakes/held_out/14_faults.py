"""Other forms of slips in finding a fault."""

import numpy as np

from grader.course.misconceptions import held_out


def _off(a, b, most=1e-4):
    return np.sqrt(np.sum((a - b) ** 2)) > most * (np.sqrt(np.sum(a**2)) + np.sqrt(np.sum(b**2)))


def _slopes(f, array, eps=1e-6, put_back=True):
    found = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        old = array[place]
        array[place] = old + eps
        high = f()
        array[place] = old - eps
        found[place] = (high - f()) / (2 * eps)
        array[place] = old if put_back else array[place]
    return found


def _rules(model, x, dlogits, slopes=_slopes):
    """(index, part, given, measured) of every rule of a layer, from the last to the first."""
    inputs = [np.array(x)]
    for layer in model.layers:
        inputs.append(layer.forward(inputs[-1]))
    dout = dlogits
    for k in range(len(model.layers) - 1, -1, -1):
        layer, at = model.layers[k], inputs[k]
        layer.forward(at)
        dx, g = layer.backward(dout), dout
        given = {"dx": dx} | ({"dW": layer.dW, "db": layer.db} if hasattr(layer, "W") else {})
        for part, array in (("dW", getattr(layer, "W", None)), ("db", getattr(layer, "b", None)), ("dx", at)):
            if part in given:
                yield k, part, given[part], slopes(lambda: np.sum(g * layer.forward(at)), array)  # noqa: B023
        dout = dx


def _of_loss(model, loss, x, y):
    logits = np.array(model.forward(x))
    loss.forward(logits, y)
    dlogits = loss.backward()
    return dlogits, _off(dlogits, _slopes(lambda: loss.forward(logits, y), logits))


def _of_model(model, x, dlogits):
    for layer in model.layers:
        x = layer.forward(x)
    dout = dlogits
    for layer in model.layers[::-1]:
        dout = layer.backward(dout)
    return _off(model.backward(dlogits), dout)


@held_out("faults.find_fault")
def counts_layers_from_the_end(model, loss, x, y):
    dlogits, off = _of_loss(model, loss, x, y)
    if off:
        return "loss", "backward"
    for k, part, given, measured in _rules(model, x, dlogits):
        if _off(given, measured):
            return f"layers[{len(model.layers) - k - 1}]", part
    return ("model", "backward") if _of_model(model, x, dlogits) else None


@held_out("faults.find_fault")
def gives_a_layer_as_a_number(model, loss, x, y):
    dlogits, off = _of_loss(model, loss, x, y)
    if off:
        return "loss", "backward"
    for k, part, given, measured in _rules(model, x, dlogits):
        if _off(given, measured):
            return k, part
    return ("model", "backward") if _of_model(model, x, dlogits) else None


@held_out("faults.find_fault")
def passes_over_the_relus(model, loss, x, y):
    dlogits, off = _of_loss(model, loss, x, y)
    if off:
        return "loss", "backward"
    for k, part, given, measured in _rules(model, x, dlogits):
        if hasattr(model.layers[k], "W") and _off(given, measured):
            return f"layers[{k}]", part
    return ("model", "backward") if _of_model(model, x, dlogits) else None


@held_out("faults.find_fault")
def leaves_out_the_first_dx(model, loss, x, y):
    dlogits, off = _of_loss(model, loss, x, y)
    if off:
        return "loss", "backward"
    for k, part, given, measured in _rules(model, x, dlogits):
        if (k, part) != (0, "dx") and _off(given, measured):
            return f"layers[{k}]", part
    return ("model", "backward") if _of_model(model, x, dlogits) else None


@held_out("faults.find_fault")
def measures_the_whole_network(model, loss, x, y):
    dlogits, off = _of_loss(model, loss, x, y)
    if off:
        return "loss", "backward"
    model.forward(x)
    model.backward(dlogits)
    given = [np.array(g) for g in model.gradients()]
    places = [(k, part) for k, layer in enumerate(model.layers) if hasattr(layer, "W") for part in ("dW", "db")]
    found = None
    for (k, part), array, gradient in zip(places, model.parameters(), given):
        if _off(gradient, _slopes(lambda: loss.forward(model.forward(x), y), array)) and (not found or found[0] < k):
            found = k, part
    return found and (f"layers[{found[0]}]", found[1])


@held_out("faults.find_fault")
def blames_the_first_array(model, loss, x, y):
    dlogits, off = _of_loss(model, loss, x, y)
    model.forward(x)
    model.backward(dlogits)
    for k, layer in enumerate(model.layers):
        for name in ("W", "b") if hasattr(layer, "W") else ():
            given = np.array(getattr(layer, "d" + name))
            if _off(given, _slopes(lambda: loss.forward(model.forward(x), y), getattr(layer, name))):
                return f"layers[{k}]", "d" + name
    return ("loss", "backward") if off else None


@held_out("faults.find_fault")
def trusts_the_model(model, loss, x, y):
    dlogits, off = _of_loss(model, loss, x, y)
    off_rules = [(f"layers[{k}]", part) for k, part, a, b in _rules(model, x, dlogits) if _off(a, b)]
    return ("loss", "backward") if off else off_rules[0] if off_rules else None


@held_out("faults.find_fault")
def leaves_parameters_nudged(model, loss, x, y):
    dlogits, off = _of_loss(model, loss, x, y)
    if off:
        return "loss", "backward"
    for k, part, given, measured in _rules(model, x, dlogits, lambda f, array: _slopes(f, array, 2e-3, put_back=False)):
        if _off(given, measured):
            return f"layers[{k}]", part
    return ("model", "backward") if _of_model(model, x, dlogits) else None


@held_out("faults.find_fault")
def measures_one_row(model, loss, x, y):
    dlogits, off = _of_loss(model, loss, x[:1], y[:1])
    if off:
        return "loss", "backward"
    off_rules = [(f"layers[{k}]", part) for k, part, a, b in _rules(model, x[:1], dlogits) if _off(a, b)]
    return off_rules[0] if off_rules else ("model", "backward") if _of_model(model, x[:1], dlogits) else None


@held_out("faults.find_fault")
def accuses_every_network(model, loss, x, y):
    dlogits, off = _of_loss(model, loss, x, y)
    if off:
        return "loss", "backward"
    for k, part, given, measured in _rules(model, x, dlogits):
        if _off(given, measured, 1e-13):
            return f"layers[{k}]", part
    return ("model", "backward") if _of_model(model, x, dlogits) else None


@held_out("faults.find_fault")
def compares_lengths(model, loss, x, y):
    def off(a, b):
        return not np.isclose(np.sum(a**2), np.sum(b**2), rtol=1e-5)

    logits = np.array(model.forward(x))
    loss.forward(logits, y)
    dlogits = loss.backward()
    if off(dlogits, _slopes(lambda: loss.forward(logits, y), logits)):
        return "loss", "backward"
    for k, part, given, measured in _rules(model, x, dlogits):
        if off(given, measured):
            return f"layers[{k}]", part
    for layer in model.layers:
        x = layer.forward(x)
    dout = dlogits
    for layer in model.layers[::-1]:
        dout = layer.backward(dout)
    return ("model", "backward") if off(model.backward(dlogits), dout) else None


def _without(parts, model, loss, x, y):
    dlogits, off = _of_loss(model, loss, x, y)
    if off:
        return "loss", "backward"
    off_rules = [(f"layers[{k}]", part) for k, part, a, b in _rules(model, x, dlogits) if part not in parts and _off(a, b)]
    return off_rules[0] if off_rules else ("model", "backward") if _of_model(model, x, dlogits) else None


@held_out("faults.find_fault")
def leaves_out_db(model, loss, x, y):
    return _without(["db"], model, loss, x, y)


@held_out("faults.find_fault")
def leaves_out_dW(model, loss, x, y):
    return _without(["dW"], model, loss, x, y)
