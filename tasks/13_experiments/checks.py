"""Experiments: one thing changes, the rest stays; and what a training came to, by the handout's rules."""

from pathlib import Path

import numpy as np

from ..toolbox import compared_runs, fresh_runs, misjudged, own_runs, trainings

PIXELS = 8  #: one of so many is looked at: what is checked shows as well, and nobody waits
SIZES = (784 // PIXELS, 8, 10)
OWN_RUNS = Path(own_runs.__file__).read_text("utf-8")
RTOL = 1e-3  # of losses: what float32 inside train may leave


def _digits(case, mnist, count=500, others=150):
    """Images and labels to train on, and others to validate with."""
    given = []
    for name, array, most in zip(mnist._fields, mnist, (count, count, others, others)):
        part, text = (array[:most, ::PIXELS], f"[:{most}, ::{PIXELS}]") if array.ndim > 1 else (array[:most], f"[:{most}]")
        given.append(case.given(name, part, f"data.load_mnist()[{len(given)}]{text}"))
    return given


def _own(student, case, data):
    """What gives, for each (epochs, batch_size, lr), the curves of the learner's own train on a network from the check's seed."""
    case.given("own_runs", own_runs, "from tasks.toolbox import own_runs")
    (curves,) = student.made("curves", "own_runs.curves", OWN_RUNS, lambda: None)
    train, network = student.train.train, student.network.MLP

    def own(runs, names=trainings.CURVES):
        settings = [dict(zip(("epochs", "batch_size", "lr"), run)) for run in runs]
        return curves(train, network, data, case.seed, names, settings, sizes=SIZES)

    return own


def _runs(student, case, data, sizes, **settings):
    """What compare_batch_sizes returned, as (batch_size, updates, curves)."""
    compare = student.experiments.compare_batch_sizes
    given = _list(student, compare(SIZES, *data, batch_sizes=sizes, lr=0.1, seed=case.seed, **settings))
    should = "compare_batch_sizes should return one (batch_size, updates, history) for each batch size, in their order."
    case.require(len(given) == len(sizes), should, f"For {len(sizes)} batch sizes it returned {len(given)} items.")
    runs = [_items(student, case, item, 3, should) for item in given]
    said = [size for size, *_ in runs]
    case.require(_equal(said, sizes), should, f"For {sizes} the batch sizes in it are {said}.")
    return [(size, run[1], trainings.history(student, case, run[2])) for size, run in zip(sizes, runs)]


def _list(student, value):
    """The items of whatever can be gone through."""
    return list(value) if isinstance(value, np.ndarray) and value.ndim else student.take(value)


def _items(student, case, item, count, should):
    parts = _list(student, item)
    case.require(len(parts) == count, should, f"An item of it has {len(parts)} parts.")
    return parts


def _equal(given, expected):
    """Whether these are the same numbers, of whatever type."""
    kinds = all(isinstance(value, int | float | np.number) for value in given)
    return kinds and len(given) == len(expected) and all(g == e for g, e in zip(given, expected))


def _expect_own(case, given, own, whose):
    """A history is that of the learner's own train."""
    for name, curve in own.items():
        should = f"{whose}, history[{name!r}] should be what your train returns for a network from the same seed."
        same = len(curve) == len(given[name]) and np.allclose(given[name], curve, rtol=RTOL, equal_nan=True)
        shown = [[float(f"{value:.4g}") for value in values[:4]] for values in (given[name], curve)]
        case.require(same, should, f"{whose}, history[{name!r}] begins {shown[0]}, that of your train {shown[1]}.")


def check_compare_at_equal_epochs(student, case, mnist):
    """With epochs=n, every batch size trains a new network from the same seed for n epochs."""
    data, sizes = _digits(case, mnist), [500, 64, 1000]
    rows = len(data[0])  # a rehearsal has fewer
    given = _runs(student, case, data, sizes, epochs=2)
    own = _own(student, case, data)([(2, size, 0.1) for size in sizes])
    for (size, updates, history), theirs in zip(given, own, strict=True):
        _expect_own(case, history, theirs, f"With batch_size {size} and epochs=2")
        expected = 2 * -(-rows // size)
        should = f"Two epochs of {rows} images in batches of {size} are {expected} updates."
        case.require(_equal([updates], [expected]), should, f"compare_batch_sizes counted {updates}.")


def check_compare_at_equal_updates(student, case, mnist):
    """With updates=n, every run takes the fewest whole epochs with at least n updates, and returns how many it made."""
    data = _digits(case, mnist)
    own = _own(student, case, data)
    for asked, sizes in ((9, [250, 150]), (8, [250])):
        given = _runs(student, case, data, sizes, updates=asked)
        for size, updates, history in given:
            what, made = f"With batch_size {size} and updates={asked}", len(history["train_loss"])
            in_an_epoch = -(-len(data[0]) // size)
            epochs = -(-asked // in_an_epoch)
            should = (
                f"{what}, {epochs} epoch{'s' * (epochs > 1)} of {in_an_epoch} updates are the fewest that make at least {asked}."
            )
            gave = f"{what}, the run has {made} epochs, and {updates} is returned as its number of updates."
            case.require(made == epochs and _equal([updates], [epochs * in_an_epoch]), should, gave)
        curves = own([(len(history["train_loss"]), size, 0.1) for size, _, history in given])
        for (size, _, history), theirs in zip(given, curves, strict=True):
            _expect_own(case, history, theirs, f"With batch_size {size} and updates={asked}")


def _ranked(student, case, data, own, rates, epochs, batch_size):
    """What find_learning_rate returned, as (lr, val_loss), and what the learner's own train ends at for each rate."""
    settings = {"epochs": epochs, "batch_size": batch_size, "seed": case.seed}
    given = _list(student, student.experiments.find_learning_rate(SIZES, *data, rates=rates, **settings))
    should = "find_learning_rate should return one (lr, val_loss) for each rate."
    pairs = [_items(student, case, item, 2, should) for item in given]
    known = all(isinstance(value, int | float | np.number) for pair in pairs for value in pair)
    right = known and sorted(float(lr) for lr, _ in pairs) == sorted(rates)
    case.require(right, should, f"For the rates {rates} it returned {pairs[:6]}.")
    curves = own([(epochs, batch_size, lr) for lr in rates], ["val_loss"])
    ends = {lr: run["val_loss"][-1] for lr, run in zip(rates, curves, strict=True)}
    return [(float(lr), float(loss)) for lr, loss in pairs], ends


def _uneven(own, lr, batch_size):
    """A number of epochs after which the last is not the best one, if one of a few is such."""
    losses = own([(5, batch_size, lr)], ["val_loss"])[0]["val_loss"]
    return next((k for k in range(2, 6) if losses[k - 1] > 1.01 * min(losses[:k])), 2)


def check_learning_rate_is_ranked_by_validation_loss(student, case, mnist):
    """Each rate trains a new network from the same seed; the rate with the smallest last val_loss comes first."""
    data = _digits(case, mnist, 150)
    own = _own(student, case, data)
    pairs, ends = _ranked(student, case, data, own, [0.01, 2.0, 0.0001, 0.1], _uneven(own, 2.0, 50), 50)
    for lr, loss in pairs:
        should = f"For lr {lr:g}, val_loss should be the last that your train gives a network from the same seed."
        close = abs(loss - ends[lr]) <= RTOL * abs(ends[lr]) < np.inf
        case.require(close, should, f"It is {loss:.6g}; that of your train is {ends[lr]:.6g}.")
    best = sorted(ends, key=ends.__getitem__)
    said = [lr for lr, _ in pairs]
    losses = ", ".join(f"{lr:g}: {ends[lr]:.3f}" for lr in best)
    case.require(said == best, f"The rates by their last val_loss: {losses}.", f"The order returned is {said}.")


def check_learning_rate_puts_nan_last(student, case, mnist):
    """A rate whose training ends in nan or inf comes last, wherever it was in the list."""
    data = _digits(case, mnist, 100, 20)
    own = _own(student, case, data)
    for rates in ([0.1, 1e200, 0.001, 0.03], [1e200, 0.03, 0.2]):
        pairs, ends = _ranked(student, case, data, own, rates, 2, 100)
        finite = sorted((lr for lr in rates if np.isfinite(ends[lr])), key=ends.__getitem__)
        said = [lr for lr, _ in pairs]
        should = f"With rates {rates} the order should be {finite}, and then the rates that ended in nan."
        case.require(said[: len(finite)] == finite, should, f"The order returned is {said}.")
        unmasked = [loss for lr, loss in pairs if not np.isfinite(ends[lr]) and np.isfinite(loss)]
        gave = f"Your train ends in nan there; the val_loss returned is {unmasked[:1]}."
        case.require(not unmasked, "A val_loss of nan should stay one.", gave)


def _judge(student, case, runs):
    """Each run gets the word that the rules give it."""
    for run in runs:
        case.start_new_example(student)
        expected = fresh_runs.verdict(run)
        history = case.given("history", {name: list(curve) for name, curve in run.history.items()})
        said = student.experiments.diagnose(history, run.examples, run.batch_size)
        losses, end = run.history["train_loss"], {name: curve[-1] for name, curve in run.history.items()}
        facts = f"{len(losses)} epochs of {run.examples} images in batches of {run.batch_size}; at the end "
        facts += ", ".join(f"{name} {value:.4g}" for name, value in end.items())
        facts += f"; one epoch earlier train_loss {losses[-2]:.4g}."
        text = repr(said) if isinstance(said, str) else f"a value of type {type(said).__name__}"
        case.require(said == expected, f"By the handout's rules this is {expected!r}: {facts}", f"diagnose said {text}.")


def check_diagnose_tells_failures(student, case, mnist):
    """diagnose finds trainings that diverged or are stuck at chance after 300 updates; after fewer they underfit."""
    words = (fresh_runs.DIVERGED, fresh_runs.FAILURE)
    _judge(student, case, fresh_runs.sample(case.seed, mnist, words, with_twins=True))


def check_diagnose_tells_how_it_fits(student, case, mnist):
    """diagnose tells overfitting, underfitting and healthy trainings apart, by both accuracies and their gap."""
    words = (fresh_runs.HEALTHY, fresh_runs.OVER, fresh_runs.UNDER)
    _judge(student, case, fresh_runs.sample(case.seed, mnist, words))


def explain_diagnose(student, case, failed):
    """What diagnose says of histories that nobody trained tells which rule it does not keep."""
    return misjudged.of_checks(student, case, failed)


def explain_batch_sizes(student, case, failed):
    """Which slip leads to what compare_batch_sizes returns, if the learner's own train is made to go as it goes."""
    return compared_runs.of_batch_sizes(student, case, failed)


def explain_learning_rates(student, case, failed):
    """Which slip leads to what find_learning_rate returns, in the same way."""
    return compared_runs.of_learning_rates(student, case, failed)
