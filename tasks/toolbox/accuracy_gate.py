"""A gate of accuracy: train a learner's network with their own settings, and judge what came out in this process.

Neither weights nor labels that a submission brings along can help it: before training the classes are renamed by a
permutation drawn from the check's seed, and afterwards only the parameters count. They are fetched, and the forward
pass over the hidden images, in random order, is made here.

A training with one seed is one draw from a distribution. A result a little below the bar is therefore repeated with
two more seeds, and the median of the three decides.
"""

import difflib
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from grader.checks.api import CallTimeout, Case, Remote, Student, Unmet, last_epoch, listed

from . import closed_form, networks, training_diagnosis, trainings
from .closed_form import Array, Parameters

ASKED = ("epochs", "batch_size", "lr")
_LARGEST = 1_000_000_000  # beyond any epochs, batch or step; NumPy has no float for every number that Python has
_GIVEN = ("model", "x_train", "y_train", "x_val", "y_val", "rng")


@dataclass(frozen=True)
class Bar:
    """What is asked for, and how much a result may owe to luck.

    asked : share of the hidden images that passes at once
    doubt : from here on a result is repeated with two more seeds
    """

    asked: float
    doubt: float


@dataclass(frozen=True)
class Trained:
    """One training as this process saw it.

    names : the label that each digit had in this training
    hits  : hidden images that the fetched parameters classify as they should
    told  : what a diagnosis is made of, if one may be asked for
    """

    model: Remote
    start: Parameters
    parameters: Parameters
    history: dict[str, list[float]]
    names: Array
    hits: int
    images: int
    told: training_diagnosis.Training | None = None

    @property
    def accuracy(self) -> float:
        return self.hits / self.images


_SHOULD = "train.HYPERPARAMETERS should be a dict with epochs, batch_size, lr and any keywords of your own for train."


def hyperparameters(student: Student, case: Case) -> dict[str, Any]:
    """The submission's `train.HYPERPARAMETERS`: keywords for train, epochs, batch_size and lr among them, rng not.

    raises : Unmet
    """
    settings = _held(student, case)
    missing = [name for name in ASKED if name not in settings]
    case.require(not missing, _SHOULD, f"HYPERPARAMETERS has no {' and no '.join(missing)}.{_meant(missing, settings)}")
    taken = [name for name in _GIVEN if name in settings]
    both = " and ".join(taken)
    should = f"HYPERPARAMETERS should not contain {both}: the grader passes {both} itself."
    case.require(not taken, should, f"HYPERPARAMETERS contains {both}.")
    for name in ASKED:
        _require_a_number(case, f"HYPERPARAMETERS[{name!r}]", settings[name], whole=name != "lr")
    return settings


def _held(student: Student, case: Case) -> dict[str, Any]:
    """Whatever it holds by names."""
    held = student.train.HYPERPARAMETERS
    if isinstance(held, Remote) and student.has(held, "keys"):
        return {key: student.fetch(student.item(held, key)) for key in student.take(held) if isinstance(key, str)}
    case.require(isinstance(held, dict), _SHOULD, f"train.HYPERPARAMETERS is of type {student.kind(held)}.")
    return dict(held)


def _meant(missing: Sequence[str], settings: Mapping[Any, Any]) -> str:
    """Which keys may be misspelt ones."""
    others = [key for key in settings if isinstance(key, str) and key not in ASKED and len(key) <= 20][:20]
    near = [key for name in missing for key in difflib.get_close_matches(name, others, n=1)]
    return f" It has {' and '.join(near)}: is that what is meant?" if near else ""


def _require_a_number(case: Case, what: str, value: Any, whole: bool) -> None:  # noqa: ANN401
    fits = isinstance(value, int | np.integer if whole else int | float | np.integer | np.floating)
    good = fits and not isinstance(value, bool) and 0 < value < _LARGEST
    large = fits and value >= _LARGEST
    wanted = ("a whole number" if whole else "a number") + (f" below {_LARGEST:,}" if large else " above 0")
    case.require(good, f"{what} should be {wanted}.", f"{what} is {reprlib.repr(value) if large else repr(value)}.")


def train(
    student: Student,
    case: Case,
    images: Any,  # noqa: ANN401
    hidden: tuple[Array, Array],
    sizes: Sequence[int],
    settings: Mapping[str, Any],
    seed: int,
) -> Trained:
    """Train a fresh network once, on renamed classes, and count what its parameters get right on the hidden images.

    images : x_train, y_train, x_val, y_val that the submission may see
    hidden : x, y that it may not
    raises : Unmet, StudentError
    """
    names = case.rng.permutation(sizes[-1])
    model = student.network.MLP(tuple(sizes), student.rng(seed))
    start = networks.parameters_of(student, model)
    texts = ["data.load_mnist()[{}]", "data.load_mnist()[{}]  # with the classes renamed"]
    arrays = (images.x_train, names[images.y_train], images.x_val, names[images.y_val])
    data = [case.given(name, of, texts[k % 2].format(k)) for k, (name, of) in enumerate(zip(_GIVEN[1:5], arrays))]
    try:
        result = student.train.train(model, *data, rng=student.rng(seed + 1), **settings)
    except CallTimeout as stopped:
        raise _stopped(stopped, settings) from None
    parameters = networks.parameters_of(student, model)
    shapes = [(n, m) if k else (m,) for n, m in pairwise(sizes) for k in (1, 0)]
    trainings.same_shapes(case, parameters, [np.empty(shape) for shape in shapes], "After training")
    curves = history(student, case, result)
    told = training_diagnosis.Training(settings, len(data[0]), curves, start, parameters, (data[0], data[1]), (data[2], data[3]))
    for name, array in zip(networks.names(len(parameters)), parameters):
        if not np.isfinite(array).all():
            keep_curves(case, curves)
            gave = f"There is nan or inf in {name} after training."
            raise diagnosed(case, told, "The parameters should be finite.", gave, "The steps may be too long.")
    x, y = hidden
    order = case.rng.permutation(len(x))
    said = scores(parameters, x[order]).argmax(axis=1)
    hits = int(np.sum(said == names[y[order]]))
    return Trained(model, start, parameters, curves, names, hits, len(x), told)


def scores(parameters: Parameters, x: Array) -> Array:
    """The logits of many images, a thousand at a time: in float64 all of them together would take much memory."""
    return np.concatenate([closed_form.forward(parameters, x[k : k + 1000]) for k in range(0, len(x), 1000)])


def judge(case: Case, bar: Bar, first: Trained, again: Callable[[int], Trained]) -> list[float]:
    """Whether a training clears the bar; in doubt, the median of three does.

    again   : trains once more: again(1), again(2)
    returns : the accuracies, of one training or of three
    raises  : Unmet
    """
    found = [first.accuracy]
    if bar.doubt <= first.accuracy < bar.asked:
        found += [again(1).accuracy, again(2).accuracy]
    should = f"The trained network should get at least {100 * bar.asked:.1f} % of the hidden images right."
    how = ", with three seeds; the median decides." if len(found) > 1 else "."
    if np.median(found) < bar.asked:
        raise diagnosed(case, first.told, should, f"It gets {percentages(found)} of the hidden images right{how}")
    return found


def diagnosed(
    case: Case, told: training_diagnosis.Training | None, should: str, gave: str, looks_like: str = "", kinds: Sequence[str] = ()
) -> Unmet:
    """What a training lacks; begun with what it came to, if that is plain to see.

    kinds : of findings; all of them if none is given
    """
    found = training_diagnosis.diagnose(told, kinds) if told is not None else None
    if found is None:
        return Unmet(should, gave, looks_like)
    case.note(f"What the training came to: {found.kind}.")
    return Unmet(should, f"{found.sentence} {gave}", found.reasons)


def keep_curves(case: Case, curves: Mapping[str, Sequence[float]]) -> None:
    """Leave the curves behind, which the report draws."""
    for name, curve in curves.items():
        case.evidence(f"history:{name}", np.array(curve))


def percentages(shares: Sequence[float]) -> str:
    """95.90 %, 96.10 % and 95.84 %."""
    return listed([f"{100 * share:.2f} %" for share in shares])


def tell(case: Case, bar: Bar, trained: Trained, images: Any, which: str, usual: str) -> None:  # noqa: ANN401
    """Note the accuracy with its margin, beside what is usual, and how the images that learners have fare."""
    case.evidence("goal", np.array(bar.asked))
    points = 100 * (trained.accuracy - bar.asked)
    side = "above" if points >= 0 else "below"
    case.note(
        f"{100 * trained.accuracy:.2f} % of the {trained.images:,} {which}, "
        f"{abs(points):.2f} points {side} the required {100 * bar.asked:.1f} %; {usual}."
    )
    some = len(images.x_val)  # as many of the one as of the other: for a remark that is enough
    own = _share(trained, images.x_train[:some], images.y_train[:some])
    other = _share(trained, images.x_val, images.y_val)
    case.evidence("measured", np.array(other))
    case.note(
        f"Of {len(images.y_train[:some]):,} of its own training images it gets {100 * own:.2f} %, "
        f"of the {some:,} open validation images {100 * other:.2f} %."
    )


def _share(trained: Trained, x: Array, y: Array) -> float:
    """Share of images that a trained network gets right."""
    return float(np.mean(_nearly(trained, x).argmax(axis=1) == trained.names[y]))


def _nearly(trained: Trained, x: Array) -> Array:
    """The logits of images in the images' own precision: for pictures and remarks that is enough, and soon done."""
    parameters = [p.astype(x.dtype, copy=False) for p in trained.parameters]
    parts = []
    with np.errstate(all="ignore"):
        for k in range(0, len(x), 1000):
            values = x[k : k + 1000]
            for n in range(0, len(parameters), 2):
                values = np.maximum(values, 0) if n else values
                values = values @ parameters[n] + parameters[n + 1]
            parts.append(values)
    return np.concatenate(parts)


def agrees(case: Case, given: object, trained: Trained, x: Array) -> None:
    """predict says what the fetched parameters say; where two classes are as good as equal, either will do.

    raises : Unmet
    """
    logits = scores(trained.parameters, x)
    case.expect_shape(np.asarray(given) if isinstance(given, list) else given, (len(x),), "model.predict(x)")
    rows, said = np.arange(len(x)), np.asarray(given)
    valid = said.dtype.kind in "iu" and np.all((said >= 0) & (said < logits.shape[1]))
    case.require(
        valid, "model.predict(x) should contain class numbers.", f"model.predict(x) contains {np.unique(said)[:12].tolist()}."
    )
    first, second = np.sort(logits, axis=1)[:, :-3:-1].T
    # Not a share of the logits' size: a large number in all classes would make any two of them as good as equal.
    near = 1e-2 * float(np.median(first - second)) + 1e-6 * min(float(np.abs(logits).max()), 1e3)
    differ = int(np.sum(~(first - logits[rows, said] <= near)))  # nan agrees with nothing
    should = "predict should agree with a forward pass through parameters(): Linear, ReLU, ..., Linear, and nothing else."
    case.require(differ == 0, should, f"For {differ} of {len(x)} images predict returns another class.")


def moves_little(student: Student, case: Case, model: Remote, data: Sequence[Array], settings: Mapping[str, Any]) -> None:
    """With the submission's own keywords too, one step of next to no length leaves a network about where it was.

    A schedule may end at a rate of its own, so that "exactly" is not asked here; weights from elsewhere show all the same.

    raises : Unmet, StudentError
    """
    own = {name: value for name, value in settings.items() if name not in ASKED}
    if not own:
        return
    x, y, x_val, y_val = data
    before = networks.parameters_of(student, model)
    tiny = {"epochs": 1, "batch_size": len(x), "lr": 1e-6 * float(settings["lr"])}
    student.train.train(model, x, y, x_val, y_val, rng=student.rng(case.seed), **tiny, **own)
    for name, was, now in zip(networks.names(len(before)), before, networks.parameters_of(student, model)):
        way = float(np.linalg.norm(now - was) / max(float(np.linalg.norm(was)), 1.0))
        should = f"One step with lr = {tiny['lr']:.1g} and your own keywords should leave {name} almost unchanged."
        case.require(way <= 0.1, should, f"{name} has moved by {100 * way:.3g} % of its size.", "Training starts from elsewhere.")


def pictures(case: Case, trained: Trained, x: Array, y: Array) -> None:
    """Leave behind what the report draws: curves, confusion, the surest mistakes, the first layer's weights."""
    keep_curves(case, trained.history)
    logits = _nearly(trained, x)[:, trained.names]  # column d: the score of digit d
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    said = logits.argmax(axis=1)
    confusion = np.zeros((logits.shape[1], logits.shape[1]), dtype=np.int64)
    np.add.at(confusion, (y, said), 1)
    case.evidence("confusion", confusion)
    sure = shares[np.arange(len(y)), said]
    worst = np.flatnonzero(said != y)
    worst = worst[np.argsort(-sure[worst])][:24]
    side = int(np.sqrt(x.shape[1]))
    case.evidence("mistake_images", np.round(x[worst].reshape(-1, side, side) * 255).astype(np.uint8))
    case.evidence("mistake_true", y[worst])
    case.evidence("mistake_said", said[worst])
    case.evidence("mistake_confidence", sure[worst])
    first, last = trained.start[0], trained.parameters[0]
    largest = np.argsort(-np.linalg.norm(last, axis=0), kind="stable")[:16]
    case.evidence("weights", last[:, largest].astype(np.float32))
    case.evidence("weights_before", first[:, largest].astype(np.float32))


def history(student: Student, case: Case, result: object) -> dict[str, list[float]]:
    """The curves, if train returned such; whether it has to is another stage's affair."""
    try:
        return trainings.history(student, case, result)
    except Unmet:
        return {}


def _stopped(stopped: CallTimeout, settings: Mapping[str, Any]) -> CallTimeout:
    """The limit's own words, and how far training had come by what it printed."""
    epoch = last_epoch(stopped.printed + "\n")
    done = f" It last printed of epoch {epoch[0]} of {settings['epochs']}." if epoch else ""
    sentence = (
        f"train(...) with your HYPERPARAMETERS was stopped after {stopped.limit:.3g} s, before it came to an end."
        f"{done} A training that was stopped is not graded: its final accuracy is unknown."
    )
    return CallTimeout(sentence, limit=stopped.limit, printed=stopped.printed, frames=stopped.frames)
