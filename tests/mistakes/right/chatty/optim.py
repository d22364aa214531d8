from __future__ import annotations

from typing import NamedTuple


class Settings(NamedTuple):
    lr: float


class SGD:
    def __init__(self, lr: float) -> None:
        self.settings = Settings(lr)

    def step(self, params, grads) -> None:
        assert len(params) == len(grads), "one gradient for each parameter"
        for p, g in zip(params, grads, strict=True):
            assert p.shape == g.shape
            p -= self.settings.lr * g
