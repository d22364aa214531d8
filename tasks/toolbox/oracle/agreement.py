"""Lines up what a submission and a witness say: one row for each quantity, each layer judged on its own.

Every layer is also given the witness's input and upstream gradient, so that a fault in one layer shows at that layer and
nowhere else; the rows of the whole network, from its own forward and backward pass, show what comes of it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from grader.checks.api import Remote, Student, StudentError

from .cases import Evaluation, OracleCase, Witness

#: Largest relative difference (norm of the difference by norm of the witness's) that counts as agreement.
TOLERANCES = {
    "float64": {"layer": 1e-12, "network": 1e-11, "1": 1e-12, "10": 1e-11, "500": 1e-9},
    "float32": {"layer": 1e-5, "network": 1e-4, "1": 1e-5, "10": 1e-4, "500": 1e-3},
}


@dataclass(frozen=True)
class Comparison:
    """One quantity of one case.

    where : "layer 1: Linear 784 to 128", "network", "weights", "extreme logits: ten thousand"
    what  : "output", "dx", "dW", "db", "loss", ...
    """

    where: str
    what: str
    difference: float
    tolerance: float
    note: str = ""

    @property
    def agrees(self) -> bool:
        return self.difference <= self.tolerance

    @property
    def kind(self) -> str:
        """The row's line in a summary over many cases: "Linear dW", "network loss"."""
        if self.where.startswith("layer"):
            return f"{self.where.partition(': ')[2].partition(' ')[0]} {self.what}"
        return f"{self.where.partition(':')[0]} {self.what}"


def difference(given: object, wanted: ArrayLike) -> tuple[float, str]:
    """How far a value is from the witness's, and what is odd about it; infinite if they cannot be compared."""
    a, b = np.asarray(given), np.asarray(wanted)
    if a.dtype.kind not in "fiu":
        return np.inf, f"type {a.dtype}"
    if a.shape != b.shape:
        return np.inf, f"shape {a.shape} instead of {b.shape}"
    if not np.isfinite(a).all():
        return np.inf, "NaN or infinity"
    distance = float(np.linalg.norm(np.float64(a) - np.float64(b)))
    size = float(np.linalg.norm(np.float64(b)))
    return (0.0 if not distance else distance / size if size else np.inf), ""


def compare(student: Student, case: OracleCase, witness: Witness) -> list[Comparison]:
    """All rows of one case: each layer alone, the network as a whole, the weights after the case's steps."""
    said = witness.evaluate(case)
    rows = _Rows(case.dtype)
    rows.attempt("network", lambda: _layers(rows, student, case, said))
    rows.attempt("network", lambda: _network(rows, student, case, said))
    rows.attempt("weights", lambda: _descent(rows, student, case, witness))
    return rows.found


def offers(student: Student, dtype: str) -> bool:
    """Whether the network can be made in a type; float64 is what the contract asks for."""
    if dtype == "float64":
        return True
    try:
        model = student.network.MLP((2, 2), student.rng(0), dtype=dtype)
        return all(p.dtype == dtype for p in model.parameters())
    except StudentError:
        return False


class _Rows:
    def __init__(self, dtype: str):
        self.found: list[Comparison] = []
        self.tolerances = TOLERANCES[dtype]

    def add(self, where: str, what: str, given: object, wanted: ArrayLike, tolerance: str) -> None:
        self.found.append(Comparison(where, what, *_with(difference(given, wanted), self.tolerances[tolerance])))

    def attempt(self, where: str, part: Callable[[], None]) -> None:
        """Run a part; an exception of the submission's is a row of its own."""
        try:
            part()
        except StudentError as error:
            self.found.append(Comparison(where, "exception", np.inf, 0.0, f"{type(error).__name__}: {error}"))


def _with(measured: tuple[float, str], tolerance: float) -> tuple[float, float, str]:
    return measured[0], tolerance, measured[1]


def _network(rows: _Rows, student: Student, case: OracleCase, said: Evaluation) -> None:
    model, loss = _model(student, case), student.losses.SoftmaxCrossEntropy()
    logits = model.forward(case.x)
    rows.add("network", "logits", logits, said.outputs[-1], "network")
    rows.add("network", "loss", loss.forward(logits, case.y), said.loss, "network")
    dlogits = loss.backward()
    rows.add("network", "dlogits", dlogits, said.gradients[-1], "network")
    rows.add("network", "dx", model.backward(dlogits), said.dx, "network")
    gradients = student.take(model.gradients())
    for i, wanted in enumerate(said.by_parameter):
        name = f"d{'Wb'[i % 2]}{i // 2 + 1}"
        rows.add("network", name, gradients[i] if i < len(gradients) else None, wanted, "network")


def _layers(rows: _Rows, student: Student, case: OracleCase, said: Evaluation) -> None:
    layers = student.take(_model(student, case).layers)
    if len(layers) != len(said.outputs):
        note = f"{len(layers)} layers instead of {len(said.outputs)}"
        rows.found.append(Comparison("network", "layers", np.inf, 0.0, note))
        return
    inputs, upstream = [case.x, *said.outputs], said.gradients
    for i, layer in enumerate(layers):
        linear = i % 2 == 0
        size = f" {case.sizes[i // 2]} to {case.sizes[i // 2 + 1]}" if linear else f" {inputs[i].shape[1]}"
        where = f"layer {i + 1}: {'Linear' if linear else 'ReLU'}{size}"
        rows.attempt(where, lambda: _layer(rows, where, layer, i, inputs, upstream, said, linear))  # noqa: B023


def _layer(
    rows: _Rows,
    where: str,
    layer: Remote,
    i: int,
    inputs: list[np.ndarray],
    upstream: list[np.ndarray],
    said: Evaluation,
    linear: bool,
) -> None:
    rows.add(where, "output", layer.forward(inputs[i]), said.outputs[i], "layer")
    rows.add(where, "dx", layer.backward(upstream[i]), upstream[i - 1] if i else said.dx, "layer")
    if linear:
        rows.add(where, "dW", layer.dW, said.by_parameter[i], "layer")
        rows.add(where, "db", layer.db, said.by_parameter[i + 1], "layer")


def _descent(rows: _Rows, student: Student, case: OracleCase, witness: Witness) -> None:
    model, loss, optimizer = _model(student, case), student.losses.SoftmaxCrossEntropy(), student.optim.SGD(case.lr)
    for x, y in case.batches():
        loss.forward(model.forward.keep(x), y)
        model.backward.keep(loss.backward.keep())
        optimizer.step(model.parameters.keep(), model.gradients.keep())
        student.transcript.clear()
    after = f"after {case.steps} step{'s' * (case.steps > 1)}"
    parameters = student.take(model.parameters())
    for i, wanted in enumerate(witness.descend(case)):
        given = parameters[i] if i < len(parameters) else None
        rows.add("weights", f"{'Wb'[i % 2]}{i // 2 + 1} {after}", given, wanted, str(case.steps))


def _model(student: Student, case: OracleCase) -> Remote:
    """The submission's network with the case's weights in it."""
    own = {} if case.dtype == "float64" else {"dtype": case.dtype}
    model: Remote = student.network.MLP(case.sizes, student.rng(case.seed), **own)
    held = model.parameters.keep()
    for i, value in enumerate(case.parameters):
        student.fill(student.item(held, i), value)
    return model
