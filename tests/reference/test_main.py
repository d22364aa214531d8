"""`main`, as given to learners, and the verb `train` that runs anybody's."""

import os
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from grader.paths import REFERENCE, ROOT, STUDENT
from grader.verbs.train import command
from reference.data import load_mnist
from reference.network import MLP
from reference.train import load_weights, main, save_weights, show_progress, train

TINY = {"epochs": 2, "batch_size": 8, "lr": 0.1}


@pytest.fixture
def images(tmp_path):
    """A very small data set in an archive of Keras's form."""
    rng = np.random.default_rng(0)
    path = tmp_path / "tiny.npz"
    np.savez(
        path,
        x_train=rng.integers(0, 256, (20, 4, 4), np.uint8),
        y_train=np.arange(20) % 3,
        x_test=rng.integers(0, 256, (6, 4, 4), np.uint8),
        y_test=np.arange(6) % 3,
    )
    return path


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr("reference.train.HYPERPARAMETERS", TINY)


def test_main_prints_a_line_an_epoch_and_leaves_plots_and_weights(images, tmp_path, capsys, tiny):
    main(["--data", str(images), "--out", str(tmp_path / "plots")])
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("20 images to train on, 6 to validate with")
    assert [line[:8] for line in said if line.startswith("epoch")] == ["epoch  1", "epoch  2"]
    assert "val_acc" in said[1]
    assert {p.name for p in (tmp_path / "plots").iterdir()} == {"loss.png", "accuracy.png", "weights.npz"}
    assert (tmp_path / "plots" / "loss.png").read_bytes()[:4] == b"\x89PNG"


def test_saved_weights_make_the_same_network_again(images, tmp_path, tiny):
    main(["--data", str(images), "--out", str(tmp_path)])
    model, other = (MLP((16, 128, 64, 3), np.random.default_rng(seed), dtype=np.float32) for seed in (1, 2))
    load_weights(model, tmp_path / "weights.npz")
    load_weights(other, tmp_path / "weights.npz")
    x = np.random.default_rng(3).normal(size=(5, 16)).astype(np.float32)
    np.testing.assert_array_equal(model.forward(x), other.forward(x))


def test_weights_of_another_architecture_are_refused(tmp_path):
    rng = np.random.default_rng(0)
    save_weights(MLP((4, 3, 2), rng), tmp_path / "w.npz")
    for sizes in ((4, 5, 2), (4, 3, 3, 2)):
        with pytest.raises(ValueError, match=r"broadcast|zip"):
            load_weights(MLP(sizes, rng), tmp_path / "w.npz")


def test_main_ends_with_a_sentence_where_there_are_no_data(tmp_path):
    with pytest.raises(SystemExit, match="no such file or folder"):
        main(["--data", str(tmp_path / "gone")])


def test_without_matplotlib_the_weights_are_saved_all_the_same(images, tmp_path, monkeypatch, capsys, tiny):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.pyplot", None)
    main(["--data", str(images), "--out", str(tmp_path / "out")])
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["weights.npz"]
    assert "pip install matplotlib" in capsys.readouterr().out


def test_the_progress_line_counts_steps_and_changes_no_gradient(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("reference.train.HYPERPARAMETERS", TINY)
    model = MLP((4, 3, 2), np.random.default_rng(0))
    show_progress(model, 20)  # 2 epochs of 3 steps
    model.forward(np.ones((2, 4)))
    for _ in range(6):
        dx = model.backward(np.ones((2, 2)))
    np.testing.assert_array_equal(dx, MLP.backward(model, np.ones((2, 2))))
    shown = capsys.readouterr().err.replace("\r\033[K", "\r").split("\r")
    assert [line.split()[0] for line in shown if line] == ["17%", "33%", "50%", "67%", "83%", "100%"]


# --- the verb ---


def short(folder, style):
    """A copy of the reference that trains for a moment, with its imports in one of the three forms."""
    folder.mkdir()
    for path in REFERENCE.glob("*.py"):
        if path.name != "__init__.py":
            text = path.read_text(encoding="utf-8").replace("from .", style)
            text = text.replace('{"epochs": 10, "batch_size": 32, "lr": 0.2, "lr_decay": 0.8}', repr(TINY))
            (folder / path.name).write_text(text, encoding="utf-8")
    return folder


def run(student, *arguments):
    return CliRunner().invoke(command, ["--student", str(student), *map(str, arguments)], standalone_mode=False)


@pytest.mark.parametrize("style", ["from .", "from ", "from student."])
def test_all_forms_of_import_train_from_a_folder_of_any_name(tmp_path, images, style):
    student = short(tmp_path / "2 odd-name", style)
    result = run(student, "--data", images, "--out", tmp_path / "plots")
    assert result.return_value == 0, result.output
    assert "Validation accuracy" in result.output
    assert (tmp_path / "plots" / "weights.npz").is_file()


def test_what_is_still_to_do_is_named():
    result = run(STUDENT)
    assert result.exception.exit_status == 2
    assert "still to do first: layers.Linear.__init__ (student/layers.py, line " in result.exception.sentence()
    assert "more. Remedy: make grade says which is next." in result.exception.sentence()


def test_an_epoch_is_told_while_it_happens_and_train_need_not_print(tmp_path, images):
    student = short(tmp_path / "s", "from .")
    with (student / "train.py").open("a", encoding="utf-8") as file:
        file.write(
            "\nquiet = train\ndef train(*a, **k):\n    out = quiet(*a, **k)\n    print('the end of train')\n    return out\n"
        )
    said = run(student, "--data", images, "--out", tmp_path / "plots").output.splitlines()
    assert said[0].startswith("20 images to train on, 6 to validate with")
    assert [line[:13] for line in said if line.startswith("epoch")] == ["epoch  1 of 2", "epoch  2 of 2"]
    assert said.index("the end of train") > next(k for k, line in enumerate(said) if line.startswith("epoch  1"))
    assert {path.name for path in (tmp_path / "plots").iterdir()} == {"loss.png", "accuracy.png", "weights.npz"}


def test_what_is_measured_is_what_the_network_gives(tmp_path, images):
    """Measuring changes no step, and the last line is that of the parameters that are left."""
    student = short(tmp_path / "s", "from .")
    said = run(student, "--data", images, "--out", tmp_path).output.splitlines()
    data = load_mnist(images)
    model = MLP((16, 128, 64, 3), np.random.default_rng(0))
    history = train(model, *data, rng=np.random.default_rng(1), **TINY)
    with np.load(tmp_path / "weights.npz") as saved:
        for name, array in zip(saved.files, model.parameters(), strict=True):
            np.testing.assert_allclose(saved[name], array, rtol=1e-12)
    last = next(line for line in said if line.startswith("epoch  2"))
    assert f"validation {history['val_loss'][-1]:.4f}" in last
    assert f"validation {100 * history['val_acc'][-1]:5.2f} %" in last


def test_a_network_with_slots_is_trained_too(tmp_path, images):
    student = short(tmp_path / "s", "from .")
    text = (student / "network.py").read_text("utf-8")
    (student / "network.py").write_text(text.replace("class MLP:\n", "class MLP:\n    __slots__ = ('layers',)\n\n"), "utf-8")
    assert "epoch  2 of 2" in run(student, "--data", images, "--out", tmp_path).output


def test_below_the_goal_it_is_said_what_the_training_came_to(tmp_path, images):
    student = short(tmp_path / "s", "from .")
    text = (student / "train.py").read_text("utf-8")
    (student / "train.py").write_text(text.replace("'lr': 0.1", "'lr': 1e8"), "utf-8")
    said = run(student, "--data", images, "--out", tmp_path).output
    assert "The training diverged" in said, said


def test_an_exception_shows_the_learners_lines_alone(tmp_path, images, capsys):
    student = short(tmp_path / "broken", "from .")
    (student / "optim.py").write_text("class SGD:\n    def __init__(self, lr):\n        self.lr = 1 / 0\n", encoding="utf-8")
    result = run(student, "--data", images)
    assert result.exception.exit_status == 2
    assert "ZeroDivisionError" in result.exception.sentence()
    assert "> optim.py, line 3:         self.lr = 1 / 0" in result.output
    assert "epoch_by_epoch" not in result.output


@pytest.mark.parametrize("source", ["gone", "."])
def test_missing_data_are_one_sentence(tmp_path, source):
    result = run(short(tmp_path / "s", "from ."), "--data", tmp_path / source)
    assert result.exception.exit_status == 2
    assert "Traceback" not in result.output


def test_settings_that_lack_something_are_refused(tmp_path, images):
    student = short(tmp_path / "s", "from .")
    (student / "train.py").write_text("HYPERPARAMETERS = {}\n", encoding="utf-8")
    assert "HYPERPARAMETERS has no epochs" in run(student, "--data", images).exception.sentence()


def test_run_as_a_file_it_says_how_to_run_it():
    done = subprocess.run([sys.executable, STUDENT / "train.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("python -m student.train (or make train)")
    assert done.stderr.count("\n") == 1


def test_run_by_hand_it_has_one_thread():
    """Set before NumPy is imported, and left alone where the user has set it."""
    code = "import os, runpy, sys; sys.argv = ['train', '--help']; before = dict(os.environ)\n"
    code += "try: runpy.run_module('student.train', run_name='__main__', alter_sys=True)\n"
    code += "except SystemExit: print(os.environ['OPENBLAS_NUM_THREADS'], os.environ['OMP_NUM_THREADS'])"
    given = {"PATH": os.environ.get("PATH", ""), "OMP_NUM_THREADS": "3"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=given, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "1 3", done.stderr


def test_a_folder_that_is_no_submission_is_refused(tmp_path):
    assert run(tmp_path).exception.exit_status == 2
