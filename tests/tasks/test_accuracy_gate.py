"""The gate of accuracy: what it accepts as settings, what it counts, and what it is not taken in by."""

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pytest

from grader.checks.case import Case
from grader.checks.compare import Unmet
from grader.paths import REFERENCE
from grader.submission import Submission, read_submission
from grader.worker.bounds import USUAL, TimeLimits
from grader.worker.outside.errors import CallTimeout, StudentError
from grader.worker.outside.local import LocalPool
from tests.courses import HERE
from tests.tasks.toolbox import accuracy_gate as gate
from tests.tasks.toolbox import closed_form

SIZES = (16, 24, 4)
SETTINGS = {"epochs": 12, "batch_size": 16, "lr": 0.2}
BAR = gate.Bar(asked=0.9, doubt=0.8)


class Images(NamedTuple):
    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray


@lru_cache(maxsize=1)
def data() -> tuple[Images, tuple[np.ndarray, np.ndarray]]:
    """Four kinds of 4 x 4 images, noisy, some to learn from, some open, some hidden."""
    rng = np.random.default_rng(11)
    kinds, y = rng.random((4, 16)), rng.integers(0, 4, 1200)
    x = (kinds[y] + 0.25 * rng.normal(size=(1200, 16))).astype(np.float32)
    return Images(x[:600], y[:600], x[600:900], y[600:900]), (x[900:], y[900:])


def case() -> Case:
    return Case(0, "90_gate", "check_gate", HERE.modules)


def submission(code: str = "", settings: str = repr(SETTINGS)) -> Submission:
    right = read_submission(REFERENCE)
    text = f"{right.modules['train']}\n\nHYPERPARAMETERS = {settings}\n{code}\n"
    return right.replaced({"train": text}, "variant")


def trained(code: str = "", seed: int = 1, limits: TimeLimits = USUAL, settings=None) -> gate.Trained:
    images, hidden = data()
    with LocalPool().student(submission(code), limits) as student:
        return gate.train(student, case(), images, hidden, SIZES, settings or SETTINGS, seed)


def settings_of(code: str) -> dict:
    with LocalPool().student(submission(settings=code)) as student:
        return gate.hyperparameters(student, case())


# --- settings -----------------------------------------------------------------------------------------------------------


def test_settings_are_taken_as_they_are():
    own = "{'epochs': 3, 'batch_size': 8, 'lr': 1, 'momentum': 0.9, 'schedule': (lambda epoch: 1.0)}"
    found = settings_of(own)
    assert {k: found[k] for k in ("epochs", "batch_size", "lr", "momentum")} == {
        "epochs": 3,
        "batch_size": 8,
        "lr": 1,
        "momentum": 0.9,
    }
    assert "schedule" in found


def test_another_kind_of_mapping_will_do():
    assert settings_of(f"__import__('types').MappingProxyType({SETTINGS!r})") == SETTINGS
    assert settings_of(f"__import__('collections').OrderedDict({SETTINGS!r})") == SETTINGS
    assert settings_of("dict(epochs=np.int64(2), batch_size=4, lr=np.float32(0.5))")["epochs"] == 2


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("None", "is of type NoneType"),
        ("[1, 2]", "is of type list"),
        ("object()", "is of type object"),
        ("{'epochs': 1, 'lr': 0.1}", "has no batch_size"),
        ("{'epochs': 1, 'batchsize': 32, 'lr': 0.1}", "has no batch_size. It has batchsize: is that what is meant?"),
        ("{'epochs': 1, 'batch_size': 8, 'lr': 0.1, 'rng': 3}", "should not contain rng: the grader passes rng itself."),
        ("{'epochs': 1.5, 'batch_size': 8, 'lr': 0.1}", "HYPERPARAMETERS['epochs'] is 1.5"),
        ("{'epochs': True, 'batch_size': 8, 'lr': 0.1}", "HYPERPARAMETERS['epochs'] is True"),
        ("{'epochs': 1, 'batch_size': 0, 'lr': 0.1}", "HYPERPARAMETERS['batch_size'] is 0"),
        ("{'epochs': 1, 'batch_size': 8, 'lr': float('nan')}", "HYPERPARAMETERS['lr'] is nan"),
        ("{'epochs': 1, 'batch_size': 8, 'lr': '0.1'}", "HYPERPARAMETERS['lr'] is '0.1'"),
    ],
)
def test_other_settings_are_met_with_a_sentence(settings: str, said: str):
    with pytest.raises(Unmet) as failure:
        settings_of(settings)
    assert said in f"{failure.value.gave} {failure.value.should}"


def test_no_settings_at_all():
    with LocalPool().student(submission("del HYPERPARAMETERS")) as student, pytest.raises(StudentError):
        gate.hyperparameters(student, case())


# --- training -----------------------------------------------------------------------------------------------------------


def test_an_honest_training_is_counted_here():
    result = trained()
    x, y = data()[1]
    said = closed_form.forward(result.parameters, x).argmax(axis=1)
    assert result.hits == np.sum(said == result.names[y])
    assert result.accuracy > 0.93
    assert sorted(result.names) == [0, 1, 2, 3]
    assert list(result.names) != [0, 1, 2, 3]
    assert len(result.history["val_acc"]) == 12


def test_seeds_repeat_a_training():
    first, again, other = trained(seed=1), trained(seed=1), trained(seed=2)
    assert np.array_equal(closed_form.flat(first.parameters), closed_form.flat(again.parameters))
    assert not np.array_equal(first.parameters[0], other.parameters[0])


def test_weights_brought_along_are_worth_a_guess():
    images, _ = data()
    right = read_submission(REFERENCE)
    with LocalPool().student(right) as student:  # what somebody may have trained at home, on the real names
        model = student.network.MLP(SIZES, student.rng(0))
        student.train.train(model, *images, rng=student.rng(1), **SETTINGS)
        stored = [p.tolist() for p in model.parameters()]
        assert student.train.accuracy(model, *data()[1]) > 0.93
    code = f"""
def train(model, *data, **settings):
    for p, stored in zip(model.parameters(), {stored!r}):
        p[...] = stored
    return {{}}
"""
    assert trained(code).accuracy < 0.6


def test_labels_brought_along_for_the_training_images_are_worth_a_guess():
    images, _ = data()
    code = f"""
honest = train
def train(model, x_train, y_train, x_val, y_val, **settings):
    return honest(model, x_train, np.array({images.y_train.tolist()!r}), x_val, y_val, **settings)
"""
    assert trained(code).accuracy < 0.6


def test_an_invented_history_counts_for_nothing():
    code = "def train(*a, **k):\n    return dict(train_loss=[0.0], train_acc=[1.0], val_loss=[0.0], val_acc=[1.0])"
    assert trained(code).accuracy < 0.6


def test_a_history_of_another_kind_is_another_stages_affair():
    assert trained("honest = train\ndef train(*a, **k):\n    honest(*a, **k)").history == {}


def test_parameters_that_are_not_finite_are_named():
    with pytest.raises(Unmet, match="nan or inf in b1"):
        trained("def train(model, *a, **k):\n    model.parameters()[1][0] = np.nan")


def test_what_was_run_says_where_the_images_come_from():
    ours, (images, hidden) = case(), data()
    with LocalPool().student(submission(), describe=ours.describe) as student:
        gate.train(student, ours, images, hidden, SIZES, SETTINGS, 1)
        ran = ours.script(student.transcript)
    assert "x_train = data.load_mnist()[0]\ny_train = data.load_mnist()[1]  # with the classes renamed\n" in ran
    assert "x_val = data.load_mnist()[2]\n" in ran
    assert "from student import network, data, train\n" in ran


def test_a_training_that_is_stopped_is_worded_as_stopped():
    code = """
def train(*a, epochs, **k):
    for epoch in range(3):
        print(f"epoch {epoch + 1} of {epochs}: loss 0.3")
    while True:
        pass
"""
    with pytest.raises(CallTimeout) as stopped:
        trained(code, limits=TimeLimits(call=0.3, check=1.0))
    assert "was stopped after 0.3 s" in str(stopped.value)
    assert "epoch 3 of 12" in str(stopped.value)
    assert "not graded" in str(stopped.value)


# --- the verdict --------------------------------------------------------------------------------------------------------


def result(hits: int, images: int = 1000) -> gate.Trained:
    return gate.Trained(None, [], [], {}, np.arange(4), hits, images)


@pytest.mark.parametrize(
    ("first", "others", "passes", "trainings"),
    [
        (900, [], True, 1),
        (999, [], True, 1),
        (799, [], False, 1),
        (899, [900, 901], True, 3),
        (800, [999, 899], False, 3),
        (800, [100, 999], False, 3),
        (850, [950, 900], True, 3),
        (899, [899, 999], False, 3),
    ],
)
def test_in_doubt_the_median_of_three_decides(first: int, others: list[int], passes: bool, trainings: int):
    asked: list[int] = []

    def again(number: int) -> gate.Trained:
        asked.append(number)
        return result(others[number - 1])

    if passes:
        assert len(gate.judge(case(), BAR, result(first), again)) == trainings
    else:
        with pytest.raises(Unmet) as failure:
            gate.judge(case(), BAR, result(first), again)
        assert f"{first / 10:.2f} %" in failure.value.gave
    assert asked == [1, 2][: trainings - 1]


def test_exactly_the_bar_passes():
    assert gate.judge(case(), gate.Bar(0.96, 0.955), result(4800, 5000), pytest.fail) == [0.96]
    with pytest.raises(Unmet):
        gate.judge(case(), gate.Bar(0.96, 0.955), result(4774, 5000), pytest.fail)


def test_the_note_has_the_margin():
    notes = case()
    gate.tell(notes, BAR, trained(), data()[0], "hidden images", "the reference gets 97 %")
    assert "of the 300 hidden images" in notes.notes[0]
    assert "above the required 90.0 %; the reference gets 97 %" in notes.notes[0]
    assert "of its own training images it gets" in notes.notes[1]


# --- predict, and where training starts ---------------------------------------------------------------------------------


def test_predict_has_to_agree_with_the_parameters():
    one, x = trained(), data()[1][0]
    said = closed_form.forward(one.parameters, x).argmax(axis=1)
    gate.agrees(case(), said, one, x)
    gate.agrees(case(), said.astype(np.int8), one, x)
    for given in ((said + 1) % 4, said.astype(float), said[:5], said + 7, None, [1]):
        with pytest.raises(Unmet):
            gate.agrees(case(), given, one, x)


@pytest.mark.parametrize(("added", "times"), [(1e9, 1.0), (0.0, 1e200)])
def test_no_logits_are_so_large_that_any_class_agrees(added: float, times: float):
    one, x = trained(), data()[1][0]
    said = closed_form.forward(one.parameters, x).argmax(axis=1)
    *layers, b = [p * times for p in one.parameters]
    with np.errstate(all="ignore"), pytest.raises(Unmet, match="predict returns another class"):
        gate.agrees(case(), (said + 1) % 4, replace(one, parameters=[*layers, b + added]), x)
    if times == 1:
        gate.agrees(case(), said, replace(one, parameters=[*layers, b + added]), x)


def test_a_draw_between_two_classes_may_go_either_way():
    one = replace(trained(), parameters=[np.zeros((16, 24)), np.zeros(24), np.zeros((24, 4)), np.array([1.0, 1, 0, 0])])
    x = data()[1][0][:3]
    gate.agrees(case(), np.array([0, 1, 0]), one, x)
    with pytest.raises(Unmet, match="1 of 3"):
        gate.agrees(case(), np.array([0, 1, 2]), one, x)


OWN = """
honest = train
def train(model, *a, lr, floor=0.0, load=False, **k):
    if load:
        for p in model.parameters():
            p[...] = np.random.default_rng(3).normal(size=p.shape)
    return honest(model, *a, lr=lr + floor, **k)
"""


@pytest.mark.parametrize(("own", "passes"), [({}, True), ({"floor": 0.01}, True), ({"load": True}, False)])
def test_a_schedule_may_move_a_little_and_other_weights_show(own: dict, passes: bool):
    images, _ = data()
    with LocalPool().student(submission(OWN)) as student:
        model = student.network.MLP(SIZES, student.rng(0))
        some = [array[:100] for array in images]
        if passes:
            gate.moves_little(student, case(), model, some, SETTINGS | own)
        else:
            with pytest.raises(Unmet, match="starts from elsewhere"):
                gate.moves_little(student, case(), model, some, SETTINGS | own)


def test_pictures_speak_of_digits_not_of_renamed_classes():
    one, notes, images = trained(), case(), data()[0]
    gate.pictures(notes, one, images.x_val, images.y_val)
    confusion = notes.stored["confusion"]
    assert confusion.sum() == 300
    assert np.trace(confusion) > 270
    wrong = 300 - int(np.trace(confusion))
    count = min(24, wrong)
    assert notes.stored["mistake_images"].shape == (count, 4, 4)
    assert np.all(notes.stored["mistake_true"] != notes.stored["mistake_said"])
    assert np.all(np.diff(notes.stored["mistake_confidence"]) <= 0)
    largest = np.argsort(-np.linalg.norm(one.parameters[0], axis=0))[:16]
    assert np.allclose(notes.stored["weights"], one.parameters[0][:, largest])
    assert np.allclose(notes.stored["weights_before"], one.start[0][:, largest])
    assert notes.stored["history:val_acc"].shape == (12,)
