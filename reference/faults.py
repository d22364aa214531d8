"""Finding a fault: measure what every backward rule should give, and name the one that gives something else."""

import numpy as np

from .gradcheck import numerical_gradient


def find_fault(model, loss, x, y):
    """The one backward rule that is not right, if there is one. Every forward is right.

    model   : MLP                   layers, W, b, dW and db as you know them; all arithmetic is float64
    loss    : SoftmaxCrossEntropy
    x       : (N, D) float          a batch, at least 5 rows
    y       : (N,) int              its labels
    returns : None                  every rule is right
              ("loss", "backward")
              ("layers[k]", part)   k counts in model.layers, part is "dW", "db" or "dx"; a ReLU has dx alone
              ("model", "backward") every layer is right, and the model passes the gradient on in another way
    """

    def differ(given, measured):
        # 1. By the norms of whole arrays, not by the worst entry: |a - b| over |a| + |b|, against what measuring loses.
        size = np.linalg.norm(given) + np.linalg.norm(measured)
        return np.linalg.norm(given - measured) > 1e-5 * size

    def slopes(array, layer, x, dout):
        # 2. sum(dout * forward(x)) has the gradients that backward should give for dout, along W, b and x alike.
        def score(nudged):
            array[...] = nudged
            return np.sum(dout * layer.forward(x))

        before = array.copy()
        found = numerical_gradient(score, before.copy())
        array[...] = before
        return found

    # 3. One forward, layer by layer: keep what goes into each.
    inputs = [x.copy()]
    for layer in model.layers:
        inputs.append(layer.forward(inputs[-1]))
    logits = inputs.pop()
    # 4. The loss first: its gradient with respect to the logits, given and measured.
    loss.forward(logits, y)
    dlogits = loss.backward()
    if differ(dlogits, numerical_gradient(lambda z: loss.forward(z, y), logits.copy())):
        return "loss", "backward"
    # 5. Then each layer, from the last to the first: all behind it is right, so what comes back to it is, too.
    dout, expected = dlogits, []
    for k in reversed(range(len(model.layers))):
        layer, arrays, gradients = model.layers[k], {"dx": inputs[k]}, {}
        gradients["dx"] = layer.backward(dout)  # before anything is nudged: backward belongs to the last forward
        if hasattr(layer, "W"):
            arrays |= {"dW": layer.W, "db": layer.b}
            gradients |= {"dW": layer.dW.copy(), "db": layer.db.copy()}
            expected += [gradients["dW"], gradients["db"]]
        # 6. Compare what it gave with what is measured.
        for part, array in arrays.items():
            if differ(gradients[part], slopes(array, layer, inputs[k], dout)):
                return f"layers[{k}]", part
        dout = gradients["dx"]
    # 7. Every rule is right by itself: does the model give what they gave one after another?
    model.forward(x)
    dx = model.backward(dlogits)
    passed = [g for layer in reversed(model.layers) if hasattr(layer, "W") for g in (layer.dW, layer.db)]
    if any(differ(a, b) for a, b in zip([*passed, dx], [*expected, dout])):
        return "model", "backward"
    return None
