import numpy as np


def slopes(f, array, h=1e-6):
    """One-sided differences: half the calls, and far more than precise enough."""
    here, found = f(), np.empty(array.shape)
    for place in np.ndindex(*array.shape):
        old = array[place]
        array[place] = old + h
        found[place] = (f() - here) / h
        array[place] = old
    return found


def off(a, b):
    return bool(abs(a - b).max() > 1e-4 * max(abs(a).max(), abs(b).max(), 1e-9))


def find_fault(model, loss, x, y):
    layers = model.layers
    seen = [x.copy()]
    for layer in layers:
        seen += [layer.forward(seen[-1])]
    logits = seen[-1]
    loss.forward(logits, y)
    given = loss.backward()
    if off(given, slopes(lambda: loss.forward(logits, y), logits)):
        return "loss", "backward"
    # Front to back, each layer with a gradient of ones and twos: at most one rule is off, so the order is free.
    for k, layer in enumerate(layers):
        z = seen[k]
        out = layer.forward(z)
        g = 1.0 + np.indices(out.shape).sum(0) % 2
        dx = layer.backward(g)
        parts = {"dx": (dx, z)}
        if hasattr(layer, "W"):
            parts["dW"] = layer.dW, layer.W
            parts["db"] = layer.db, layer.b
        for part, (gave, array) in parts.items():
            if off(gave, slopes(lambda: (g * layer.forward(z)).sum(), array)):  # noqa: B023
                return f"layers[{k}]", part
    for layer, z in zip(layers, seen):
        layer.forward(z)
    g, own = given, []
    for layer in layers[::-1]:
        g = layer.backward(g)
        if hasattr(layer, "dW"):
            own = [layer.dW.copy(), layer.db.copy()] + own
    model.forward(x)
    if off(model.backward(given), g):
        return "model", "backward"
    for a, b in zip(model.gradients(), own):
        if off(a, b):
            return "model", "backward"
    return None
