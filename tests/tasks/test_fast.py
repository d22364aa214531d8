"""Stage 15: what is counted is what is done, on every machine and at every load, and a training that does nothing is no fast one."""

import msgspec
import numpy as np
import pytest

from grader.checks.case import Case
from grader.checks.compare import Unmet
from grader.course.misconceptions import load
from grader.course.stage import load_stage
from grader.paths import REFERENCE, TASKS
from grader.running.context import Context
from grader.running.runner import execute, load_checks
from grader.submission import read_submission
from grader.worker.bounds import USUAL
from grader.worker.outside.local import LocalChannel, LocalPool
from reference.fast import train_fast
from reference.network import MLP
from reference.train import train
from tests.courses import with_stages
from tests.tasks.toolbox import counted, counting

STAGE = "15_fast"
ANSWER = read_submission(REFERENCE)


def counts(submission, module="fast", name="train_fast"):
    case = Case(0, STAGE, "count")
    with LocalPool().student(submission, USUAL, case.describe) as student:
        return counted.steps_of(student, case, getattr(getattr(student, module), name))


def with_fast(old, new):
    assert ANSWER.modules["fast"].count(old) == 1, old
    return ANSWER.replaced({"fast": ANSWER.modules["fast"].replace(old, new)})


@pytest.fixture(scope="module")
def reference():
    return counts(ANSWER)


def test_the_reference_of_the_badge_is_what_train_needs():
    found = counts(ANSWER, "train", "train")
    assert {quantity: found.total(quantity) for quantity in counted.TRAIN} == counted.TRAIN


def test_the_reference_has_the_badge_with_room(reference):
    assert counted.needed() == counted.STEPS * 64 * 227_200
    assert counted.needed() <= reference.total("multiplications") < 1.01 * counted.needed()
    for quantity, share in counted.MOST.items():
        assert reference.total(quantity) < 0.95 * share * counted.TRAIN[quantity], quantity


def test_counts_are_the_same_every_time(reference):
    assert all(counts(ANSWER) == reference for _ in range(3))


@pytest.mark.parametrize("settings", [{"batch_size": 7}, {"batch_size": 64}, {"batch_size": 500, "lr_decay": 0.5}], ids=str)
@pytest.mark.parametrize(("sizes", "dtype"), [((9, 4), np.float64), ((9, 8, 6, 4), np.float32)])
def test_train_fast_ends_where_train_ends(sizes, dtype, settings):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(100, sizes[0])).astype(np.float32), rng.integers(0, 4, 100)
    ends = []
    for function in (train, train_fast):
        rng = np.random.default_rng(1)
        model = MLP(sizes, rng, dtype=dtype)
        history = function(model, x, y, x[:10], y[:10], epochs=3, lr=0.1, rng=rng, **settings)
        ends.append([*model.parameters(), *history.values()])
        assert all(p.dtype == dtype for p in model.parameters())
    for a, b in zip(*ends):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-9 if dtype is np.float64 else 1e-5)


def test_pixels_that_are_0_in_a_whole_batch_make_no_product_and_change_nothing():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(44, 30)) * (rng.random((44, 30)) < 0.1), rng.integers(0, 4, 44)
    x[::2], x[:, 7] = 0, 0
    ends, made = [], []
    for function in (train, train_fast):
        rng = np.random.default_rng(1)
        model = MLP((30, 8, 4), rng, dtype=np.float64)
        notes = counting.count(
            function, model, (x, y, x, y), [(44, 3, 1)], batch_size=4, lr=0.1, rng=rng
        )  # some batches are all 0
        made.append(sum(multiplications for *_, multiplications, _, _ in notes))
        ends.append([np.asarray(parameter) for parameter in model.parameters()])
    for a, b in zip(*ends):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)
    assert made[1] < made[0] / 2


def noted(function):
    """What the operations of a function on (4, 3) and (3, 2) come to: calls, multiplications, entries, bytes."""
    counting._notes.clear()
    a, b = np.ones((4, 3)).view(counting.Counting), np.ones((3, 2)).view(counting.Counting)
    function(a, b)
    return np.sum([[0] * 4, *counting._notes.values()], axis=0).tolist()


OUT = np.empty((4, 2))
OPERATIONS = {
    "a view costs nothing": (lambda a, b: a[1:].T.reshape(-1), [1, 0, 9, 72]),  # but for a reshape that has to copy
    "a transposed view": (lambda a, b: a.T[:2, None], [0, 0, 0, 0]),
    "@": (lambda a, b: a @ b, [1, 24, 0, 64]),
    "np.matmul with out": (lambda a, b: np.matmul(a, b, out=OUT), [1, 24, 0, 0]),
    "np.dot": (lambda a, b: np.dot(a, b), [1, 24, 0, 64]),
    "a.dot": (lambda a, b: a.dot(b), [1, 24, 0, 64]),
    "np.einsum": (lambda a, b: np.einsum("ni,io->no", a, b), [1, 24, 0, 64]),
    "np.einsum of one array": (lambda a, b: np.einsum("ni->i", a), [1, 0, 12, 24]),
    "np.einsum in the other notation": (lambda a, b: np.einsum(a, [0, 1], b, [1, 2]), [1, 24, 0, 64]),
    "np.tensordot": (lambda a, b: np.tensordot(a, b, 1), [1, 24, 0, 64]),
    "np.outer": (lambda a, b: np.outer(a[0], b[0]), [1, 6, 0, 48]),
    "a plain array and a counting one": (lambda a, b: np.ones((5, 4)) @ a, [1, 60, 0, 120]),
    "in place": (lambda a, b: a.__iadd__(1.0), [1, 0, 12, 0]),
    "an expression": (lambda a, b: 2 * a + 1, [2, 0, 24, 192]),
    "np.sum": (lambda a, b: np.sum(a, axis=0), [1, 0, 12, 24]),
    "a.sum": (lambda a, b: a.sum(axis=0), [1, 0, 12, 24]),
    "a.mean": (lambda a, b: a.mean(), [1, 0, 12, 0]),
    "np.add.reduce": (lambda a, b: np.add.reduce(a), [1, 0, 12, 24]),
    "rows": (lambda a, b: a[[0, 1]], [1, 0, 6, 48]),
    "np.take with out": (lambda a, b: np.take(a, [0, 1], axis=0, out=np.empty((2, 3))), [1, 0, 6, 0]),
    "writing rows": (lambda a, b: a.__setitem__([0, 1], 0), [1, 0, 6, 0]),
    "a.astype": (lambda a, b: a.astype(np.float32), [1, 0, 12, 48]),
    "a.astype without a copy": (lambda a, b: a.astype(np.float64, copy=False), [0, 0, 0, 0]),
    "np.concatenate": (lambda a, b: np.concatenate([a, a]), [1, 0, 24, 192]),
    "a shape": (lambda a, b: np.shape(a), [0, 0, 0, 0]),
}


@pytest.mark.parametrize("words", OPERATIONS)
def test_an_operation_is_counted_for_what_it_does(words):
    function, expected = OPERATIONS[words]
    assert noted(function) == expected


def test_adding_to_a_view_is_one_call():
    def add(a, _):
        a[1:] += 1

    assert noted(add) == [1, 0, 9, 0]


SLOWER = {
    "np.empty_like(W) for W in weights": ("np.asarray(np.empty_like(W)) for W in weights", "calls", 0),
    'np.take(images, order[batch], axis=0, out=inputs[0], mode="clip")': (
        "inputs[0] = images[order[batch]]",
        "allocated",
        401_408,
    ),
    "W -= step": ("W[...] = W - 1.0 * step", "calls", 1),
}


@pytest.mark.parametrize("old", SLOWER)
def test_a_slower_step_costs_what_it_does_more(reference, old):
    new, quantity, more = SLOWER[old]
    assert counts(with_fast(old, new)).total(quantity) - reference.total(quantity) == more * counted.STEPS


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import numpy as np\n\nfrom .losses", "import numpy as np\nfrom numpy import empty, ones\n\nfrom .losses"),
        ("    parameters, n = [*model", "    from numpy import matmul\n    parameters, n = [*model"),
    ],
)
def test_names_do_not_matter(reference, old, new):
    changed = with_fast(old, new)
    text = changed.modules["fast"].replace("np.empty(", "empty(").replace("np.ones(", "ones(") if "empty" in new else None
    changed = changed.replaced({"fast": text}) if text else changed
    assert all(counts(changed).total(quantity) == reference.total(quantity) for quantity in counted.TRAIN)


def test_a_training_that_does_not_train_is_not_fast():
    lazy = with_fast("    for _ in range(epochs):\n        order", "    for _ in range(0):\n        order")
    with pytest.raises(Unmet, match="It makes 0: what it computes is not all that a step needs"):
        counts(lazy)


def test_counts_that_are_none_say_so():
    forged = with_fast(
        "    parameters, n = [*model",
        "    import sys\n    sys._getframe(1).f_globals['_notes'][0, 0, ()] = [epochs * len(x_train)] * 4\n    parameters, n = [*model",
    )
    with pytest.raises(Unmet, match="something has changed them"):
        counts(forged)


def test_numpy_is_itself_again_afterwards(reference):
    assert type(np.empty(2)) is np.ndarray
    import reference.fast

    assert reference.fast.np is np


def test_each_reason_is_a_known_mistake():
    known = {m.name for m in load(TASKS / STAGE)}
    assert {name for _, name, *_ in counted._REASONS} | {"goes_through_the_rows"} <= known


ALL = {f"check_train_fast_{does}" for does in ("makes_no_product_in_vain", "allocates_little", "makes_few_calls")}
TAKE = 'np.take(images, order[batch], axis=0, out=inputs[0], mode="clip")'
REASONS = {
    "nothing": ("W -= step", "W -= step", set()),
    "a copy of a copy": (TAKE, "inputs[0][...] = images[order[batch]]", {"copies_the_batch_twice", "makes_new_batches"}),
    "lr times the largest": ("W -= step", "W -= 1.0 * step", {"multiplies_every_gradient", "makes_new_gradients"}),
    "row after row": (TAKE, "for k, row in enumerate(order[batch]): inputs[0][k] = images[row]", {"goes_through_the_rows"}),
}


@pytest.mark.parametrize("words", REASONS)
def test_a_reason_is_named_where_it_is_seen(words):
    old, new, expected = REASONS[words]
    assert {name for name, _ in counted.reasons(counts(with_fast(old, new)), ALL).values()} == expected


def executed(submission, monkeypatch, together=True):
    """The checks that count: what came of each, what it heard, and how many trainings they counted."""
    stage, exchanged, trainings = msgspec.structs.replace(load_stage(TASKS / STAGE), needs=()), LocalChannel._message, []
    noted = lambda channel, asked, callbacks: trainings.extend(asked[:1]) or exchanged(channel, asked, callbacks)  # noqa: E731
    with monkeypatch.context() as patch:
        patch.setattr(LocalChannel, "_message", noted)
        context = Context(with_stages([stage]), submission, LocalPool())
        results = []
        for check in (check for check in stage.checks if check.id in ALL):
            context = context if together else Context(with_stages([stage]), submission, LocalPool())
            result = execute(check, load_checks(stage)[check.id], context)
            heard = context.state.transcripts.get((STAGE, check.id), [])
            results.append((msgspec.structs.replace(result, seconds=0.0), [step.text for step in heard]))
        return results, trainings.count("made")


def test_what_passes_is_counted_once_for_all_checks(monkeypatch):
    together, trainings = executed(ANSWER, monkeypatch)
    assert ([result.state for result, _ in together], trainings) == (["pass"] * 3, 1)
    assert (together, 3) == executed(ANSWER, monkeypatch, together=False)


@pytest.mark.parametrize(
    ("new", "states", "counted_trainings"),
    [
        ("inputs[0] = images[order[batch]]", ["pass", "fail", "pass"], 2),
        ("for k, row in enumerate(order[batch]): inputs[0][k] = images[row]", ["pass", "pass", "fail"], 2),
        ("1 / 0", ["fail", "fail", "fail"], 3),
        ("raise SystemExit", ["fail", "fail", "fail"], 3),
    ],
)
def test_what_fails_was_counted_in_its_own_check(new, states, counted_trainings, monkeypatch):
    slow = with_fast(TAKE, new)
    together, trainings = executed(slow, monkeypatch)
    assert ([result.state for result, _ in together], trainings) == (states, counted_trainings)
    assert (together, 3) == executed(slow, monkeypatch, together=False)
    assert all(any("count(" in step for step in heard) for result, heard in together if result.state == "fail")
