"""Faults of backward rules, each a parameter of one injector, and the networks that have one: drawn by seed.

Every faulty network has a right twin of the same numbers. Only what shows is drawn: off by more than OFF in its own array,
while every other rule is right, far from the corners of all ReLUs.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from . import closed_form
from .closed_form import Array
from .faulty import Fault, Network, Place, Rule

OFF = 1e-2  #: least error of a faulty rule, by norms
KINK = 1e-3  #: least distance of an input of a ReLU from 0
ON = 0.2, 0.8  #: share of each hidden layer that is above 0
SMALLEST = 1e-3  #: least norm of any array of gradients
ROWS = 5, 6
SIZES = (4, 4, 4, 4), (3, 4, 2), (4, 4, 3)

# --- the rules --------------------------------------------------------------------------------------------------------

_TIMES: dict[str, Rule] = {
    "N times too small": lambda network, dout, right: right / len(dout),
    "N times too large": lambda network, dout, right: right * len(dout),
    "of the opposite sign": lambda network, dout, right: -right,
    "always 0": lambda network, dout, right: np.zeros_like(right),
}


def _first_row(_network: Network, _dout: Array, right: Array) -> Array:
    return np.concatenate([right[:1], np.zeros_like(right[1:])])


def _with_W_of(k: int, transposed: bool = True) -> Rule:
    """dx by the W of a layer."""
    return lambda network, dout, right: dout @ (network.held[k].T if transposed else network.held[k])


def _masked_as(k: int) -> Rule:
    """Where the input of layer k was above 0, as far as it goes: another batch may come in between."""
    return lambda network, dout, right: dout * (np.resize(network.inputs.get(k, np.ones(1)), dout.shape) > 0)


def _first_row_alone(k: int) -> Rule:
    """dW of one example."""
    return lambda network, dout, right: network.inputs[k][:1].T @ dout[:1]


_LOSS: dict[str, Rule] = _TIMES | {
    "right in the first row, and 0 in all others": _first_row,
    "divided by the number of classes instead of the rows": lambda network, dout, right: right * len(right) / right.shape[1],
}
_DB: dict[str, Rule] = _TIMES | {
    "computed from the first row alone": lambda network, dout, right: dout[0].copy(),
    "summed over the other axis": lambda network, dout, right: np.resize(dout.sum(axis=1), right.shape),
}
_RELU: dict[str, Rule] = _TIMES | {
    "right in the first row, and 0 in all others": _first_row,
    "dout without any mask": lambda network, dout, right: dout.copy(),
    "masked where dout, not the input, is above 0": lambda network, dout, right: closed_form.rectified(dout),
}


def _linear(k: int, others: Sequence[int], square: bool) -> Iterator[Fault]:
    """The faults of a Linear. others: those with a W of the same shape."""
    dW = _TIMES | {"computed from the first row alone": _first_row_alone(k)}
    dx = _TIMES | {"right in the first row, and 0 in all others": _first_row}
    dx |= {f"computed with W of layers[{j}]": _with_W_of(j) for j in others}
    if square:
        dW["transposed"] = lambda network, dout, right: right.T.copy()
        dx["dout @ W instead of dout @ W.T"] = _with_W_of(k, transposed=False)
    for part, rules in (("dW", dW), ("db", _DB), ("dx", dx)):
        yield from (Fault(k, part, f"{part} is {says}", rule) for says, rule in rules.items())


def _relu(k: int, others: Sequence[int]) -> Iterator[Fault]:
    """The faults of a ReLU. others: those of the same width."""
    rules = _RELU | {f"masked as layers[{j}] was": _masked_as(j) for j in others}
    yield from (Fault(k, "dx", f"dx is {says}", rule) for says, rule in rules.items())


def _model(sizes: Sequence[int], last: int) -> Iterator[Fault]:
    """What a model can do with layers that are right."""
    for into in range(last):
        for says, rule in _TIMES.items():
            yield Fault("model", "backward", f"what is passed on to layers[{into}] is {says}", rule, into)
    for k in range(1, last, 2):
        yield Fault("model", "backward", f"layers[{k}] is skipped", lambda network, dout, right: dout, k - 1)
    if len(set(sizes)) == 1:
        yield Fault("model", "backward", "the layers run from first to last", lambda network, dout, right: right)


def faults(sizes: Sequence[int]) -> list[Fault]:
    """All faults that a network of these sizes can have."""
    shapes, last = [*pairwise(sizes)], 2 * len(sizes) - 4
    found = [Fault("loss", "backward", f"the gradient is {says}", rule) for says, rule in _LOSS.items()]
    for k in range(0, last + 1, 2):
        alike = [j for j in range(0, last + 1, 2) if shapes[j // 2] == shapes[k // 2] and j != k]
        found += _linear(k, alike, len(set(shapes[k // 2])) == 1)
    for k in range(1, last, 2):
        found += _relu(k, [j for j in range(1, last, 2) if sizes[j // 2 + 1] == sizes[k // 2 + 1] and j != k])
    return [*found, *_model(sizes, last)]


# --- what is drawn ----------------------------------------------------------------------------------------------------

#: What a check looks for -> whether a fault is of that kind, given the last layer.
KINDS: dict[str, Callable[[Fault, int], bool]] = {
    "last db": lambda fault, last: (fault.place, fault.part) == (last, "db"),
    "loss": lambda fault, last: fault.place == "loss",
    "dW": lambda fault, last: fault.part == "dW",
    "db": lambda fault, last: fault.part == "db",
    "ReLU": lambda fault, last: fault.place in range(1, last, 2),
    "dx": lambda fault, last: fault.part == "dx" and fault.place in range(0, last + 1, 2),
    "model": lambda fault, last: fault.place == "model",
}


@functools.lru_cache(maxsize=32)  # a stage is graded again and again while somebody works on it
def networks(kind: str, seed: int, pairs: int = 3) -> list[Network]:
    """So many networks with a fault of a kind, as far as possible in different layers, and their right twins.

    In which order all of them come is drawn, too.
    """
    rng = np.random.default_rng(seed)
    found, places = list[Network](), set[Place]()
    for k in range(pairs):
        sizes = SIZES[(seed + k) % len(SIZES)]
        pool = [fault for fault in faults(sizes) if KINDS[kind](fault, 2 * len(sizes) - 4)]
        pool = [fault for fault in pool if fault.place not in places] or pool
        fault = pool[rng.integers(len(pool))]
        places.add(fault.place)
        faulty = draw(rng, sizes, fault)
        found += [faulty, replace(faulty, fault=None)]
    return [found[k] for k in rng.permutation(len(found))]


def draw(rng: np.random.Generator, sizes: Sequence[int], fault: Fault) -> Network:
    """A network with a fault that shows, and with no ReLU near its corner."""
    network = numbers(rng, sizes, fault)
    while not fits(network) or errors(network)[fault.answer] <= OFF:
        network = numbers(rng, sizes, fault)
    return network


def numbers(rng: np.random.Generator, sizes: Sequence[int], fault: Fault) -> Network:
    """Weights as He would draw them, biases, and a batch, all with few decimals."""
    parameters = list[Array]()
    for inputs, units in pairwise(sizes):
        parameters += [np.round(rng.normal(0, np.sqrt(2 / inputs), (inputs, units)), 3)]
        parameters += [np.round(rng.normal(0, 0.3, units), 3)]
    rows = int(rng.choice(ROWS))
    return Network(parameters, np.round(rng.normal(size=(rows, sizes[0])), 3), rng.integers(0, sizes[-1], rows), fault)


def fits(network: Network) -> bool:
    """Whether all that goes into a ReLU is away from 0 on either side, and no gradient is next to nothing."""
    right = replace(network, fault=None)
    given = rules(right)
    before = [right.inputs[k] for k in range(1, network.last, 2)]
    away = all(np.abs(z).min() > KINK and ON[0] <= np.mean(z > 0) <= ON[1] for z in before)
    return away and all(np.linalg.norm(array) > SMALLEST for array in given.values())


def rules(network: Network) -> dict[tuple[str, str], Array]:
    """What each rule gives at the first backward, all that goes into it being right; the model's all in one row.

    Of the model it is what its own layers give one after another, where not the model is the fault.
    """
    right = replace(network, fault=None)
    for each in (network, right):
        logits = network.x
        for k in range(network.last + 1):
            logits = each.layer_forward(k, logits)
        each.loss_forward(logits, network.y)
    found = {("loss", "backward"): network.loss_backward()}
    dout = dlogits = right.loss_backward()
    for k in range(network.last, -1, -1):
        names = ["dx"] if k % 2 else ["dW", "db", "dx"]
        found |= zip([(f"layers[{k}]", name) for name in names], network.layer_backward(k, dout))
        dout = right.layer_backward(k, dout)[-1]
    own = network if network.fault and network.fault.place == "model" else right
    return found | {("model", "backward"): closed_form.flat(own.passed_back(dlogits))}


def errors(network: Network) -> dict[tuple[str, str], float]:
    """How far each rule is off, by norms: |a - n| / (|a| + |n|)."""
    given, right, norm = rules(network), rules(replace(network, fault=None)), np.linalg.norm
    return {k: float(norm(given[k] - right[k]) / (norm(given[k]) + norm(right[k]))) for k in given}
