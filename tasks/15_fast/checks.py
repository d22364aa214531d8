"""A faster training: the same parameters and curves as by hand, and what a step of it does, counted and not timed."""

import contextlib

import numpy as np

from grader.checks.api import Unmet

from ..toolbox import closed_form, counted, networks, trainings

SETTINGS = {"epochs": 1, "batch_size": 2, "lr": 0.2}


def _trained(student, case, start, data, seed=None, **settings):
    """Where the parameters of a network that held `start` are after train_fast, and what it returned."""
    case.start_new_example(student)
    model = networks.holding(student, case, start)
    rng = student.rng(case.seed if seed is None else seed)
    networks.read_soon(student, (model, len(start) // 2, "W", "b"))
    result = student.fast.train_fast(model, *data, rng=rng, **settings)
    end = networks.parameters_of(student, model)
    trainings.same_shapes(case, end, start, "After training")
    return end, trainings.history(student, case, result)


def _judge(student, case, memo, judge):
    """Judge the counts that another check took, for no number that is drawn changes them; and its own, before it fails."""
    train, _ = student.fast.train_fast, student.network.MLP  # named in each check: known counts rest on both modules, too
    if known := memo("counts", list):
        with contextlib.suppress(Unmet):
            return judge(*known)
    known[:] = [counted.steps_of(student, case, train)]
    judge(*known)


def check_train_fast_ends_where_train_ends(student, case):
    """train_fast changes the parameters as gradient descent by hand does, batch after batch, and returns the same curves."""
    for sizes, rows in (((4, 6, 3), 6), ((5, 4), 3), ((3, 5, 4, 4), 7)):
        x, y, start = case.normal("x", rows, sizes[0]), case.labels("y", rows, sizes[-1]), networks.draw(case, sizes)
        if rows == 7:  # whoever leaves out what is 0 in a whole batch, has to do it right
            x = case.given("x", x * [0, 1, 1])
        x_val, y_val = case.normal("x_val", 4, sizes[0]), case.labels("y_val", 4, sizes[-1])
        end, curves = _trained(student, case, start, (x, y, x_val, y_val), epochs=3, batch_size=rows, lr=0.3)
        expected = [start]
        for _ in range(3):
            expected.append(closed_form.descend(expected[-1], x, y, 0.3))
        trainings.expect_moved(case, end, expected[-1], start, "After three epochs with one batch each, lr = 0.3")
        for epoch in range(3):
            before_or_after = [closed_form.evaluate(parameters, x, y) for parameters in expected[epoch : epoch + 2]]
            trainings.expect_curve(case, curves, "train", before_or_after, epochs=3, epoch=epoch)
            validated = [closed_form.evaluate(expected[epoch + 1], x_val, y_val)]
            trainings.expect_curve(case, curves, "val", validated, epochs=3, epoch=epoch)
    _goes_through_batches(student, case)


def _goes_through_batches(student, case):
    """Five rows in twos: any order of the rows will do, if it comes from the rng."""
    sizes = (4, 6, 3)
    start, x, y = networks.draw(case, sizes), case.normal("x", 5, sizes[0]), case.labels("y", 5, sizes[-1])
    x = case.given("x", x * [[0, 0, 1, 1], [1, 0, 0, 1], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]])
    possible = closed_form.epochs_possible(start, x, y, 2, 0.2)
    seeds = range(case.seed, case.seed + 4)
    ends = [_trained(student, case, start, (x, y, x, y), seed, **SETTINGS)[0] for seed in seeds]
    for end in ends:
        _, off = trainings.nearest(end, possible, start)
        should = "After an epoch of five rows in batches of two the parameters should be one of 30 results, as in stage 10."
        gave = f"They are none of these; they are off by at least {trainings.share_of_the_way(off)}."
        lost = not off <= trainings.MOVED  # nan is no place either
        looks_like = trainings.odd_epoch(end, start, (x, y), 2, 0.2) if lost else ""
        case.require(not lost, should, gave, looks_like)
    apart = max(trainings.distance(end, ends[0], start) for end in ends)
    should = "Different seeds should give different batches, and so different parameters."
    case.require(apart > trainings.MOVED, should, "The parameters are the same for four different seeds.")
    still, curves = _trained(student, case, start, (x, y, x, y), epochs=2, batch_size=2, lr=0.0)
    for name, was, now in zip(networks.names(len(start)), start, still):
        case.expect(now, was, f"{name} after training with lr = 0", should="what it was", rtol=1e-6)
    allowed = trainings.running_means(start, x, y, 2)
    trainings.expect_curve(case, curves, "train", allowed, epochs=2)


def check_train_fast_makes_no_product_in_vain(student, case, memo):
    """Matrix products make no more multiplications than a step needs, and all else computes 0.8 of what train computes."""
    _judge(student, case, memo, lambda counts: _makes_no_product_in_vain(case, counts))


def _makes_no_product_in_vain(case, counts):
    made, needed = counts.total("multiplications"), counted.needed()
    amount = counted.amount_of("multiplications", needed)
    should = f"A step of {counted.BATCH} rows needs {amount}: forward, dW of every layer, dx of all but the first."
    gave = f"It makes {counted.amount_of('multiplications', made)}. Most of them: {counts.most('multiplications')}."
    images = counts.where("multiplications", counted.IMAGES)
    looks_like = f"{images[0].line} computes a gradient of the shape of the images." if images else ""
    case.require(made <= counted.MUCH * needed, should, gave, looks_like)
    counted.expect_at_most(case, counts, "entries", "compute, beside matrix products,")


def check_train_fast_allocates_little(student, case, memo):
    """A step allocates at most a tenth of the bytes that it allocates in train."""
    _judge(student, case, memo, lambda counts: counted.expect_at_most(case, counts, "allocated", "allocate"))


def check_train_fast_makes_few_calls(student, case, memo):
    """A step makes at most 0.7 of the array calls that it makes in train."""
    _judge(student, case, memo, lambda counts: _makes_few_calls(case, counts))


def _makes_few_calls(case, counts):
    counted.expect_at_most(case, counts, "calls", "make")
    shares = (f"{counts.total(q) / counted.TRAIN[q]:.2f} of its {words}" for q, words in counted.WORDS.items())
    case.note(f"Stage 15: beside train, a step makes {', '.join(shares)}. Counted beside your code: a badge, not a proof.")


def explain_counts(student, case, failed, heard):
    """Which of the known reasons is in the counts: in those that the checks heard, which are all the same."""
    failed = failed - {"check_train_fast_ends_where_train_ends"}
    if not failed:
        return {}
    notes = next(filter(None, (counted.heard(heard[check][1]) for check in failed)), None)
    counts = counted.read(student, notes) if notes else counted.steps_of(student, case, student.fast.train_fast)
    return counted.reasons(counts, failed)


def explain_train_fast(student, case, failed):
    """Parameters that are what they were, while train_loss falls, are those of a model that nothing was written into.

    Where five rows in twos end says what became of the fifth, whatever the curves are.
    """
    check, sizes = "check_train_fast_ends_where_train_ends", (4, 6, 3)
    if check not in failed:
        return {}
    start, x, y = networks.draw(case, sizes), case.normal("x", 6, sizes[0]), case.labels("y", 6, sizes[-1])
    end, curves = _trained(student, case, start, (x, y, x, y), epochs=3, batch_size=6, lr=0.3)
    if all(np.array_equal(a, b) for a, b in zip(start, end)):
        return {check: ("leaves_the_model_alone", "")} if np.all(np.diff(curves["train_loss"]) < 0) else {}
    x, y = x[:5], y[:5]
    end, _ = _trained(student, case, start, (x, y, x, y), **SETTINGS)
    seen = trainings.odd_epoch(end, start, (x, y), 2, 0.2)
    names = [name for words, name in _FIFTH_ROW.items() if words in seen]
    return {check: (names[0], "")} if names else {}


_FIFTH_ROW = {"leaving out": "leaves_out_the_short_batch", "dividing": "divides_by_the_batch_size"}
