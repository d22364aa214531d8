"""The worked examples of stages 06 to 12 come out as the handouts say."""

import re
from math import comb

import numpy as np
import pytest

from grader.course.stage import load_stage
from grader.learner.handout import readable
from grader.paths import TASKS


def handout(stage_id: str) -> str:
    """The text as a terminal shows it, unfolded, with brackets and runs of blanks taken out of the way."""
    text = readable((TASKS / stage_id / "README.md").read_text(encoding="utf-8"), unfold=True)
    return re.sub(r"[\[\],\s]+", " ", text)


def row_text(row) -> str:
    return " ".join(f"{value:.4g}" + ("." if float(value).is_integer() else "") for value in row)


def assert_rows(text: str, *arrays) -> None:
    for array in arrays:
        for row in np.atleast_2d(np.asarray(array, dtype=float)):
            assert row_text(row + 0.0) in text, row_text(row)


X = np.array([[1.0, 2], [-1, 1]])
W1, B1 = np.array([[1, -1, 2], [0.5, 1, -1]]), np.array([0, 1, 1.5])
W2, B2 = np.array([[1.0, -1], [0, 2], [2, -2]]), np.array([0.5, -1])
Z = X @ W1 + B1
H = np.maximum(Z, 0)


def test_06_the_way_forward():
    logits = H @ W2 + B2
    assert_rows(handout("06_network"), X, W1, B1, Z, H, W2, B2, logits)
    assert f"It gives ` {' '.join(map(str, logits.argmax(axis=1)))} `" in handout("06_network")


def test_07_the_way_back():
    dlogits = np.array([[1, -1], [0.5, 2]])
    dh = dlogits @ W2.T
    dz = dh * (Z > 0)
    arrays = (dlogits, H, H.T @ dlogits, dlogits.sum(axis=0), dh, dz, X.T @ dz, dz.sum(axis=0), dz @ W1.T)
    assert_rows(handout("07_backprop"), *arrays)
    count = sum(n * m + m for n, m in ((784, 128), (128, 64), (64, 10)))
    text = (TASKS / "07_backprop" / "README.md").read_text(encoding="utf-8")
    assert f"{count:,}" in text
    assert f"{2 * count:,}" in text


def test_08_two_steps():
    W, b, dW, db = np.array([[1.0, 2]]), np.array([0.5]), np.array([[10.0, -10]]), np.array([-2.0])
    for steps in (1, 2):
        assert_rows(handout("08_sgd"), W - steps * 0.1 * dW, b - steps * 0.1 * db)


def test_09_sizes_and_pairs():
    text = handout("09_minibatches")
    for count, size in ((23, 5), (20, 5), (3, 8), (21, 5)):
        sizes = [size] * (count // size) + [count % size] * (count % size > 0)
        assert f"N = {count} B = {size} -> {' '.join(map(str, sizes))} " in text
    x, y, order = "abcde", [7, 0, 1, 7, 9], [3, 0, 4, 1, 2]
    for start in (0, 2, 4):
        rows = order[start : start + 2]
        assert f"xb = {' '.join(x[r] for r in rows)} yb = {' '.join(str(y[r]) for r in rows)} " in text


def test_10_means_and_counts():
    text = handout("10_training_loop")
    rows, losses, hits = np.array([2, 2, 1]), np.array([2.0, 1.0, 0.5]), np.array([1, 2, 1])
    for value in ((rows * losses).sum() / 5, losses.mean(), hits.sum() / 5):
        assert f"= {value:.5g} " in text
    assert f"{comb(5, 2) * comb(3, 2)} ways to deal" in text
    assert f"{(comb(5, 2) * comb(3, 2)) ** 2} after two" in text


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9, 0.99])
def test_11_losses(p):
    assert f"loss = {-np.log(p):.3f}" in handout("11_overfit")


def test_12_arithmetic():
    text = handout("12_mnist")
    assert f"= {100 * np.sqrt(0.96 * 0.04 / 5000):.2f}%" in text
    assert -(-20_000 // 128) == 157
    assert "314 in all" in text
    hints = (TASKS / "12_mnist" / "task.toml").read_text(encoding="utf-8")
    assert f"{10 * 20_000 // 32:,}." in hints


def test_12_the_handout_gives_no_settings_away_and_the_last_hint_does():
    text = (TASKS / "12_mnist" / "README.md").read_text(encoding="utf-8")
    assert "epochs=10" not in text
    assert load_stage(TASKS / "12_mnist").checks[0].hints[-1].count("batch_size=") == 3
