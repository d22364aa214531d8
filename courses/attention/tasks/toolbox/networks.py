"""Learner's objects that hold known numbers, and the slopes that their closed forms are measured to have."""

from collections.abc import Callable, Sequence

import numpy as np

from grader.checks.api import Case, Remote, Student

from . import closed_form
from .closed_form import Array, Parameters

MATRICES = ("Wq", "Wk", "Wv", "Wo")
_NORMS = ("norm1.gamma", "norm1.beta", "norm2.gamma", "norm2.beta")
_NETWORK = ("first.W", "first.b", "second.W", "second.b")
#: What the arrays of parameters() are, in their order.
IN_BLOCK = (*_NORMS, *MATRICES, *_NETWORK)
IN_COPIER = ("letters", "places", "norm.gamma", "norm.beta", "out.W", "out.b", *IN_BLOCK)
_STEP = 1e-5  # of central differences


def gradient_names(names: Sequence[str]) -> list[str]:
    """ "first.W" -> "first.dW"."""
    parts = [name.rpartition(".") for name in names]
    return [f"{owner}{dot}d{name}" for owner, dot, name in parts]


def draw_block(case: Case, features: int, hidden: int) -> Parameters:
    """Numbers for a block: none of them is where an untouched one begins."""
    norms = [_near(case, name, features, about=1.0 if name.endswith("gamma") else 0.0) for name in _NORMS]
    matrices = [case.normal(name, features, features, scale=features**-0.5) for name in MATRICES]
    shapes = ((features, hidden), (hidden,), (hidden, features), (features,))
    network = [case.normal(name.replace(".", "_"), *shape, scale=0.5) for name, shape in zip(_NETWORK, shapes)]
    return [*norms, *matrices, *network]


def draw_copier(case: Case, tokens: int, positions: int, features: int, hidden: int) -> Parameters:
    """Numbers for a whole network."""
    tables = [case.normal("letters", tokens, features), case.normal("places", positions, features)]
    norm = [_near(case, "norm.gamma", features, about=1.0), _near(case, "norm.beta", features)]
    out = [case.normal("out_W", features, tokens, scale=0.5), case.normal("out_b", tokens, scale=0.3)]
    return [*tables, *norm, *out, *draw_block(case, features, hidden)]


def _near(case: Case, name: str, features: int, about: float = 0.0) -> Array:
    """A vector around one number, as few decimals as can be written out."""
    return case.given(name.replace(".", "_"), np.round(about + 0.3 * case.rng.normal(size=features), 3))


def away_from_kinks(case: Case, parameters: Parameters, heads: int, shape: tuple[int, ...]) -> Array:
    """An input of a block where no ReLU is so near to its kink that a central difference would step across."""
    for _ in range(20):
        x = case.normal("x", *shape)
        if np.abs(closed_form.block(parameters, heads, x)[2]).min() > 200 * _STEP:
            break
    return x


def filled_heads(student: Student, case: Case, features: int, heads: int) -> tuple[Remote, Parameters]:
    """A MultiHead of the learner's with known matrices."""
    case.start_new_example(student)
    matrices = [case.normal(name, features, features, scale=features**-0.5) for name in MATRICES]
    made = student.block.MultiHead(features, heads, student.rng(case.seed))
    student.fill_all([(made, name, W) for name, W in zip(MATRICES, matrices)])
    return made, matrices


def filled(student: Student, model: Remote, parameters: Sequence[Array]) -> Remote:
    """A network of the learner's with known numbers in the arrays that its parameters() lists."""
    live = model.parameters.keep()
    student.fill_all([(student.item(live, k), "", array) for k, array in enumerate(parameters)])
    return model


def gradients_of(student: Student, case: Case, model: Remote, names: Sequence[str]) -> list[tuple[str, Array]]:
    """What gradients() lists, each with its name."""
    arrays = student.take(model.gradients())
    should = f"gradients() should be the {len(names)} arrays {', '.join(gradient_names(names))}."
    case.require(len(arrays) == len(names), should, f"It has {len(arrays)}.")
    return list(zip(gradient_names(names), arrays))


def slopes(loss: Callable[[], float], array: Array, entries: Sequence[tuple[int, ...]]) -> Array:
    """Central differences of a loss that reads `array`, at some of its entries; the array is as before afterwards."""
    found = np.zeros(len(entries))
    for k, entry in enumerate(entries):
        kept, sides = array[entry], []
        for side in (kept + _STEP, kept - _STEP):
            array[entry] = side
            sides.append(loss())
        array[entry], found[k] = kept, (sides[0] - sides[1]) / (2 * _STEP)
    return found


def slopes_of_all(loss: Callable[[], float], array: Array) -> Array:
    """The same at every entry, in the array's shape."""
    return slopes(loss, array, list(np.ndindex(array.shape))).reshape(array.shape)


def sample(case: Case, shape: tuple[int, ...], most: int = 12) -> list[tuple[int, ...]]:
    """Some entries of an array, each once, in order; all of a small one."""
    everywhere = list(np.ndindex(shape))
    chosen = case.rng.choice(len(everywhere), size=min(most, len(everywhere)), replace=False)
    return [everywhere[k] for k in sorted(chosen)]
