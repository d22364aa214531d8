import numpy as np
from gradcheck import numerical_gradient


def compare(name, analytic, numeric):
    rel = np.sum(np.abs(analytic - numeric)) / (np.sum(np.abs(analytic)) + np.sum(np.abs(numeric)) + 1e-15)
    print(f"{name:20} {rel:.2e} {'ok' if rel < 1e-6 else 'FAULT'}")
    return rel < 1e-6


def whole_loss(model, loss, x, y):
    out = x
    for layer in model.layers:
        out = layer.forward(out)
    return loss.forward(out, y)


def find_fault(model, loss, x, y):
    # everything that should come out, measured in the whole network
    whole_loss(model, loss, x, y)
    numeric = {}
    for k, layer in enumerate(model.layers):
        if hasattr(layer, "W"):
            numeric[k, "dW"] = numerical_gradient(lambda W: whole_loss(model, loss, x, y), layer.W)
            numeric[k, "db"] = numerical_gradient(lambda b: whole_loss(model, loss, x, y), layer.b)
    acts = [np.array(x)]
    for layer in model.layers:
        acts.append(layer.forward(acts[-1]))

    def from_layer(k):
        def f(z):
            for layer in model.layers[k:]:
                z = layer.forward(z)
            return loss.forward(z, y)

        return f

    douts = [numerical_gradient(from_layer(k), acts[k].copy()) for k in range(len(acts))]

    # every backward gets the measured gradient, so that no mistake is handed on
    whole_loss(model, loss, x, y)
    if not compare("loss", loss.backward(), douts[-1]):
        return ("loss", "backward")
    for k in range(len(model.layers)):
        layer = model.layers[k]
        layer.forward(acts[k])
        dx = layer.backward(douts[k + 1])
        if not compare(f"layers[{k}] dx", dx, douts[k]):
            return (f"layers[{k}]", "dx")
        for part in ("dW", "db"):
            if (k, part) in numeric and not compare(f"layers[{k}] {part}", getattr(layer, part), numeric[k, part]):
                return (f"layers[{k}]", part)
    logits = model.forward(x)
    loss.forward(logits, y)
    if not compare("model dx", model.backward(loss.backward()), douts[0]):
        return ("model", "backward")
    for k, part in numeric:
        if not compare(f"model {k} {part}", getattr(model.layers[k], part), numeric[k, part]):
            return ("model", "backward")
    return None
