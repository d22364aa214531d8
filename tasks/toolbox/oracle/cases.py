"""What both sides are asked: a network with its weights, a batch, and the batches of a short training."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class OracleCase:
    """One network and one batch, fixed by a seed.

    sizes : widths of the input, of the hidden layers and of the output
    batch : rows of x
    steps : how many steps of gradient descent are compared as well
    """

    sizes: tuple[int, ...]
    batch: int
    seed: int
    dtype: str = "float64"
    steps: int = 1
    lr: float = 0.1
    parameters: list[np.ndarray] = field(init=False, repr=False, compare=False)
    x: np.ndarray = field(init=False, repr=False, compare=False)
    y: np.ndarray = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, self.batch, *self.sizes])
        parameters = []
        for inputs, outputs in zip(self.sizes, self.sizes[1:]):
            parameters.append(rng.normal(0, np.sqrt(2 / inputs), (inputs, outputs)).astype(self.dtype))
            parameters.append(rng.normal(0, 0.3, outputs).astype(self.dtype))  # no zeros: a bias must show
        object.__setattr__(self, "parameters", parameters)
        object.__setattr__(self, "x", rng.normal(size=(self.batch, self.sizes[0])).astype(self.dtype))
        object.__setattr__(self, "y", rng.integers(0, self.sizes[-1], self.batch))

    def batches(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """The batch of every step: the case's own first, then others of its size."""
        rng = np.random.default_rng([self.seed, 1])
        more = [
            (rng.normal(size=self.x.shape).astype(self.dtype), rng.integers(0, self.sizes[-1], self.batch))
            for _ in range(self.steps - 1)
        ]
        return [(self.x, self.y), *more]

    def __str__(self) -> str:
        net = "-".join(map(str, self.sizes))
        return f"{net}, batch {self.batch}, {self.steps} step{'s' * (self.steps > 1)}, {self.dtype}, seed {self.seed}"


@dataclass(frozen=True)
class Evaluation:
    """What one side says about a case.

    outputs   : each layer's output, in order; the last are the logits
    gradients : of the loss by each layer's output, in order; the last by the logits
    by_parameter : [dW1, db1, dW2, ...]
    """

    outputs: list[np.ndarray]
    loss: float
    gradients: list[np.ndarray]
    by_parameter: list[np.ndarray]
    dx: np.ndarray


class ExactWitness(Protocol):
    """A module that knows softmax and its loss."""

    def softmax(self, logits: np.ndarray) -> np.ndarray: ...
    def loss_and_gradient(self, logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]: ...


class Witness(ExactWitness, Protocol):
    """A module that differentiates whole networks, too."""

    def evaluate(self, case: OracleCase) -> Evaluation: ...
    def descend(self, case: OracleCase) -> list[np.ndarray]: ...


def usual_cases(dtype: str) -> list[OracleCase]:
    """The cases of `make oracle`: no hidden layer up to four, a batch of one, the course's own network, long descents."""
    sizes = [(5, 3), (7, 6, 4), (9, 8, 7, 5), (4, 9, 3, 8, 6, 2), (12, 1, 5), (784, 128, 64, 10)]
    cases = [
        OracleCase(widths, batch, seed, dtype, steps)
        for seed, widths in enumerate(sizes)
        for batch, steps in ((1, 1), (7, 1), (32, 10))
    ]
    # Small steps: with large ones a rounding that moves one unit across zero grows from step to step, on every machine
    # differently, and float32 says nothing about the code any more.
    long = [OracleCase(widths, 16, 50, dtype, steps=500, lr=0.02) for widths in ((9, 8, 7, 5), (784, 128, 64, 10))]
    return [*cases, *long]


#: Logits at which a careless softmax or loss overflows, underflows or divides by zero.
EXTREMES: dict[str, list[list[float]]] = {
    "ordinary": [[0.5, -1.25, 2.0], [3.0, 0.0, -2.5]],
    "all equal": [[0.0, 0.0, 0.0], [1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]],
    "a hundred": [[100.0, 0.0, -100.0], [100.0, 100.0, 99.0]],
    "a thousand": [[1000.0, 1001.0, 999.5], [-1000.0, -1001.0, -999.5]],
    "ten thousand": [[1e4, -1e4, 0.0], [-1e4, 1e4, 9999.0], [1e4, 9990.0, 9980.0]],
    "tiny gaps": [[1e-8, 0.0, -1e-8], [1.0, 1.0 + 1e-7, 1.0 - 1e-7]],
    "one far ahead": [[700.0, 0.0, 0.0], [0.0, -740.0, -745.0]],
}
