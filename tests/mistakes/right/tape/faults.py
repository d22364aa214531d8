import numpy as np


def far(a, b):
    return np.sqrt(((a - b) ** 2).sum()) > 1e-6 * (np.sqrt((a**2).sum()) + np.sqrt((b**2).sum()))


def rules(layer, x, dout):
    """What a layer's backward should give, worked out by hand; nothing is nudged."""
    if not hasattr(layer, "W"):
        return {"dx": np.where(x > 0, dout, 0.0)}
    return {
        "dW": np.tensordot(x, dout, axes=(0, 0)),
        "db": np.ones(len(x)) @ dout,
        "dx": np.inner(dout, layer.W),
    }


def find_fault(model, loss, x, y):
    tape = []
    z = x
    for k, layer in enumerate(model.layers):
        tape.append((k, layer, z))
        z = layer.forward(z)
    loss.forward(z, y)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    right = e / e.sum(axis=1, keepdims=True)
    right[np.arange(len(y)), y] -= 1
    right /= len(y)
    if far(loss.backward(), right):
        return ("loss", "backward")
    all_right, dout = [], right
    while tape:
        k, layer, given = tape.pop()
        expected = rules(layer, given, dout)
        found = {"dx": layer.backward(dout)}
        if "dW" in expected:
            found["dW"], found["db"] = layer.dW, layer.db
            all_right = [expected["dW"], expected["db"]] + all_right
        for part in sorted(expected):
            if far(found[part], expected[part]):
                return (f"layers[{k}]", part)
        dout = expected["dx"]
    model.forward(x)
    last = model.backward(right)
    gradients = model.gradients() + [last]
    if any(far(a, b) for a, b in zip(gradients, all_right + [dout])):
        return ("model", "backward")
