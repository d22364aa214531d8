import numpy as np

from .gradcheck import numerical_gradient


def length(array):
    total = 0.0
    for value in array.flat:
        total += value * value
    return total**0.5


def equal(a, b):
    return length(a - b) < 1e-4 * (length(a) + length(b))


def rest(model, loss, k, z, y):
    """The loss from the input of layer k on."""
    for j in range(k, len(model.layers)):
        z = model.layers[j].forward(z)
    return loss.forward(z, y)


def find_fault(model, loss, x, y):
    count = len(model.layers)
    inputs = []
    z = x
    for k in range(count):
        inputs.append(z)
        z = model.layers[k].forward(z)

    def at(k):
        return lambda nudged: rest(model, loss, k, nudged, y)

    back = numerical_gradient(at(count), z)
    loss.forward(z, y)
    if not equal(loss.backward(), back):
        return ["loss", "backward"]
    for k in range(count - 1, -1, -1):
        layer = model.layers[k]
        layer.forward(inputs[k])
        dx = layer.backward(back)
        if hasattr(layer, "W"):
            for name in ("W", "b"):
                given = getattr(layer, "d" + name)
                before = getattr(layer, name)

                def moved(values, layer=layer, name=name, k=k):
                    setattr(layer, name, values)
                    return rest(model, loss, k, inputs[k], y)

                slopes = numerical_gradient(moved, before)
                setattr(layer, name, before)
                if not equal(given, slopes):
                    return [f"layers[{k}]", "d" + name]
        back = numerical_gradient(at(k), inputs[k])
        if not equal(dx, back):
            return [f"layers[{k}]", "dx"]
    own = []
    rest(model, loss, 0, x, y)
    dout = loss.backward()
    for k in range(count - 1, -1, -1):
        dout = model.layers[k].backward(dout)
        if hasattr(model.layers[k], "W"):
            own = [model.layers[k].dW, model.layers[k].db, *own]
    model.forward(x)
    dx = model.backward(loss.backward())
    for a, b in zip([*model.gradients(), dx], [*own, dout]):
        if not equal(a, b):
            return ["model", "backward"]
    return None
