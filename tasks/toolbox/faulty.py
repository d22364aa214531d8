"""What stands behind the shells of a model and its loss: forward is right, and of the backward rules at most one is not.

Layers are counted as in model.layers: Linear, ReLU, Linear, ... What is asked comes from a submission, and may be anything.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from grader.checks.api import Unmet, number, type_phrase

from . import closed_form
from .closed_form import Array, Parameters

SHELLS = Path(__file__).with_name("shells.py").read_text("utf-8")
EACH, LEFT = (f"{SHELLS}\nmake = {maker}\n" for maker in ("each", "left"))  #: of several networks
_SOMETHING_ELSE = "find_fault should use forward, backward and the arrays of the contract.", "It used something else."
_MOVED = 1e-9  #: more than rounding: + eps, - 2 * eps, + eps
MOST_ROWS = 100_000  #: of one array that is asked about: a hundred times what all steps of a measurement have side by side
MORE = 10  #: times the calls that measuring every entry of every array takes

Answer = tuple[str, str] | None
Place = int | str  #: index of a layer, "model" or "loss"
Rule = Callable[["Network", Array, Array], Array]  #: (network, dout, what is right) -> what is given instead


@dataclass(frozen=True)
class Fault:
    """One rule that is not right.

    part : "dW", "db" or "dx" of a layer; "backward" of the model or the loss
    says : what is given there, as the end of a sentence
    rule : what takes the place of the right array; of the model, of what is passed on to layer `into`
    """

    place: Place
    part: str
    says: str
    rule: Rule
    into: int = -1

    @property
    def answer(self) -> tuple[str, str]:
        return self.place if isinstance(self.place, str) else f"layers[{self.place}]", self.part


@dataclass
class Network:
    """What stands behind the shells of one model and its loss.

    inputs : of each layer at its last forward
    held   : W and b as of the last question, in the order of `parameters`
    calls  : how often forward or backward was asked for
    """

    parameters: Parameters
    x: Array
    y: Array
    fault: Fault | None = None
    inputs: dict[int, Array] = field(init=False, default_factory=dict)
    held: Parameters = field(init=False)
    dlogits: Array | None = field(init=False, default=None)
    calls: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.held = [*self.parameters]

    @property
    def expected(self) -> Answer:
        return self.fault.answer if self.fault else None

    def told(self) -> str:
        """What is not right, as a sentence that goes on."""
        if self.fault is None:
            return "every rule of this network is right."
        says = self.fault.says.replace("N times", f"{len(self.x)} times")
        return f"{says}{' there' if isinstance(self.fault.place, int) else ''}."

    @property
    def last(self) -> int:
        """Index of the last layer."""
        return len(self.parameters) - 2

    def width(self, k: int) -> int:
        """Inputs of a layer; for the one behind the last, the number of classes."""
        return len(self.parameters[k])  # of a Linear W, and of a ReLU b of the Linear before it

    @property
    def most(self) -> int:
        """Calls of forward and backward that are answered."""
        return MORE * self.measured()

    def measured(self) -> int:
        """Calls of who measures each entry of each array, and asks every rule once or twice."""
        entries = sum(p.size for p in self.parameters) + len(self.x) * sum(map(self.width, range(self.last + 2)))
        return 2 * entries + 2 * (self.last + 3)

    def shells(self) -> tuple[Any, Any]:
        """The model and the loss as objects in this process, to try a find_fault on."""
        place: dict[str, Any] = {}
        exec(_shells(), place)
        model, loss = place["make"](self.answer, [p.copy() for p in self.parameters], self.most)
        return model, loss

    def answer(self, *asked: object, **named: object) -> object:
        """What forward or backward returns: an array, a float, or the gradients and dx in a list.

        raises : Unmet for a call that the contract does not have, and for too many
        """
        match asked:
            case [place, what, given, list() as held, list() as since, int() as forwards] if not named:
                self._count(1 + max(forwards, bool(since)))
                self._take(held)
                for earlier in since[: self.last + 2]:
                    self._asked("forward", earlier)
                return self._asked(what, [place, given])
        raise Unmet(*_SOMETHING_ELSE)

    def _count(self, calls: int) -> None:
        """raises : Unmet if that makes too many"""
        self.calls += calls
        if self.calls > self.most:
            should = "forward and backward should be called at most ten times as often as measuring every entry takes."
            raise Unmet(should, f"find_fault called them more than {self.most:,} times in one network.")

    def _asked(self, what: object, question: object) -> object:
        match what, question:
            case "forward" | "backward", [str() | int() as place, list() as given]:
                if place in ("model", "loss", *range(self.last + 1)):
                    return self._answer(place, what, given)
        raise Unmet(*_SOMETHING_ELSE)

    def _answer(self, place: Place, what: str, given: list[object]) -> object:
        if place == "loss" and what == "backward":
            return self.loss_backward()
        if place == "loss":
            logits = _array(given[:1], (None, self.width(self.last + 1)), "loss.forward")
            return self.loss_forward(logits, _labels(given[1] if len(given) == 2 else None, *logits.shape))
        first, behind = (0, self.last + 1) if place == "model" else (int(place), int(place) + 1)
        name = "model" if place == "model" else f"model.layers[{place}]"
        with np.errstate(all="ignore"):
            if what == "forward":
                x = _array(given, (None, self.width(first)), f"{name}.forward")
                for k in range(first, behind):
                    x = self.layer_forward(k, x)
                return x
            rows = {len(self.inputs.get(k, ())) for k in range(first, behind)}
            if len(rows) > 1 or 0 in rows:
                should = f"{name}.forward should be called before {name}.backward, on the same rows."
                raise Unmet(should, "Its last forward was on others, or there was none.")
            dout = _array(given, (*rows, self.width(behind)), f"{name}.backward")
            return self.passed_back(dout) if place == "model" else self.layer_backward(first, dout)

    def _take(self, held: list[object]) -> None:
        """W and b as they are now; None for what is as it was."""
        for k, array in enumerate(held[: len(self.held)]):
            if array is not None:
                name = f"model.layers[{k - k % 2}].{'b' if k % 2 else 'W'}"
                self.held[k] = _array([array], self.parameters[k].shape, name)

    def layer_forward(self, k: int, x: Array) -> Array:
        self.inputs[k] = x
        return closed_form.rectified(x) if k % 2 else closed_form.affine(self.held[k], self.held[k + 1], x)

    def layer_backward(self, k: int, dout: Array) -> list[Array]:
        """[dx] of a ReLU; [dW, db, dx] of a Linear."""
        if k % 2:
            return [self._given(k, "dx", dout, closed_form.rectified(dout, by=self.inputs[k]))]
        (dW, db), dx = closed_form.affine_back(self.held[k], self.held[k + 1], self.inputs[k], dout)
        return [self._given(k, part, dout, right) for part, right in (("dW", dW), ("db", db), ("dx", dx))]

    def _given(self, place: Place, part: str, dout: Array, right: Array) -> Array:
        """What is right, or what the fault makes of it."""
        fault = self.fault
        return fault.rule(self, dout, right) if fault and (fault.place, fault.part) == (place, part) else right

    def passed_back(self, dout: Array) -> list[Array]:
        """[dW1, db1, dW2, ..., dx] of the model."""
        fault = self.fault if self.fault and self.fault.place == "model" else None
        gradients: dict[int, list[Array]] = {}
        order = range(self.last + 1)
        for k in order if fault and fault.into < 0 else order[::-1]:
            before = dout
            *gradients[k], dout = self.layer_backward(k, dout)
            if fault and k == fault.into + 1 > 0:
                dout = fault.rule(self, before, dout)
        return [*(array for k in order for array in gradients[k]), dout]

    def loss_forward(self, logits: Array, labels: Array) -> float:
        with np.errstate(all="ignore"):
            value, self.dlogits = closed_form.cross_entropy(logits, labels)
        return float(value)

    def loss_backward(self) -> Array:
        if self.dlogits is None:
            raise Unmet("loss.forward should be called before loss.backward.", "It was not called yet.")
        return self._given("loss", "backward", self.dlogits, self.dlogits)


def _array(given: Sequence[object], shape: tuple[int | None, ...], name: str) -> Array:
    """The one argument of a call, as float64; None in a shape is any number of rows.

    raises : Unmet
    """
    value = given[0] if len(given) == 1 else None
    wanted = str(shape).replace("None", "N")
    should = f"{name} should be given an array of the shape {wanted}."
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        raise Unmet(should, f"{name} was given {'something else' if len(given) != 1 else type_phrase(value)}.")
    if value.ndim != len(shape) or not value.size or any(s not in (None, n) for s, n in zip(shape, value.shape)):
        raise Unmet(should, f"{name} was given an array of shape {value.shape}.")
    if len(value) > MOST_ROWS:
        raise Unmet(f"{name} should be given at most {MOST_ROWS:,} rows.", f"It was given {len(value):,}.")
    return np.array(value, dtype=np.float64)


def _labels(given: object, rows: int, classes: int) -> Array:
    """raises : Unmet if these are not the numbers of classes, one a row"""
    fit = isinstance(given, np.ndarray) and given.shape == (rows,) and given.dtype.kind in "iu"
    if not isinstance(given, np.ndarray) or not fit or given.min() < 0 or given.max() >= classes:
        raise Unmet("loss.forward should be given logits, and the label of each row.", "The labels were something else.")
    return given


@functools.cache
def _shells() -> CodeType:
    return compile(SHELLS, "<given>", "exec")


def same(given: object, expected: Answer) -> bool:
    """Whether an answer of a submission is the expected one; a list will do for the tuple."""
    if isinstance(given, list | tuple):
        return expected is not None and [*map(type, given)] == [str, str] and tuple(given) == expected
    return given is None and expected is None


def written(given: object) -> str:
    """An answer of a submission, as Python."""
    parts = given if isinstance(given, list | tuple) else [given]
    plain = all(part is None or type(part) is str for part in parts)
    return repr(given)[:80] if plain else type_phrase(given)


def unseen(asked: Sequence[Network], answers: Sequence[object]) -> bool:
    """Whether no fault is seen, though one at least is in the length of its array, and in each of its entries: who measures
    that rule sees it, however the comparison is made."""
    large = [
        network.fault for network in asked if network.fault and any(w in network.fault.says for w in ("N times", "always 0"))
    ]
    return bool(large) and bool(answers) and all(said is None for said in answers)


#: How the place of a layer is told by mistake: name -> (network, k) -> what stands for "layers[k]".
_PLACES: Mapping[str, Callable[[Network, int], Place]] = {
    "counts_linear_layers_only": lambda network, k: f"layers[{k // 2}]",
    "counts_layers_from_the_end": lambda network, k: f"layers[{network.last - k}]",
    "counts_layers_from_one": lambda network, k: f"layers[{k + 1}]",
    "gives_a_layer_as_a_number": lambda network, k: k,
}


def misplaced(asked: Sequence[Network], answers: Sequence[object]) -> str:
    """The known mistake by which each layer with a fault is told in another form, while right networks are cleared; or ""."""
    given = [(network, said) for network, said in zip(asked, answers) if network.fault or said is not None]
    if given and all(isinstance(said, str) and n.fault and all(part in said for part in n.fault.answer) for n, said in given):
        return "gives_one_string"
    for name, place in _PLACES.items():
        if given and all(_is_told_as(place, *one) for one in given):
            return name
    return ""


def _is_told_as(place: Callable[[Network, int], Place], network: Network, said: object) -> bool:
    fault = network.fault
    if fault is None or not isinstance(fault.place, int) or not isinstance(said, list | tuple):
        return False
    told = [place(network, fault.place), fault.part]
    return [*map(type, said)] == [*map(type, told)] and [*said] == told


def accused(asked: Sequence[Network], answers: Sequence[tuple[object, Parameters]]) -> tuple[str, str] | None:
    """A known mistake by which a network is accused that should not be, and what was seen of it.

    answers : what was said of each, and its W and b afterwards
    """
    given = [(network, said, _moved(network, left)) for network, (said, left) in zip(asked, answers)]
    off = [one for one in given if not same(one[1], one[0].expected)]
    # Where all answers are right here, what differs from network to network decides.
    moved = max((moved for _, said, moved in off or given if said is not None), default=0.0)
    if moved > _MOVED:
        return "leaves_parameters_nudged", f"After find_fault an entry of W or b was off by {number(moved, 2)}."
    right = [isinstance(said, list | tuple) and len(said) > 0 for network, said, _ in given if network.fault is None]
    if len(right) > 1 and all(right):  # and no other way of saying that there is none
        return "accuses_every_network", f"Of {len(right)} networks without a fault, none was cleared."
    return None


def _moved(network: Network, left: Parameters) -> float:
    """How far W and b are from what they were."""
    return max(float(np.max(np.abs(a - b))) for a, b in zip(left, network.parameters))
