"""`make check-gradients`: a learner's numerical_gradient and relative_error, used on their own layers, loss and network."""

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.checks.api import Case, Student, StudentError, number

from .closed_form import Array
from .own_training import Plot

NEEDS = ("gradcheck.",)
SENT = ("layer_by_layer",)
#: Below the first the two agree; above the second one of them is off (the rule of thumb of stage 05).
AGREES, OFF = 1e-5, 1e-3
STEPS = tuple(10.0**-k for k in range(1, 14))
#: What is measured: function of layer_by_layer -> (what it is called, the module and name of what is made for it)
PARTS = {
    "linear": ("Linear(4, 3)", "layers", "Linear"),
    "relu": ("ReLU()", "layers", "ReLU"),
    "loss": ("SoftmaxCrossEntropy()", "losses", "SoftmaxCrossEntropy"),
    "network": ("MLP((5, 4, 4, 3))", "network", "MLP"),
}
_FORM = "{:22} {:8} {:>14}  {}"


def run(
    student: Student, case: Case, images: object, seed: int, say: Callable[[str], None]
) -> tuple[list[Plot], dict[str, Array], bool]:
    """Print the table; the curve over eps to draw, nothing to keep, and whether everything agrees."""
    say(_FORM.format("", "array", "relative error", "worst entry").rstrip())
    off: list[str] = []
    for part, (name, module, made) in PARTS.items():
        try:
            rows = _measured(student, part, module, made, seed)
        except StudentError as stopped:
            todo = stopped.type_name == "NotImplementedError"
            say(_FORM.format(name, "", "to do" if todo else "stopped", str(stopped)))
            if not todo:
                off.append(part)
            continue
        for array, given, measured, error in rows:
            agrees = _row(say, name, array, given, measured, error)
            name = ""
            if not agrees and part not in off:
                off.append(part)
    corner = _corner(student, seed)
    if corner is not None and corner[2]:
        say(_FORM.format("", "dx at 0", "differs", f"backward gives {corner[2]:g} where x is 0; the contract says 0"))
        off = [part for part in PARTS if part in {*off, "relu"}]
    say("")
    say(_verdict(off))
    if corner is not None:
        say(
            f"At a corner: for x = 1e-6 ReLU gives the slope {corner[0]:g}, and the differences measure {corner[1]:.3g}: with "
            "eps = 1e-5 their ends lie on either side of 0. That is not a mistake in backward."
        )
    return _curve(student, say, seed), {}, not off


def _instruments(student: Student) -> tuple[Any, Any]:
    return student.gradcheck.numerical_gradient, student.gradcheck.relative_error


def _measured(student: Student, part: str, module: str, made: str, seed: int) -> list[tuple[str, Any, Any, float]]:
    make = getattr(getattr(student, module), made)
    rows = getattr(student.layer_by_layer, part)(make, *_instruments(student), student.rng(seed))
    return [tuple(row) for row in rows]


def _row(say: Callable[[str], None], name: str, array: str, given: object, measured: object, error: object) -> bool:
    """One line of the table; whether the two agree."""
    if not isinstance(given, np.ndarray) or not isinstance(measured, np.ndarray) or not isinstance(error, float):
        say(_FORM.format(name, array, "differs", "backward gave no array"))
        return False
    if given.shape != measured.shape or given.dtype.kind != "f":
        gave = f"backward gave the shape {given.shape} of {given.dtype.name}; it should be {measured.shape} of floats"
        say(_FORM.format(name, array, "differs", gave))
        return False
    with np.errstate(all="ignore"):
        gap = np.nan_to_num(np.abs(given - measured), nan=np.inf)
    index = np.unravel_index(int(np.argmax(gap)), gap.shape)
    place = f"{array}[{', '.join(str(int(i)) for i in index)}]"
    short = given.dtype.itemsize < measured.dtype.itemsize
    agrees = error <= AGREES and not short
    word, beside = "agrees" if agrees else "differs" if not error <= OFF else "look closer", "measured"
    if array == "W":
        word, beside = "moved", "before backward"
    elif short:
        word = given.dtype.name
    entry = f"{place} is {number(float(given[index]))}, {beside} {number(float(measured[index]))}"
    say(_FORM.format(name, array, f"{error:.1e}", f"{word:11}  {entry if not agrees else place}"))
    return agrees


def _verdict(off: list[str]) -> str:
    """Where to look first: a layer by itself before the network, which only passes its error on."""
    if not off:
        return "Every gradient agrees with its slopes."
    first = off[0]
    if off[:3] == ["linear", "relu", "loss"]:
        return "Everything differs: look at numerical_gradient and relative_error first (make grade STAGE=05)."
    name = PARTS[first][2]
    if first == "network":
        return "Each layer by itself agrees, the network does not: look at MLP.backward and MLP.gradients."
    rest = " The network passes its error on." if "network" in off else ""
    return f"Look at {name} first: forward and backward do not belong together.{rest}"


def _corner(student: Student, seed: int) -> tuple[float, float, float] | None:
    """Of the learner's ReLU, the slope next to its corner as given and as measured, and as given at 0."""
    try:
        found = student.layer_by_layer.corner(student.layers.ReLU, _instruments(student)[0], student.rng(seed))
        slope, measured, at_zero = (float(value) for value in found)
    except StudentError:
        return None  # the table says why
    return slope, measured, at_zero


def _curve(student: Student, say: Callable[[str], None], seed: int) -> list[Plot]:
    """The relative error of dW by the step of the differences."""
    try:
        make, make_loss = student.layers.Linear, student.losses.SoftmaxCrossEntropy
        found = student.layer_by_layer.by_eps(make, make_loss, *_instruments(student), list(STEPS), student.rng(seed))
    except StudentError:
        return []  # the table says why
    errors = [float(value) for value in found]
    best = int(np.nanargmin(errors)) if np.isfinite(errors).any() else 0
    say(f"By eps: the error of dW below the loss is least at eps = {STEPS[best]:.0e}, where it is {errors[best]:.1e}.")
    lines = {"dW of Linear(4, 3)": (STEPS, errors)}
    return [Plot("gradient_check.png", "Error of the differences by their step", ("eps", "relative error"), lines, True)]
