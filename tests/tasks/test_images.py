"""The shipped images: what is in the archives, and what happens when a file is damaged."""

import hashlib
import importlib.util

import numpy as np
import pytest

from grader.course import fingerprint
from grader.paths import DATA
from tests.courses import HERE
from tests.tasks.toolbox import images

# SHA-256 of the arrays' bytes, independent of how they are compressed.
CONTENTS = {
    "mnist.npz": {
        "x_train": "0256de32dd5050b8dd6e2b05e1ae765ddfc4e4b1ee926076b40746b1fa882e29",
        "y_train": "144ad3b0173ca5c3576c18ce96a30122a116dac67293af6b88c4f037dea66eb3",
        "x_val": "b118663c380f69f402a7697e4ab811cb0e523fd2b0fe4381e2c3150ff3d676e1",
        "y_val": "da6ab84c8cb2e802d2eab3d9d29d119d212c80ed6cc2b606924f48f09fb6fa65",
    },
    "hidden.npz": {
        "x": "f2e024600634097148ffd04c0707f1acae57ff5e960b9b8b1d18e041f46628f7",
        "y": "c0c724fb9332ecb64880570307fcdf016adabdf9808036be93038646d815da1d",
    },
}


@pytest.fixture(scope="module")
def builder():
    spec = importlib.util.spec_from_file_location("build_data", DATA / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copies(tmp_path):
    """A copy of the data folder that can be damaged; nothing cached."""
    for name in ("mnist.npz", "hidden.npz", "SHA256SUMS"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    images.hidden.cache_clear()
    yield tmp_path
    images.hidden.cache_clear()


# --- what is in them ---


@pytest.mark.parametrize("name", CONTENTS)
def test_archives_hold_the_genuine_images(name):
    with np.load(DATA / name) as archive:
        found = {key: hashlib.sha256(archive[key].tobytes()).hexdigest() for key in archive.files}
        assert {archive[key].dtype for key in archive.files} == {np.dtype(np.uint8)}
    assert found == CONTENTS[name]


def test_open_data_are_floats_from_0_to_1_and_cannot_be_changed():
    data = images.open(HERE.data)
    assert data is images.open(HERE.data)
    assert data.x_train.shape == (20_000, 784)
    assert data.x_val.shape == (5_000, 784)
    assert data.x_train.dtype == np.float32
    assert (data.x_train.min(), data.x_train.max()) == (0.0, 1.0)
    assert data.y_train.dtype == np.int64
    assert set(data.y_val) == set(range(10))
    with pytest.raises(ValueError, match="read-only"):
        data.x_train[0, 0] = 1


def test_hidden_images_are_no_open_images():
    seen = {row.tobytes() for part in (images.open(HERE.data).x_train, images.open(HERE.data).x_val) for row in part}
    hidden = images.hidden(HERE.data)
    assert hidden.x.shape == (5_000, 784)
    assert hidden.y.shape == (5_000,)
    assert not any(row.tobytes() in seen for row in hidden.x)


def test_both_validation_sets_have_the_same_digits():
    opened, hidden = np.bincount(images.open(HERE.data).y_val), np.bincount(images.hidden(HERE.data).y)
    assert np.abs(opened - hidden).max() <= 2


# --- dealing them ---


def test_halves_share_each_digit_at_odd_and_even_positions(builder):
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 10, 2_000)
    first, second = builder.divide(labels, rng)
    assert sorted([*first, *second]) == list(range(2_000))
    assert len(first) == len(second)
    for digit in range(10):
        for parity in range(2):
            in_first, in_second = (np.count_nonzero((labels[half] == digit) & (half % 2 == parity)) for half in (first, second))
            assert abs(in_first - in_second) <= 1


def test_builder_refuses_files_that_are_not_the_genuine_ones(builder, tmp_path):
    with pytest.raises(builder.NotGenuine, match=r"neither train-images-idx3-ubyte nor train-images-idx3-ubyte\.gz"):
        builder.build(tmp_path, tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03")
    with pytest.raises(builder.NotGenuine, match="not the genuine file"):
        builder.build(tmp_path, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["train-images-idx3-ubyte"]


# --- damage ---


def test_a_changed_byte_is_noticed(copies):
    content = bytearray((copies / "hidden.npz").read_bytes())
    content[1000] ^= 1
    (copies / "hidden.npz").write_bytes(content)
    with pytest.raises(images.DamagedData, match=r"git checkout -- data/hidden\.npz"):
        images.hidden(copies)


@pytest.mark.parametrize("name", ["hidden.npz", "SHA256SUMS"])
def test_a_missing_file_is_named(copies, name):
    (copies / name).unlink()
    with pytest.raises(images.DamagedData, match=f"data/{name} is damaged: it is missing"):
        images.hidden(copies)


def test_a_list_without_the_file_is_noticed(copies):
    (copies / "SHA256SUMS").write_text("", encoding="ascii")
    with pytest.raises(images.DamagedData, match=r"no line for hidden\.npz"):
        images.hidden(copies)


def test_a_kit_without_hidden_images_is_not_damaged(copies):
    (copies / "hidden.npz").unlink()
    lines = (copies / "SHA256SUMS").read_text(encoding="ascii").splitlines(keepends=True)
    (copies / "SHA256SUMS").write_text("".join(line for line in lines if "hidden" not in line), encoding="ascii")
    assert not images.has_hidden(copies)
    assert images.hidden(copies) is None


def test_a_file_that_agrees_with_its_checksum_but_is_no_archive_is_named(copies):
    (copies / "hidden.npz").write_bytes(b"nothing")
    (copies / "SHA256SUMS").write_text(f"{hashlib.sha256(b'nothing').hexdigest()}  hidden.npz\n", encoding="ascii")
    with pytest.raises(images.DamagedData, match="cannot be read as an archive"):
        images.hidden(copies)


def test_fingerprint_follows_the_list_of_checksums(copies):
    before = fingerprint.data(copies)
    (copies / "SHA256SUMS").write_text("other", encoding="ascii")
    assert fingerprint.data(copies) != before
