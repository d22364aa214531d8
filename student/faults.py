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
    raise NotImplementedError("14_faults: faults.find_fault is still a TODO")
