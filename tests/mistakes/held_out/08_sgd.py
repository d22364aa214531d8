"""Other forms of slips in stochastic gradient descent."""

import numpy as np

from grader.course.misconceptions import held_out


@held_out("optim.SGD.step")
def makes_new_arrays(self, params, grads):
    for i, p in enumerate(params):
        new = np.subtract(p, self.lr * grads[i])
        p = new


@held_out("optim.SGD.step")
def climbs(self, params, grads):
    for p, g in zip(params, grads):
        np.add(p, self.lr * g, out=p)


@held_out("optim.SGD.step")
def forgets_lr(self, params, grads):
    for i in range(len(params)):
        params[i][...] = params[i] - grads[i]


@held_out("optim.SGD.step")
def gathers_momentum(self, params, grads):
    old = getattr(self, "old", None) or [0.0] * len(params)
    self.old = [0.9 * v + self.lr * g for v, g in zip(old, grads)]
    for p, v in zip(params, self.old):
        p -= v


@held_out("optim.SGD.step")
def adds_up_past_gradients(self, params, grads):
    self.velocity = getattr(self, "velocity", None) or [np.zeros_like(p) for p in params]
    for v, p, g in zip(self.velocity, params, grads):
        v -= self.lr * g
        p += v


@held_out("optim.SGD.step")
def misses_the_last_array(self, params, grads):
    for p, g in list(zip(params, grads))[:-1]:
        p -= self.lr * g


@held_out("optim.SGD.step")
def updates_weights_only(self, params, grads):
    for k in range(len(params)):
        if len(params[k].shape) == 2:
            params[k] -= self.lr * grads[k]


@held_out("optim.SGD.step")
def steps_by_the_sign(self, params, grads):
    for p, g in zip(params, grads):
        p -= self.lr * ((g > 0).astype(float) - (g < 0))


@held_out("optim.SGD.step")
def steps_twice(self, params, grads):
    for _ in range(2):
        for p, g in zip(params, grads):
            p -= self.lr * g
