"""Adam, which is given: gradient descent with a step size of its own for each number."""

import numpy as np


class Adam:
    """The usual constants: 0.9, 0.999 and 1e-8."""

    def __init__(self, lr):
        self.lr, self.steps, self.means, self.squares = lr, 0, [], []

    def step(self, params, grads):
        """Change each array of params in place."""
        if not self.steps:
            self.means, self.squares = ([np.zeros_like(p) for p in params] for _ in range(2))
        self.steps += 1
        for p, g, mean, square in zip(params, grads, self.means, self.squares):
            mean += 0.1 * (g - mean)
            square += 0.001 * (g * g - square)
            p -= self.lr * (mean / (1 - 0.9**self.steps)) / (np.sqrt(square / (1 - 0.999**self.steps)) + 1e-8)
