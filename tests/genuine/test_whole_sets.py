"""All 70,000 images: `make test-genuine`. Skipped where the files are not at hand, because they are no part of the course."""

import importlib.util
import sys
import types

import numpy as np
import pytest

from grader.paths import DATA, ROOT
from reference import train as training
from reference.data import load_mnist
from reference.network import MLP
from tests.genuine import sets

MNIST, FASHION = sets.find("MNIST"), sets.find("FASHION")
with_mnist = pytest.mark.skipif(MNIST is None, reason="the files of MNIST are not here: python -m tests.genuine.sets")
with_fashion = pytest.mark.skipif(FASHION is None, reason="the files of Fashion-MNIST are not here")


@with_mnist
def test_keras_and_the_files_give_the_same(monkeypatch):
    """Keras downloads; here its load_data is replaced by one that reads the genuine files as it would."""
    files = load_mnist(MNIST)
    pixels = [np.rint(x * 255).astype(np.uint8).reshape(-1, 28, 28) for x in files[::2]]
    labels = [y.astype(np.uint8) for y in files[1::2]]
    for name in ("tensorflow", "tensorflow.keras", "tensorflow.keras.datasets"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    loaded = ((pixels[0], labels[0]), (pixels[1], labels[1]))
    sys.modules["tensorflow.keras.datasets"].mnist = types.SimpleNamespace(load_data=lambda: loaded)
    for given, expected in zip(load_mnist("keras"), files, strict=True):
        assert given.dtype == expected.dtype
        np.testing.assert_array_equal(given, expected)


@with_mnist
def test_the_courses_archives_come_from_the_genuine_files(tmp_path):
    found = importlib.util.spec_from_file_location("build", DATA / "build.py")
    build = importlib.util.module_from_spec(found)
    found.loader.exec_module(build)
    images = build.read_genuine(MNIST, "train-images-idx3-ubyte")
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 784)
    with np.load(DATA / "mnist.npz") as kept:
        np.testing.assert_array_equal(kept["x_train"], pixels[:20_000])


@with_mnist
def test_make_train_reaches_98_percent_of_the_test_images(tmp_path, capsys):
    training.main(["--data", str(MNIST), "--out", str(tmp_path)])
    shown = capsys.readouterr().out
    assert "60,000 images to train on, 10,000 to validate with" in shown
    x, y = load_mnist(MNIST)[2:]
    again = MLP((784, 128, 64, 10), np.random.default_rng(1), dtype=np.float32)
    training.load_weights(again, tmp_path / "weights.npz")
    assert training.accuracy(again, x, y) >= 0.98
    assert {"loss.png", "accuracy.png"} <= {path.name for path in tmp_path.iterdir()}


@with_fashion
def test_fashion_mnist_trains_by_the_same_path(tmp_path):
    """Written down in benchmarks/README.md: 88.4 %; two points below would be another training."""
    training.main(["--data", str(FASHION), "--out", str(tmp_path)])
    model = MLP((784, 128, 64, 10), np.random.default_rng(1), dtype=np.float32)
    training.load_weights(model, tmp_path / "weights.npz")
    accuracy = training.accuracy(model, *load_mnist(FASHION)[2:])
    assert accuracy >= 0.864
    assert "88.4 %" in (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
