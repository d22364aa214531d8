"""load_mnist, as it is given to learners: every source, and every way in which one can be damaged."""

import gzip
import sys
import types

import numpy as np
import pytest

from grader.paths import DATA
from reference.data import load_mnist

RNG = np.random.default_rng(5)
SETS = {
    part: (RNG.integers(0, 256, (n, 6, 5), np.uint8), RNG.integers(0, 3, n, np.uint8)) for part, n in (("train", 7), ("t10k", 4))
}


def idx(array):
    """An array of bytes in MNIST's own file format."""
    lengths = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return bytes([0, 0, 8, array.ndim]) + lengths + array.tobytes()


def write_idx(folder, pattern="{part}-{kind}-idx{axes}-ubyte", pack=bytes):
    for part, (images, labels) in SETS.items():
        for kind, array in (("images", images), ("labels", labels)):
            (folder / pattern.format(part=part, kind=kind, axes=array.ndim)).write_bytes(pack(idx(array)))


def assert_loaded(loaded):
    x_train, y_train, x_val, y_val = loaded
    for x, y, (images, labels) in ((x_train, y_train, SETS["train"]), (x_val, y_val, SETS["t10k"])):
        assert x.dtype == np.float32
        assert y.dtype == np.int64
        np.testing.assert_array_equal(np.rint(x * 255), images.reshape(len(images), -1))
        np.testing.assert_array_equal(y, labels)


def test_without_a_source_the_shipped_images_come():
    x_train, y_train, x_val, y_val = load_mnist()
    assert x_train.shape == (20_000, 784)
    assert x_val.shape == (5_000, 784)
    assert (x_train.dtype, x_train.max()) == (np.float32, 1.0)
    assert len(y_train) == 20_000
    assert len(y_val) == 5_000


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    "pattern", ["{part}-{kind}-idx{axes}-ubyte", "{part}-{kind}-idx{axes}-ubyte.gz", "{part}-{kind}.idx{axes}-ubyte"]
)
def test_a_folder_of_idx_files_by_any_of_its_names_packed_or_not(tmp_path, pattern, pack):
    write_idx(tmp_path, pattern, pack)
    assert_loaded(load_mnist(tmp_path))
    assert_loaded(load_mnist(str(tmp_path)))


@pytest.mark.parametrize("val", ["test", "val"])
def test_an_archive_with_the_names_of_keras_or_of_the_course(tmp_path, val):
    (x, y), (xv, yv) = SETS["train"], SETS["t10k"]
    np.savez(tmp_path / "other.npz", x_train=x, y_train=y, **{f"x_{val}": xv, f"y_{val}": yv})
    assert_loaded(load_mnist(tmp_path / "other.npz"))


def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        load_mnist(tmp_path / "gone")


def test_a_folder_without_the_files_says_which_belong_there(tmp_path):
    write_idx(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match="has no file t10k-labels-idx1-ubyte"):
        load_mnist(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not an IDX file of images"),
        (b"\0\0\x08\x03\0\0", "is not an IDX file of images"),
        (idx(SETS["train"][0])[:-1], "a part of it is missing"),
        (idx(SETS["train"][1]), "is not an IDX file of images"),
        (gzip.compress(idx(SETS["train"][0]))[:-20], "cannot be unpacked"),
        (b"\x1f\x8b and then nothing of the kind", "cannot be unpacked"),
    ],
)
def test_a_damaged_idx_file_is_named(tmp_path, content, said):
    write_idx(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(ValueError, match=said) as caught:
        load_mnist(tmp_path)
    assert "train-images-idx3-ubyte" in str(caught.value)


def test_images_and_labels_of_different_sets_are_noticed(tmp_path):
    write_idx(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(SETS["t10k"][1]))
    with pytest.raises(ValueError, match="7 images, but 4 labels"):
        load_mnist(tmp_path)


def test_a_damaged_archive_beside_its_checksums_says_how_to_repair_it(tmp_path):
    content = bytearray((DATA / "mnist.npz").read_bytes())
    content[5_000] ^= 1
    (tmp_path / "mnist.npz").write_bytes(content)
    (tmp_path / "SHA256SUMS").write_bytes((DATA / "SHA256SUMS").read_bytes())
    with pytest.raises(ValueError, match=r"git checkout -- data/mnist\.npz"):
        load_mnist(tmp_path / "mnist.npz")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.npz is not an archive"):
        load_mnist(tmp_path / "x.npz")


def test_an_archive_of_other_arrays_or_a_single_array_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.zeros(3))
    np.save(tmp_path / "x.npy", np.zeros(3))
    for name in ("x.npz", "x.npy"):
        with pytest.raises(ValueError, match="is not an archive of x_train"):
            load_mnist(tmp_path / name)


def fake_keras(monkeypatch, load_data):
    """Stand in for tensorflow.keras.datasets.mnist."""
    for name in ("tensorflow", "tensorflow.keras", "tensorflow.keras.datasets"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules["tensorflow.keras.datasets"].mnist = types.SimpleNamespace(load_data=load_data)


def test_keras_without_tensorflow_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(ImportError, match="pip install tensorflow-cpu"):
        load_mnist("keras")


def test_keras_without_a_network_says_what_else_there_is(monkeypatch):
    def load_data():
        raise Exception("URL fetch failure")  # what Keras raises

    fake_keras(monkeypatch, load_data)
    with pytest.raises(ConnectionError, match=r"URL fetch failure.*name a folder"):
        load_mnist("keras")


def test_keras_gives_the_same_as_the_files(monkeypatch):
    fake_keras(monkeypatch, lambda: (SETS["train"], SETS["t10k"]))
    assert_loaded(load_mnist("keras"))


@pytest.mark.tensorflow
def test_keras_itself_is_asked(monkeypatch):
    """The real module is imported; only its download is replaced."""
    mnist = pytest.importorskip("tensorflow.keras.datasets.mnist")
    monkeypatch.setattr(mnist, "load_data", lambda: (SETS["train"], SETS["t10k"]))
    assert_loaded(load_mnist("keras"))
