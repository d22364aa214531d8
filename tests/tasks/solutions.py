"""Solutions of stages 01 to 05: those of solutions_01_to_05.txt, and empty ones that are made here."""

import re
from dataclasses import dataclass
from pathlib import Path

LINEAR, RELU, SOFTMAX, LOSS, CHECK = ("01_linear", "02_relu", "03_softmax", "04_cross_entropy", "05_gradient_check")

MODULES = {LINEAR: "layers", RELU: "layers", SOFTMAX: "losses", LOSS: "losses", CHECK: "gradcheck"}


@dataclass(frozen=True)
class Solution:
    """`fails`: the checks of its own stage that fail, without the prefix check_; all others pass or are blocked."""

    name: str
    stage: str
    code: str
    fails: frozenset[str] = frozenset()


def _method(owner: str, code: str) -> str:
    name = code.split("(")[0].removeprefix("def ").strip()
    return f"{code}\n{owner}.{name} = {name}\n"


def _read() -> list[Solution]:
    text = (Path(__file__).parent / "solutions_01_to_05.txt").read_text(encoding="utf-8")
    parts = re.split(r"^### (.*)$", text, flags=re.MULTILINE)[1:]
    found = []
    for heading, code in zip(parts[::2], parts[1::2]):
        stage, name, fails = (part.strip() for part in heading.split("|"))
        found.append(Solution(name, stage, code.strip(), frozenset(fails.split()) - {"none"}))
    return found


SLIPS = [solution for solution in _read() if solution.fails]
RIGHT = [solution for solution in _read() if not solution.fails]

#: The body of a function that does nothing useful, by kind: its arguments are called a, b, ...
EMPTY = {
    "zeros": {
        LINEAR: ("np.zeros((len(a), self.W.shape[1]))", "np.zeros((len(a), self.W.shape[0]))"),
        RELU: ("np.zeros_like(a)", "np.zeros_like(a)"),
        SOFTMAX: ("np.zeros_like(a)",),
        LOSS: ("0.0", "np.zeros(self.shape)"),
        CHECK: ("np.zeros_like(b)", "0.0"),
    },
    "the input": {LINEAR: ("a", "a"), RELU: ("a", "a"), SOFTMAX: ("a",), LOSS: ("a", "self.kept"), CHECK: ("b", "a")},
    "a constant": {
        LINEAR: ("np.full((len(a), self.W.shape[1]), 0.5)", "np.full((len(a), self.W.shape[0]), 0.5)"),
        RELU: ("np.full_like(a, 0.5)", "np.full_like(a, 0.5)"),
        SOFTMAX: ("np.full(a.shape, 1 / a.shape[1])",),
        LOSS: ("2.302585092994046", "np.full(self.shape, 0.1)"),
        CHECK: ("np.full_like(b, 0.5)", "1e-9"),
    },
}

HEADS = {
    LINEAR: ("Linear.forward", "Linear.backward"),
    RELU: ("ReLU.forward", "ReLU.backward"),
    SOFTMAX: ("softmax",),
    LOSS: ("SoftmaxCrossEntropy.forward", "SoftmaxCrossEntropy.backward"),
    CHECK: ("numerical_gradient", "relative_error"),
}


def empty(stage: str, kind: str) -> str:
    """All functions of a stage (but constructors), each giving back something that only looks like an answer."""
    parts = []
    for head, body in zip(HEADS[stage], EMPTY[kind][stage]):
        owner, _, name = head.rpartition(".")
        if not owner:
            parts.append(f"def {name}(a, b=None, eps=None):\n    return {body}")
            continue
        keep = "    if a is not None:\n        self.kept, self.shape = a, a.shape\n"
        parts.append(_method(owner, f"def {name}(self, a=None, b=None):\n{keep}    return {body}"))
    return "\n".join(parts)


def reshaped(stage: str) -> str:
    """The right values of a stage in another shape: one more axis in front."""
    lines = []
    for number, head in enumerate(HEADS[stage]):
        old = f"_right_{number}"
        lines.append(
            f"{old} = {head}\n"
            f"def {old}_reshaped(*args, **named):\n    return np.asarray({old}(*args, **named))[None]\n"
            f"{head} = {old}_reshaped\n"
        )
    if stage == LINEAR:
        lines.append(
            _method(
                "Linear",
                "def backward(self, dout):\n    dx = _right_1(self, dout)\n"
                "    self.dW, self.db = self.dW[None], self.db[None]\n    return dx[None]",
            )
        )
    return "\n".join(lines)
