"""The handouts: their numbers are right, hints point to sections that exist, links lead somewhere."""

import re

import numpy as np

from grader.course.stage import load_stage
from grader.paths import TASKS

STAGES = [load_stage(path.parent) for path in sorted(TASKS.glob("[0-9][0-9]_*/README.md"))]


def handout(stage_id: str) -> str:
    return (TASKS / stage_id / "README.md").read_text(encoding="utf-8")


def holds(text: str, array: np.ndarray) -> bool:
    """Whether the rows of an array stand somewhere in the text, as NumPy writes them with three decimals."""
    with np.printoptions(precision=3, suppress=True):
        wanted = [re.sub(r"[\[\]\s]+", " ", line).strip() for line in str(np.asarray(array)).splitlines()]
    flat = re.sub(r"[\[\]\s]+", " ", text)
    return all(row in flat for row in wanted)


def test_the_first_stages_have_handouts():
    ids = [stage.id for stage in STAGES]
    assert ids[:5] == ["01_linear", "02_relu", "03_softmax", "04_cross_entropy", "05_gradient_check"]


def test_the_numbers_of_01_linear():
    x, W, b = np.array([[1, 2], [3, -1]]), np.array([[1, 0, 2], [3, -1, 1]]), np.array([0.5, 0, -1])
    dout = np.array([[1, 0, -1], [2, 1, 0]])
    for array in (x @ W + b, x.T @ dout, dout.sum(axis=0), dout @ W.T):
        for row in np.atleast_2d(array):
            assert holds(handout("01_linear"), row)
    assert f"{np.sqrt(2 / 784):.4f}" in handout("01_linear")
    assert f"{np.sqrt(2 / 128):.3f}" in handout("01_linear")


def test_the_numbers_of_02_relu():
    x, dout = np.array([[-1, 2, 0.5], [3, -0.5, 4]]), np.array([[10.0, -20, 30], [-1, 1, 2]])
    for array in (np.maximum(x, 0), dout * (x > 0)):
        for row in array:
            assert holds(handout("02_relu"), row + 0.0)


def test_the_numbers_of_03_softmax():
    exps = np.exp([2, 1, -1])
    for value in (*exps, exps.sum(), *(exps / exps.sum()), 1 / (1 + np.e), np.e / (1 + np.e)):
        assert f"{value:.3f}" in handout("03_softmax")


def test_the_numbers_of_04_cross_entropy():
    logits, labels, text = np.array([[2.0, 1, -1], [1, 3, 2]]), np.array([0, 2]), handout("04_cross_entropy")
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    losses = -np.log(shares[[0, 1], labels])
    gradient = (shares - np.eye(3)[labels]) / 2
    for row in (*shares, *gradient):
        assert holds(text, row)
    for value in (*losses, losses.mean(), np.log(10)):
        assert f"{value:.3f}" in text
    assert f"{-np.log(1e-12):.1f}" in text


def test_the_numbers_of_05_gradient_check():
    text = handout("05_gradient_check")
    for place in ((3.1, 2), (2.9, 2), (3, 2.1), (3, 1.9)):
        assert f"= {place[0] ** 2 * place[1]:.4g}" in text
    for eps in (0.1, 0.01):
        forward, central = ((1 + eps) ** 3 - 1) / eps, ((1 + eps) ** 3 - (1 - eps) ** 3) / (2 * eps)
        assert f"{forward:.6g}" in text
        assert f"{central:.6g}" in text
