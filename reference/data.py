"""Data: images in, mini-batches out."""

import numpy as np


def minibatches(x, y, batch_size, rng):
    """Shuffle the examples and hand them out in batches.

    x          : (N, D) float   one row per example
    y          : (N,) int       its label
    batch_size : int            examples per batch; the short last batch is kept
    rng        : Generator      decides the order
    yields     : (xb, yb)       each example once, together with its label
    """
    # 1. One random order for both, so that labels stay with their examples.
    order = rng.permutation(len(x))
    # 2. Cut it into pieces of batch_size; the last piece keeps what is left.
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]


# --- given: reading images; nothing to write from here on. What only this part needs is imported where it is used. ---


def load_mnist(source=None):
    """Images and labels to train on, and others to validate with.

    source  : path or "keras"   None: the course's own data/mnist.npz, with 20,000 and 5,000 images;
                                a folder with the four IDX files of MNIST or of a set like it, plain or .gz;
                                another .npz with x_train, y_train and x_test, y_test (or x_val, y_val);
                                "keras": all of MNIST, fetched by tensorflow.keras.datasets.mnist
    returns : x_train, y_train, x_val, y_val    images (N, 784) float32 from 0 to 1, labels (N,) int64
    raises  : FileNotFoundError, ValueError, ImportError, ConnectionError, each saying what to do
    """
    from pathlib import Path

    if source is None:
        source = Path(__file__).resolve().parent.parent / "data" / "mnist.npz"
    if source == "keras":
        arrays = _from_keras()
    elif Path(source).is_dir():
        arrays = [_read_idx(Path(source), part, kind) for part in ("train", "t10k") for kind in ("images", "labels")]
    else:
        arrays = _read_npz(Path(source))
    x_train, y_train, x_val, y_val = arrays
    for x, y in ((x_train, y_train), (x_val, y_val)):
        if len(x) != len(y):
            raise ValueError(f"{source}: {len(x)} images, but {len(y)} labels. Do the files belong together?")
    return _as_floats(x_train), y_train.astype(np.int64), _as_floats(x_val), y_val.astype(np.int64)


def _as_floats(pixels):
    """(N, 28, 28) or (N, 784) uint8, 0 to 255  ->  (N, 784) float32, 0 to 1"""
    images = pixels.reshape(len(pixels), -1).astype(np.float32)
    images /= 255
    return images


def _read_npz(path):
    """The four arrays of an archive; compared first with its checksum, where a list of them stands beside it."""
    import hashlib
    import zipfile
    import zlib

    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file or folder.")
    sums = path.parent / "SHA256SUMS"
    listed = sums.read_text().split() if sums.is_file() else []
    if path.name in listed and hashlib.sha256(path.read_bytes()).hexdigest() not in listed:
        raise ValueError(f"{path} is damaged. Restore it with: git checkout -- data/{path.name}")
    try:
        with np.load(path) as archive:
            val = "val" if "x_val" in archive else "test"
            return [archive[name] for name in ("x_train", "y_train", f"x_{val}", f"y_{val}")]
    except (EOFError, KeyError, OSError, TypeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} is not an archive of x_train, y_train, x_test and y_test: {error}") from error


def _read_idx(folder, part, kind):
    """One file in MNIST's own format: two zero bytes, type, number of axes; then their lengths; then the numbers."""
    import gzip
    import math
    import zlib

    axes = 3 if kind == "images" else 1
    names = [f"{part}-{kind}{dot}idx{axes}-ubyte{end}" for dot in "-." for end in ("", ".gz")]
    path = next((folder / name for name in names if (folder / name).is_file()), None)
    if path is None:
        raise FileNotFoundError(f"{folder} has no file {names[0]} (or {names[1]}): the four IDX files belong in it.")
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} cannot be unpacked: {error}") from error
    header = 4 + 4 * axes
    shape = [int.from_bytes(content[i : i + 4], "big") for i in range(4, header, 4)]
    if content[:4] != bytes([0, 0, 8, axes]) or len(content) != header + math.prod(shape):
        raise ValueError(f"{path} is not an IDX file of {kind} (bytes with {axes} axes), or a part of it is missing.")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _from_keras():
    """All of MNIST through TensorFlow, which keeps a copy in ~/.keras after the first time."""
    try:
        from tensorflow.keras.datasets import mnist
    except ImportError as error:
        raise ImportError("Data from Keras needs TensorFlow: pip install tensorflow-cpu") from error
    try:
        (x_train, y_train), (x_val, y_val) = mnist.load_data()
    except Exception as error:  # Keras gives network trouble as a bare Exception
        raise ConnectionError(
            f"Keras could not fetch MNIST: {error}. Without a network, leave the source out or name a folder."
        ) from error
    return x_train, y_train, x_val, y_val
