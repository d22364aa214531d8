"""Right answers in other styles than the reference's, each put in the place of one function or class of it.

Read as text, as the misconceptions are; all must earn full marks. The docstring says what a careless check would mind.
"""

import math
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from grader.misconceptions import right_answer
from reference.data import minibatches
from reference.layers import Linear, ReLU
from reference.losses import SoftmaxCrossEntropy
from reference.optim import SGD


def _he(in_features, out_features, rng):
    return rng.standard_normal((in_features, out_features)) * math.sqrt(2 / in_features)


# --- layers ---------------------------------------------------------------------------------------------------------


@right_answer("layers.Linear.forward")
def forward_by_einsum(self, x):
    """einsum for @."""
    self.x = x
    return np.einsum("ni,io->no", x, self.W) + self.b[None, :]


@right_answer("layers.Linear.forward", slow=True)
def forward_by_loops(self, x):
    """Three loops."""
    self.x = x
    out = np.zeros((x.shape[0], self.W.shape[1]))
    for n in range(x.shape[0]):
        for k in range(self.W.shape[1]):
            total = self.b[k]
            for i in range(x.shape[1]):
                total += x[n, i] * self.W[i, k]
            out[n, k] = total
    return out


@right_answer("layers.Linear.forward")
def forward_in_two_steps(self, x):
    """Keeps a copy of x, adds the bias in place, keeps the output too."""
    self.x = np.array(x, copy=True)
    self.out = np.dot(x, self.W)
    self.out += self.b
    return self.out.copy()


@right_answer("layers.Linear.forward")
def forward_with_a_column_of_ones(self, x):
    """The bias as one more row of W."""
    self.x = x
    extended = np.hstack([x, np.ones((len(x), 1))])
    return extended @ np.vstack([self.W, self.b])


@right_answer("layers.Linear.backward")
def backward_by_einsum(self, dout):
    """einsum for all three."""
    self.dW = np.einsum("ni,no->io", self.x, dout)
    self.db = np.einsum("no->o", dout)
    return np.einsum("no,io->ni", dout, self.W)


@right_answer("layers.Linear.backward")
def backward_row_by_row(self, dout):
    """A loop over the examples, adding up outer products."""
    self.dW, self.db = np.zeros(self.W.shape), np.zeros(self.b.shape)
    dx = np.empty(self.x.shape)
    for n, (row, slope) in enumerate(zip(self.x, dout)):
        self.dW += np.outer(row, slope)
        self.db += slope
        dx[n] = self.W.dot(slope)
    return dx


@right_answer("layers.Linear.backward")
def backward_into_the_same_arrays(self, dout):
    """Writes into the same dW and db every time."""
    np.matmul(self.x.T, dout, out=self.dW)
    np.sum(dout, axis=0, out=self.db)
    return np.matmul(dout, self.W.T)


@right_answer("layers.Linear.backward")
def backward_that_uses_dout_up(self, dout):
    """Overwrites dout, which is free."""
    self.dW = self.x.T.dot(dout)
    self.db = np.add.reduce(dout, 0)
    dx = dout.dot(self.W.T)
    if dout.flags.writeable:
        dout[...] = 0
    return dx


@right_answer("layers.Linear.__init__")
def uniform_weights_of_that_spread(self, in_features, out_features, rng, *_):
    """Uniform, with the standard deviation that the contract asks for."""
    limit = math.sqrt(6 / in_features)
    self.W = rng.uniform(-limit, limit, (in_features, out_features))
    self.b, self.dW, self.db = np.zeros(out_features), np.zeros_like(self.W), np.zeros(out_features)


@right_answer("layers.Linear.__init__")
def weights_drawn_transposed(self, in_features, out_features, rng, *_):
    """W is a transposed view, not contiguous."""
    self.W = (rng.standard_normal((out_features, in_features)) * np.sqrt(2.0 / in_features)).T
    self.b = np.zeros((out_features,))
    self.dW = np.zeros((in_features, out_features))
    self.db = np.zeros((out_features,))


@right_answer("layers.Linear.__init__")
def weights_one_by_one(self, in_features, out_features, rng, *_):
    """Draws the weights one at a time, and keeps more attributes than asked for."""
    self.shape, self.name, self.history = (in_features, out_features), "linear", []
    scale = (2 / in_features) ** 0.5
    self.W = np.array([[rng.normal() * scale for _ in range(out_features)] for _ in range(in_features)])
    self.b, self.dW, self.db = np.zeros(out_features), np.zeros((in_features, out_features)), np.zeros(out_features)


@right_answer("layers.Linear")
class LinearWithSlots:
    """__slots__: no attribute can be added from outside."""

    __slots__ = ("W", "_x", "b", "dW", "db")

    def __init__(self, in_features, out_features, rng, *_):
        self.W, self.b = _he(in_features, out_features, rng), np.zeros(out_features)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        self._x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self._x.T @ dout, dout.sum(0)
        return dout @ self.W.T


@right_answer("layers.Linear")
@dataclass
class LinearAsDataclass:
    """A dataclass: == compares arrays and raises, there is no hash."""

    in_features: int
    out_features: int
    rng: object
    dtype: object = np.float64
    x: object = field(default=None, repr=False)

    def __post_init__(self):
        self.W, self.b = _he(self.in_features, self.out_features, self.rng), np.zeros(self.out_features)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


@right_answer("layers.Linear")
class LinearOverOneVector:
    """W and b are read-only properties over one flat vector."""

    def __init__(self, in_features, out_features, rng, *_):
        self.shape = (in_features, out_features)
        self.flat = np.concatenate([_he(in_features, out_features, rng).ravel(), np.zeros(out_features)])
        self.slopes = np.zeros_like(self.flat)

    @property
    def W(self):
        return self.flat[: self.shape[0] * self.shape[1]].reshape(self.shape)

    @property
    def b(self):
        return self.flat[self.shape[0] * self.shape[1] :]

    @property
    def dW(self):
        return self.slopes[: self.shape[0] * self.shape[1]].reshape(self.shape)

    @property
    def db(self):
        return self.slopes[self.shape[0] * self.shape[1] :]

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW[...] = self.x.T @ dout
        self.db[...] = dout.sum(axis=0)
        return dout @ self.W.T


@right_answer("layers.Linear")
class LinearWithAView:
    """Keeps a transposed view of W from the start."""

    def __init__(self, in_features, out_features, rng, *_):
        self.W, self.b = _he(in_features, out_features, rng), np.zeros(out_features)
        self.W_T = self.W.T
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x, training=True):
        self.cache = (x,)
        print("Linear.forward", x.shape)
        return x.dot(self.W) + self.b

    def backward(self, dout, *, verbose=False):
        (x,) = self.cache
        self.dW, self.db = (dout.T @ x).T, dout.sum(axis=0)
        return dout @ self.W_T


@right_answer("layers.ReLU")
class ReLUWithWhere:
    """where, and the input kept instead of a mask."""

    def __init__(self):
        self.cache = None

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        self.cache = x.copy()
        return np.where(x > 0, x, np.zeros_like(x))

    def backward(self, dout):
        return np.where(self.cache > 0, dout, 0.0)


@right_answer("layers.ReLU")
class ReLUByMask:
    """Multiplies by a mask of floats; overwrites dout in backward, which is free."""

    def forward(self, x):
        self.mask = (x > 0).astype(x.dtype)
        return x * self.mask

    def backward(self, dout):
        dout = np.require(dout, requirements="W")
        dout *= self.mask
        return dout


@right_answer("layers.ReLU")
class ReLUByAbs:
    """(|x| + x) / 2, and a mask from the output."""

    def forward(self, x):
        self.out = (np.abs(x) + x) / 2
        return self.out.copy()

    def backward(self, dout):
        dx = np.array(dout)
        dx[self.out <= 0] = 0
        return dx


@right_answer("layers.ReLU")
class ReLUByClosure:
    """What backward does is made in forward."""

    def forward(self, x):
        out = x.copy()
        out[out < 0] = 0
        positive = np.sign(out)
        self.backward = lambda dout: dout * positive
        return out

    def backward(self, dout):
        raise RuntimeError("forward first")


@right_answer("layers.ReLU")
class ReLUWithSlots:
    """__slots__, clip, heaviside."""

    __slots__ = ("on",)

    def forward(self, x):
        self.on = np.heaviside(x, 0)
        return np.clip(x, 0, None)

    def backward(self, dout):
        return np.multiply(dout, self.on)


@right_answer("layers.Linear")
class LinearWithAStack:
    """Keeps each x until its own backward: two forwards before two backwards are right as well."""

    def __init__(self, in_features, out_features, rng, *_):
        self.W, self.b, self.seen = _he(in_features, out_features, rng), np.zeros(out_features), []
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        self.seen.append(x)
        return x @ self.W + self.b

    def backward(self, dout):
        x = self.seen.pop()
        self.dW, self.db = x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


@right_answer("layers.ReLU")
class ReLUWithAStack:
    """The same for masks."""

    def __init__(self):
        self.masks = []

    def forward(self, x):
        self.masks.append(x > 0)
        return np.maximum(0, x)

    def backward(self, dout):
        return np.where(self.masks.pop(), dout, 0.0)


# --- losses ---------------------------------------------------------------------------------------------------------


@right_answer("losses.softmax")
def softmax_row_by_row(logits):
    """A loop over the rows."""
    rows = []
    for row in logits:
        exps = np.exp(row - np.max(row))
        rows.append(exps / np.sum(exps))
    return np.array(rows, dtype=logits.dtype)


@right_answer("losses.softmax")
def softmax_by_its_logarithm(logits):
    """exp of log-softmax."""
    z = logits - np.max(logits, axis=-1, keepdims=True)
    return np.exp(z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True)))


@right_answer("losses.softmax")
def softmax_in_its_own_copy(logits):
    """In place, in an array of its own."""
    p = np.array(logits)
    p -= p.max(1)[:, None]
    np.exp(p, out=p)
    p /= p.sum(1)[:, None]
    return p


@right_answer("losses.softmax")
def softmax_through_a_transpose(logits):
    """Works on the transpose; also takes one dimension."""
    if logits.ndim == 1:
        return softmax_through_a_transpose(logits[None])[0]
    e = np.exp(logits.T - logits.max(axis=1))
    return (e / e.sum(axis=0)).T


@right_answer("losses.softmax")
def softmax_by_differences(logits):
    """1 / sum of exp of differences: no maximum, and no overflow but to infinity, which is right below the line."""
    with np.errstate(over="ignore"):
        return 1 / np.exp(logits[:, None, :] - logits[:, :, None]).sum(axis=2)


@right_answer("losses.SoftmaxCrossEntropy")
class LossWithOneHot:
    """One-hot rows from an identity matrix; np.float64 as the loss."""

    def forward(self, logits, labels):
        self.n = logits.shape[0]
        self.onehot = np.eye(logits.shape[1])[labels]
        z = logits - logits.max(axis=1, keepdims=True)
        self.log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return -np.sum(self.onehot * self.log_p) / self.n

    def backward(self):
        return (np.exp(self.log_p) - self.onehot) / self.n


@right_answer("losses.SoftmaxCrossEntropy")
class LossThatPreparesItsGradient:
    """Computes the gradient in forward and hands out the same array each time."""

    def forward(self, logits, labels):
        labels = np.asarray(labels, dtype=np.intp)
        rows = np.arange(labels.size)
        top = logits.max(axis=1, keepdims=True)
        log_sum = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
        self.gradient = np.exp(logits - log_sum[:, None])
        self.gradient[rows, labels] -= 1
        self.gradient /= labels.size
        return np.mean(log_sum - logits[rows, labels])

    def backward(self, dout=1.0):
        return self.gradient


@right_answer("losses.SoftmaxCrossEntropy")
class LossByLoops:
    """Loops, and math instead of NumPy."""

    def forward(self, logits, labels):
        self.logits, self.labels, total = logits.copy(), [int(y) for y in labels], 0.0
        self.p = [[0.0] * logits.shape[1] for _ in self.labels]
        for n, y in enumerate(self.labels):
            top = max(logits[n])
            scale = sum(math.exp(z - top) for z in logits[n])
            total += top + math.log(scale) - logits[n][y] if logits[n][y] != top else math.log(scale)
            self.p[n] = [math.exp(z - top) / scale for z in logits[n]]
        return total / len(self.labels)

    def backward(self):
        gradient = np.array(self.p)
        for n, y in enumerate(self.labels):
            gradient[n, y] -= 1.0
        return gradient / len(self.labels)


@right_answer("losses.SoftmaxCrossEntropy")
class LossByTakeAlongAxis:
    """logaddexp and take_along_axis; __call__ as well."""

    def __call__(self, logits, labels):
        return self.forward(logits, labels)

    def forward(self, logits, labels):
        self.log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        self.labels = labels.astype(np.int64).reshape(-1, 1)
        return float(-np.take_along_axis(self.log_p, self.labels, axis=1).mean())

    def backward(self):
        onehot = np.zeros_like(self.log_p)
        np.put_along_axis(onehot, self.labels, 1.0, axis=1)
        return np.exp(self.log_p) / len(onehot) - onehot / len(onehot)


# --- gradcheck ------------------------------------------------------------------------------------------------------


@right_answer("gradcheck.numerical_gradient")
def slopes_by_nditer(f, x, eps=1e-5):
    """nditer; + eps, - 2 eps, + eps, which may leave x a last digit off."""
    gradient = np.zeros(x.shape)
    walk = np.nditer(x, flags=["multi_index"])
    while not walk.finished:
        place = walk.multi_index
        x[place] += eps
        above = f(x)
        x[place] -= 2 * eps
        below = f(x)
        x[place] += eps
        gradient[place] = (above - below) / (2 * eps)
        walk.iternext()
    return gradient


@right_answer("gradcheck.numerical_gradient")
def slopes_of_copies(f, x, eps=1e-5):
    """f sees copies, never x itself."""
    slopes = []
    for k in range(x.size):
        step = np.zeros(x.size)
        step[k] = eps
        step = step.reshape(x.shape)
        slopes.append((f(x + step) - f(x - step)) / (2 * eps))
    return np.array(slopes).reshape(x.shape)


@right_answer("gradcheck.numerical_gradient")
def slopes_along_a_flat_view(f, x, eps=1e-5):
    """A flat view of x, and two halves of the difference."""
    flat, gradient = x.reshape(-1), np.empty(x.size)
    for k, kept in enumerate(flat.tolist()):
        flat[k] = kept + eps
        above = float(f(x))
        flat[k] = kept - eps
        below = float(f(x))
        flat[k] = kept
        gradient[k] = above / (2 * eps) - below / (2 * eps)
    return gradient.reshape(x.shape)


@right_answer("gradcheck.relative_error")
def error_by_a_loop(a, b):
    """A loop, and Python's own max."""
    worst = 0.0
    for p, q in zip(np.ravel(a), np.ravel(b)):
        worst = max(worst, abs(p - q) / max(abs(p) + abs(q), 1e-12))
    return worst


@right_answer("gradcheck.relative_error")
def error_by_clip(a, b):
    """np.float64 as the answer."""
    scale = np.clip(np.absolute(a) + np.absolute(b), 1e-12, None)
    return (np.absolute(np.subtract(a, b)) / scale).max()


@right_answer("gradcheck.relative_error")
def error_where_it_matters(a, b):
    """Divides only where something is not 0."""
    off, scale = np.abs(b - a), np.abs(a) + np.abs(b)
    ratio = np.divide(off, np.maximum(scale, 1e-12), out=np.zeros_like(off), where=scale > 0)
    return float(np.amax(ratio))


@right_answer("gradcheck.relative_error")
def error_with_the_floor_of_cs231n(a, b):
    """CS231n's own: nothing below 1e-8 counts as small."""
    return np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b)))


@right_answer("gradcheck.relative_error")
def error_with_the_lowest_floor(a, b):
    """Nearly the smallest number that a float holds."""
    return np.max(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-300))


@right_answer("gradcheck.relative_error")
def error_with_something_added(a, b):
    """1e-12 is added, and no entry of a gradient feels it."""
    return float((np.abs(a - b) / (np.abs(a) + np.abs(b) + 1e-12)).max())


# --- network --------------------------------------------------------------------------------------------------------


@right_answer("network.MLP.__init__")
def layers_with_the_last_relu_removed(self, sizes, rng, *_):
    """Builds pairs and takes the last ReLU away; keeps a list of the Linear layers as well."""
    self.sizes, self.layers = list(sizes), []
    for i, o in zip(self.sizes, self.sizes[1:]):
        self.layers.extend((Linear(i, o, rng), ReLU()))
    self.layers.pop()
    self.linear = self.layers[::2]


@right_answer("network.MLP.forward")
def forward_by_reduce(self, x):
    """functools.reduce."""
    return reduce(lambda value, layer: layer.forward(value), self.layers, x)


@right_answer("network.MLP.forward")
def forward_that_remembers(self, x):
    """Keeps all activations, prints."""
    self.activations = [x]
    for layer in self.layers:
        self.activations.append(layer.forward(self.activations[-1]))
    print("forward", [a.shape for a in self.activations])
    return self.activations[-1]


@right_answer("network.MLP.backward")
def backward_by_index(self, dlogits):
    """Indices from the end."""
    for i in range(1, len(self.layers) + 1):
        dlogits = self.layers[-i].backward(dlogits)
    return dlogits


@right_answer("network.MLP.backward")
def backward_by_recursion(self, dlogits):
    """Recursion."""

    def through(layers, dout):
        return dout if not layers else through(layers[:-1], layers[-1].backward(dout))

    return through(self.layers, dlogits)


@right_answer("network.MLP.parameters")
def parameters_in_a_loop(self):
    """A loop with append, and hasattr."""
    found = []
    for layer in self.layers:
        if hasattr(layer, "W"):
            found.append(layer.W)
            found.append(layer.b)
    return found


@right_answer("network.MLP.gradients")
def gradients_as_copies(self):
    """Copies of the gradients, which nobody writes into."""
    return [np.array(g) for layer in self.layers[::2] for g in (layer.dW, layer.db)]


@right_answer("network.MLP.predict")
def predict_by_a_loop(self, x):
    """One at a time, of a small integer type."""
    return np.array([int(np.argmax(self.forward(row[None])[0])) for row in x], dtype=np.int16)


@right_answer("network.MLP.predict")
def predict_in_batches(self, x, batch_size=256):
    """In batches, from softmax."""
    parts = [softmax_of(self.forward(x[i : i + batch_size])).argmax(1) for i in range(0, len(x), batch_size)]
    return np.concatenate(parts)


def softmax_of(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# --- optim ----------------------------------------------------------------------------------------------------------


@right_answer("optim.SGD.step")
def step_that_uses_the_gradients_up(self, params, grads):
    """Overwrites grads, which is free."""
    for p, g in zip(params, grads):
        g *= self.lr
        p -= g


@right_answer("optim.SGD.step")
def step_by_subtract(self, params, grads):
    """out=, and a return value."""
    for i in range(len(params)):
        np.subtract(params[i], self.lr * grads[i], out=params[i])
    return params


@right_answer("optim.SGD.step")
def step_by_slices(self, params, grads):
    """Assigns to all entries."""
    for p, g in zip(params, grads, strict=True):
        p[:] = p - np.multiply(g, self.lr)


@right_answer("optim.SGD")
class SGDWithMomentum:
    """Momentum and weight decay of its own, off by default."""

    def __init__(self, lr, momentum=0.0, weight_decay=0.0):
        self.lr, self.momentum, self.weight_decay, self.speed = lr, momentum, weight_decay, None

    def step(self, params, grads):
        if self.speed is None:
            self.speed = [np.zeros_like(p) for p in params]
        for v, p, g in zip(self.speed, params, grads):
            v *= self.momentum
            v += g + self.weight_decay * p
            p -= self.lr * v


@right_answer("optim.SGD")
@dataclass
class SGDAsDataclass:
    """A dataclass that counts its steps."""

    lr: float
    steps: int = 0

    def step(self, params, grads):
        self.steps += 1
        for p, g in zip(params, grads):
            p += -self.lr * g


# --- data -----------------------------------------------------------------------------------------------------------


@right_answer("data.minibatches")
def batches_as_a_list(x, y, batch_size, rng):
    """A list of lists, drawn at once."""
    order = np.arange(len(y))
    rng.shuffle(order)
    return [[x[order[i : i + batch_size]], y[order[i : i + batch_size]]] for i in range(0, len(y), batch_size)]


@right_answer("data.minibatches")
def batches_by_split(x, y, batch_size, rng):
    """np.split, and views of shuffled copies."""
    order = np.argsort(rng.random(x.shape[0]))
    cuts = range(batch_size, x.shape[0], batch_size)
    return zip(np.split(x[order], cuts), np.split(y[order], cuts))


@right_answer("data.minibatches")
def batches_by_choice(x, y, batch_size, rng):
    """choice without replacement; a loop with while."""
    left = list(rng.choice(len(x), size=len(x), replace=False))
    while left:
        rows, left = left[:batch_size], left[batch_size:]
        yield x[rows], y[rows]


@right_answer("data.minibatches")
def batches_from_an_iterator(x, y, batch_size, rng, shuffle=True):
    """An object with __iter__ and __len__."""

    class Batches:
        def __init__(self):
            self.order = rng.permutation(len(x)) if shuffle else np.arange(len(x))

        def __len__(self):
            return math.ceil(len(x) / batch_size)

        def __iter__(self):
            for i in range(len(self)):
                rows = self.order[i * batch_size : (i + 1) * batch_size]
                yield np.take(x, rows, axis=0), np.take(y, rows)

    return Batches()


# --- train ----------------------------------------------------------------------------------------------------------


@right_answer("train.accuracy")
def accuracy_by_a_loop(model, x, y):
    """Counts one by one, in batches of 100."""
    right = 0
    for i in range(0, len(y), 100):
        for said, true in zip(model.predict(x[i : i + 100]), y[i : i + 100]):
            right += int(said) == int(true)
    return right / len(y)


@right_answer("train.accuracy")
def accuracy_from_the_scores(model, x, y):
    """Asks forward instead of predict; np.float64 as the answer."""
    return np.equal(np.argmax(model.forward(x), axis=-1), y).mean()


@right_answer("train.accuracy")
def accuracy_in_float32(model, x, y):
    """The habit of PyTorch: hits as float32, whose mean has seven digits."""
    return (model.predict(x) == y).astype(np.float32).mean()


@right_answer("train.train")
def train_measured_at_the_end(
    model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, verbose=True, **own
):
    """train_loss of the whole set after the epoch; more keys than asked for; prints; np.float64 in the lists."""
    loss_fn, history = SoftmaxCrossEntropy(), {}
    optimizer = SGD(lr=lr)
    for epoch in range(1, epochs + 1):
        for xb, yb in minibatches(x_train, y_train, batch_size, rng):
            loss_fn.forward(model.forward(xb), yb)
            model.backward(loss_fn.backward())
            optimizer.step(model.parameters(), model.gradients())
        for name, (x, y) in {"train": (x_train, y_train), "val": (x_val, y_val)}.items():
            history.setdefault(f"{name}_loss", []).append(np.float64(loss_fn.forward(model.forward(x), y)))
            history.setdefault(f"{name}_acc", []).append(np.mean(model.predict(x) == y))
        history.setdefault("epoch", []).append(epoch)
        if verbose:
            print(f"epoch {epoch}: {history['val_acc'][-1]:.3f}")
    return history


@right_answer("train.train")
def train_with_its_own_batches(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """No minibatches, no SGD: all by itself; plain means over batches, not weighted; a defaultdict."""
    from collections import defaultdict

    history, loss = defaultdict(list), SoftmaxCrossEntropy()
    for epoch in range(epochs):
        rate, losses, hits = lr * lr_decay**epoch, [], []
        order = rng.permutation(len(y_train))
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            scores = model.forward(x_train[rows])
            losses.append(loss.forward(scores, y_train[rows]))
            hits.append(np.mean(scores.argmax(axis=1) == y_train[rows]))
            model.backward(loss.backward())
            for p, g in zip(model.parameters(), model.gradients()):
                p -= rate * g
        history["train_loss"].append(float(np.mean(losses)))
        history["train_acc"].append(float(np.mean(hits)))
        scores = model.forward(x_val)
        history["val_loss"].append(float(SoftmaxCrossEntropy().forward(scores, y_val)))
        history["val_acc"].append(float((scores.argmax(axis=1) == y_val).mean()))
    return history


@right_answer("train.train")
def train_in_float32(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """The images in float32: what is multiplied with them has float32's digits."""
    x_train, x_val = np.asarray(x_train, np.float32), np.asarray(x_val, np.float32)
    loss, step = SoftmaxCrossEntropy(), SGD(lr)
    history = {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}
    for _ in range(epochs):
        total = right = 0
        for xb, yb in minibatches(x_train, y_train, batch_size, rng):
            scores = model.forward(xb)
            total += loss.forward(scores, yb) * len(xb)
            right += (scores.argmax(axis=1) == yb).sum()
            model.backward(loss.backward().astype(np.float32))
            step.step(model.parameters(), [g.astype(np.float32) for g in model.gradients()])
        step.lr *= lr_decay
        history["train_loss"].append(float(total / len(x_train)))
        history["train_acc"].append(float(right / len(x_train)))
        history["val_loss"].append(float(SoftmaxCrossEntropy().forward(model.forward(x_val), y_val)))
        history["val_acc"].append(float(np.mean(model.predict(x_val) == y_val)))
    return history


@right_answer("train.train")
def train_with_options(
    model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, momentum=0.0, l2=0.0, lr_decay=1.0, clip=None
):
    """Momentum, weight decay, clipping and a schedule of its own, all off by default."""
    loss, speed = SoftmaxCrossEntropy(), [np.zeros_like(p) for p in model.parameters()]
    history = {key: [] for key in ("train_loss", "val_loss", "train_acc", "val_acc")}
    for _ in range(epochs):
        for xb, yb in minibatches(x_train, y_train, batch_size, rng):
            loss.forward(model.forward(xb), yb)
            model.backward(loss.backward())
            for p, g, v in zip(model.parameters(), model.gradients(), speed):
                g = g if clip is None else np.clip(g, -clip, clip)
                v *= momentum
                v -= lr * (g + l2 * p)
                p += v
        lr *= lr_decay
        for name, x, y in (("train", x_train, y_train), ("val", x_val, y_val)):
            scores = model.forward(x)
            history[f"{name}_loss"].append(float(SoftmaxCrossEntropy().forward(scores, y)))
            history[f"{name}_acc"].append(float((scores.argmax(axis=1) == y).mean()))
    return history
