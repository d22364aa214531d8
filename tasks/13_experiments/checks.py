"""Experiments: one thing changes, the rest stays; and what a training came to, by the handout's rules."""

from itertools import pairwise
from pathlib import Path

import numpy as np

from grader.checks.api import StudentError, Unmet

from ..toolbox import closed_form, compared_runs, fresh_runs, misjudged, networks, own_runs, stand_in, trainings

PIXELS = 8  #: one of so many is looked at: what is checked shows as well, and nobody waits
SIZES = (784 // PIXELS, 8, 10)
OWN_RUNS, STAND_IN = (Path(module.__file__).read_text("utf-8") for module in (own_runs, stand_in))
RTOL = 1e-3  # of losses: what float32 inside train may leave
LOST, HOPELESS = 1, 1e100  #: rates from which on rounding decides where a training ends, and where it ends in nan


def _digits(case, mnist, count=500, others=150):
    """Images and labels to train on, and others to validate with."""
    given = []
    for name, array, most in zip(mnist._fields, mnist, (count, count, others, others)):
        part, text = (array[:most, ::PIXELS], f"[:{most}, ::{PIXELS}]") if array.ndim > 1 else (array[:most], f"[:{most}]")
        given.append(case.given(name, part, f"data.load_mnist()[{len(given)}]{text}"))
    return given


class _Own:
    """The learner's own train, on networks from the check's seed."""

    def __init__(self, student, case, data):
        self.student, self.case, self.data = student, case, data
        case.given("own_runs", own_runs, "from tasks.toolbox import own_runs")
        given = student.made("curves, used", "own_runs.curves, own_runs.used", OWN_RUNS, lambda: None)
        self._curves, self._used = given
        self._train, self._network = student.train.train, student.network.MLP

    def runs(self, runs, names=trainings.CURVES):
        """The curves for each (epochs, batch_size, lr), and the state of network and generator that it began from."""
        settings = [dict(zip(("epochs", "batch_size", "lr"), run)) for run in runs]
        return self._curves(self._train, self._network, self.data, self.case.seed, names, settings, sizes=SIZES)

    def expect_used(self, runs, made, agrees, function, **named):
        """What a function returns comes from train. If not, a train that says the same of every run, and experiments that say
        so too, would agree with each other.

        With curves of the check's own in the place of train the function has to return those. One that calls no train of that
        name, or looks at the trained network, passes with a train that does what gradient descent by hand does.
        Asked last: any other mistake is told first.

        runs   : (epochs, batch_size, lr) of each
        made   : what `runs` gave for them
        agrees : whether what the function returned is right, given (epochs, batch_size, lr) -> curves
        """
        student, case = self.student, self.case
        invented, calls = {run: self._invented(*run) for run in runs}, []

        def answer(state, *run):
            if not all(isinstance(part, int | float | np.number) for part in run) or run not in invented:
                return []
            calls.append((run, state))
            case.require(len(calls) <= len(runs), "Each run should train once.", "The function called train again.")
            return [*invented[run].values()]

        case.given("stand_in", stand_in, "from tasks.toolbox import stand_in")
        (calling,) = student.made("calling", "stand_in.calling", STAND_IN, answer, self._train, self._used)
        try:
            given = calling(function, SIZES, *self.data, **named, seed=case.seed)
            if _same_states(calls, dict(zip(runs, (state for _, state in made)))) and agrees(given, invented):
                return
        except (StudentError, Unmet):  # of a function that does more with a history than to hand it on
            if not student.alive:
                raise
        for run, each in zip(runs, made, strict=True):
            _expect_descent(case, run, each, self.data)

    def _invented(self, epochs, _batch_size, lr):
        """Curves that nobody has trained, with an end like that of a training at this rate."""
        curves = {name: self.case.rng.uniform(0.1, 0.9, epochs).tolist() for name in trainings.CURVES}
        return curves if lr < HOPELESS else curves | {"val_loss": [*curves["val_loss"][:-1], np.nan]}


def _same_states(calls, began):
    """Whether train was called once for each run, from the state that the run has to begin from."""
    same = (len(state) == len(began[run]) and all(map(np.array_equal, state, began[run])) for run, state in calls if run in began)
    return sorted(run for run, _ in calls) == sorted(began) and all(same)


def _expect_descent(case, run, made, data):
    """With all rows in one batch, val_loss is that of gradient descent by hand.

    run  : (epochs, batch_size, lr); a rate at which training is lost has nothing to agree with
    made : the curves, and the state before
    """
    (epochs, batch_size, lr), (curves, (*start, _)) = run, made
    rows, parameters, expected = len(data[0]), networks.as_vectors(start), []
    if batch_size < rows or lr > LOST:
        return
    shapes = [(n, m) if k else (m,) for n, m in pairwise(SIZES) for k in (1, 0)]
    trainings.same_shapes(case, parameters, [np.empty(shape) for shape in shapes], "Before training")
    for _ in range(epochs):
        parameters = closed_form.descend(parameters, *data[:2], lr)
        expected.append(closed_form.evaluate(parameters, *data[2:])[0])
    given = curves["val_loss"]
    should = f"With all {rows} rows in one batch and lr {lr:g}, the val_loss of your train should be that of gradient descent."
    same = len(given) == epochs and np.allclose(given, expected, rtol=RTOL)
    shown = [[float(f"{value:.4g}") for value in values[:4]] for values in (given, expected)]
    case.require(same, should, f"It begins {shown[0]}; by hand, from the same network, it is {shown[1]}.")


def _runs(student, case, data, sizes, **settings):
    """What compare_batch_sizes returned, as (batch_size, updates, curves)."""
    compare = student.experiments.compare_batch_sizes
    return _rows(student, case, compare(SIZES, *data, batch_sizes=sizes, lr=0.1, seed=case.seed, **settings), sizes)


def _rows(student, case, value, sizes):
    given = _list(student, value)
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
    return [part.item() if isinstance(part, np.ndarray) and not part.ndim else part for part in parts]  # np.array(2.3) is 2.3


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


def _expect_used_by_comparison(student, case, own, runs, made, **settings):
    """compare_batch_sizes returns what train returned."""
    sizes = [size for _, size, _ in runs]

    def agrees(value, invented):
        rows = zip(_rows(student, case, value, sizes), invented.values(), strict=True)
        return all(np.allclose(history[name], curves[name], rtol=RTOL) for (*_, history), curves in rows for name in curves)

    compare = student.experiments.compare_batch_sizes
    own.expect_used(runs, made, agrees, compare, batch_sizes=sizes, lr=0.1, **settings)


def check_compare_at_equal_epochs(student, case, mnist):
    """With epochs=n, every batch size trains a new network from the same seed for n epochs."""
    data, sizes = _digits(case, mnist), [500, 64, 1000]
    rows = len(data[0])  # a rehearsal has fewer
    given = _runs(student, case, data, sizes, epochs=2)
    own, runs = _Own(student, case, data), [(2, size, 0.1) for size in sizes]
    made = own.runs(runs)
    for (size, updates, history), (theirs, _) in zip(given, made, strict=True):
        _expect_own(case, history, theirs, f"With batch_size {size} and epochs=2")
        expected = 2 * -(-rows // size)
        should = f"Two epochs of {rows} images in batches of {size} are {expected} updates."
        case.require(_equal([updates], [expected]), should, f"compare_batch_sizes counted {updates}.")
    _expect_used_by_comparison(student, case, own, runs, made, epochs=2)


def check_compare_at_equal_updates(student, case, mnist):
    """With updates=n, every run takes the fewest whole epochs with at least n updates, and returns how many it made."""
    data = _digits(case, mnist)
    own = _Own(student, case, data)
    for asked, sizes in ((9, [250, 150]), (8, [250]), (3, [500])):
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
        runs = [(len(history["train_loss"]), size, 0.1) for size, _, history in given]
        made = own.runs(runs)
        for (size, _, history), (theirs, _) in zip(given, made, strict=True):
            _expect_own(case, history, theirs, f"With batch_size {size} and updates={asked}")
        _expect_used_by_comparison(student, case, own, runs, made, updates=asked)


def _ranked(student, case, data, own, rates, epochs, batch_size):
    """What find_learning_rate returned, as (lr, val_loss), and what the learner's own train gives for each rate."""
    settings = {"epochs": epochs, "batch_size": batch_size, "seed": case.seed}
    pairs = _pairs(student, case, student.experiments.find_learning_rate(SIZES, *data, rates=rates, **settings), rates)
    return pairs, own.runs([(epochs, batch_size, lr) for lr in rates], ["val_loss"])


def _pairs(student, case, value, rates):
    should = "find_learning_rate should return one (lr, val_loss) for each rate."
    pairs = [_items(student, case, item, 2, should) for item in _list(student, value)]
    known = all(isinstance(value, int | float | np.number) for pair in pairs for value in pair)
    right = known and sorted(float(lr) for lr, _ in pairs) == sorted(rates)
    case.require(right, should, f"For the rates {rates} it returned {pairs[:6]}.")
    return [(float(lr), float(loss)) for lr, loss in pairs]


def _ends(rates, made):
    return {lr: run["val_loss"][-1] for lr, (run, _) in zip(rates, made, strict=True)}


def _expect_used_by_search(student, case, own, rates, made, epochs, batch_size):
    """find_learning_rate ranks by what train returned."""

    def agrees(value, invented):
        pairs = sorted(
            ((lr, curves["val_loss"][-1]) for (*_, lr), curves in invented.items()), key=lambda pair: (np.isnan(pair[1]), pair[1])
        )
        return np.allclose(_pairs(student, case, value, rates), pairs, rtol=RTOL, equal_nan=True)

    runs, find = [(epochs, batch_size, lr) for lr in rates], student.experiments.find_learning_rate
    own.expect_used(runs, made, agrees, find, rates=rates, epochs=epochs, batch_size=batch_size)


def _uneven(own, lr, batch_size):
    """A number of epochs after which the last is not the best one, if one of a few is such."""
    ((curves, _),) = own.runs([(5, batch_size, lr)], ["val_loss"])
    losses = curves["val_loss"]
    return next((k for k in range(2, 6) if losses[k - 1] > 1.01 * min(losses[:k])), 2)


def check_learning_rate_is_ranked_by_validation_loss(student, case, mnist):
    """Each rate trains a new network from the same seed; the rate with the smallest last val_loss comes first."""
    data = _digits(case, mnist, 150)
    own = _Own(student, case, data)
    for rates, epochs, batch_size in (([0.01, 2.0, 0.0001, 0.1], _uneven(own, 2.0, 50), 50), ([0.05, 0.5], 2, 150)):
        pairs, made = _ranked(student, case, data, own, rates, epochs, batch_size)
        ends = _ends(rates, made)
        for lr, loss in pairs:
            should = f"For lr {lr:g}, val_loss should be the last that your train gives a network from the same seed."
            close = abs(loss - ends[lr]) <= RTOL * abs(ends[lr]) < np.inf
            case.require(close, should, f"It is {loss:.6g}; that of your train is {ends[lr]:.6g}.")
        best = sorted(ends, key=ends.__getitem__)
        said = [lr for lr, _ in pairs]
        losses = ", ".join(f"{lr:g}: {ends[lr]:.3f}" for lr in best)
        case.require(said == best, f"The rates by their last val_loss: {losses}.", f"The order returned is {said}.")
        _expect_used_by_search(student, case, own, rates, made, epochs, batch_size)


def check_learning_rate_puts_nan_last(student, case, mnist):
    """A rate whose training ends in nan or inf comes last, wherever it was in the list."""
    data = _digits(case, mnist, 100, 20)
    own = _Own(student, case, data)
    for rates in ([0.1, 1e200, 0.001, 0.03], [1e200, 0.03, 0.2]):
        pairs, made = _ranked(student, case, data, own, rates, 2, 100)
        ends = _ends(rates, made)
        finite = sorted((lr for lr in rates if np.isfinite(ends[lr])), key=ends.__getitem__)
        said = [lr for lr, _ in pairs]
        should = f"With rates {rates} the order should be {finite}, and then the rates that ended in nan."
        case.require(said[: len(finite)] == finite, should, f"The order returned is {said}.")
        unmasked = [loss for lr, loss in pairs if not np.isfinite(ends[lr]) and np.isfinite(loss)]
        gave = f"Your train ends in nan there; the val_loss returned is {unmasked[:1]}."
        case.require(not unmasked, "A val_loss of nan should stay one.", gave)
        _expect_used_by_search(student, case, own, rates, made, 2, 100)


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
    _judge(student, case, misjudged.called_otherwise(student, case, "check_diagnose_tells_failures"))


def check_diagnose_tells_how_it_fits(student, case, mnist):
    """diagnose tells overfitting, underfitting and healthy trainings apart, by both accuracies and their gap."""
    words = (fresh_runs.HEALTHY, fresh_runs.OVER, fresh_runs.UNDER)
    _judge(student, case, fresh_runs.sample(case.seed, mnist, words))
    _judge(student, case, misjudged.called_otherwise(student, case, "check_diagnose_tells_how_it_fits"))


def explain_diagnose(student, case, failed):
    """What diagnose says of histories that nobody trained tells which rule it does not keep."""
    return misjudged.of_checks(student, case, failed)


def explain_batch_sizes(student, case, failed):
    """Which slip leads to what compare_batch_sizes returns, if the learner's own train is made to go as it goes."""
    return compared_runs.of_batch_sizes(student, case, failed)


def explain_learning_rates(student, case, failed):
    """Which slip leads to what find_learning_rate returns, in the same way."""
    return compared_runs.of_learning_rates(student, case, failed)
