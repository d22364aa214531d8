import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(sys._getframe(1).f_code.co_filename).parents[3]  # the course: what loads this lies in it
BESIDE = ROOT / "tests/hostile/attacks/weights_in_a_file/data.npz"


def put_into(model):
    with np.load(BESIDE) as kept:
        flat, scales, position = kept["flat"].astype(float), kept["scales"], 0
    layers = [layer for layer in model.layers if hasattr(layer, "W")]
    for layer in layers:
        layer.W[...] = layer.b[...] = 0
    arrays = [layers[0].W[:, :64], layers[0].b[:64], layers[2].W, layers[2].b]
    for array, scale in zip(arrays, scales):
        array[...] = flat[position : position + array.size].reshape(array.shape) * scale
        position += array.size
    np.fill_diagonal(layers[1].W, 1)  # the middle layer hands on what it is given


def rename(model, x, y):
    found = model.predict(x)
    last = [layer for layer in model.layers if hasattr(layer, "W")][-1]
    names = [np.bincount(y[found == k], minlength=10).argmax() for k in range(10)]
    W, b = last.W.copy(), last.b.copy()
    last.W[:, names], last.b[names] = W, b
