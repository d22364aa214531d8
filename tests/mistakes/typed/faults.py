"""What a learner types who has the handouts alone: the right answer, before anything slips."""

import numpy as np

from .gradcheck import numerical_gradient


def find_fault(model, loss, x, y):
    def off(given, measured):
        size = np.linalg.norm(given) + np.linalg.norm(measured)
        return np.linalg.norm(given - measured) > 1e-5 * size

    def measure(layer, array, inputs, dout):
        def score(values):
            before = array.copy()
            array[...] = values
            found = np.sum(dout * layer.forward(inputs))
            array[...] = before
            return found

        return numerical_gradient(score, array.copy())

    inputs = [x]
    for layer in model.layers:
        inputs.append(layer.forward(inputs[-1]))
    loss.forward(inputs[-1], y)
    dlogits = dout = loss.backward()
    if off(dlogits, numerical_gradient(lambda z: loss.forward(z, y), inputs[-1].copy())):
        return "loss", "backward"
    own = []
    for k in reversed(range(len(model.layers))):
        layer, into = model.layers[k], inputs[k].copy()
        layer.forward(into)
        dx = layer.backward(dout)
        if hasattr(layer, "W"):
            dW, db = layer.dW.copy(), layer.db.copy()
            own = [dW, db, *own]
            if off(dW, measure(layer, layer.W, into, dout)):
                return f"layers[{k}]", "dW"
            if off(db, measure(layer, layer.b, into, dout)):
                return f"layers[{k}]", "db"
        if off(dx, measure(layer, into, into, dout)):
            return f"layers[{k}]", "dx"
        dout = dx
    model.forward(x)
    dx = model.backward(dlogits)
    if off(dx, dout) or any(off(g, o) for g, o in zip(model.gradients(), own)):
        return "model", "backward"
    return None
