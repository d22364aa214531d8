"""What is called Linear makes no layer, and what is called ReLU none either."""


def Linear(n_inputs, n_outputs, rng):
    return 7


def ReLU():
    return ["forward", "backward"]
