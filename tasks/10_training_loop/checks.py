"""The training loop, judged from outside: by where the parameters end, and by what the history says."""

import numpy as np

from grader.checks.api import FLOAT32_RTOL, Unmet

from ..toolbox import closed_form, networks, trainings

SIZES = (4, 6, 3)


def _data(case, rows, validation=4):
    """x_train, y_train, x_val, y_val, all random: what is learned here is learned by heart."""
    x, y = case.normal("x", rows, SIZES[0]), case.labels("y", rows, SIZES[-1])
    return x, y, case.normal("x_val", validation, SIZES[0]), case.labels("y_val", validation, SIZES[-1])


def _trained(student, case, start, data, seed=None, **settings):
    """Where the parameters of a network that held `start` are after train, and what train returned."""
    case.start_new_example(student)
    model = networks.holding(student, case, start)
    rng = student.rng(case.seed if seed is None else seed)
    networks.read_soon(student, (model, len(start) // 2, "W", "b"))
    result = student.train.train(model, *data, rng=rng, **settings)
    return networks.parameters_of(student, model), result


def _forgetting(case):
    """A training in which the first epoch validates best, so that a best value, or best parameters, kept would show.

    The network starts with `guesses`; the training labels are all others. With `guesses` for validation it can only
    forget, and with this lr it does so gradually.
    """
    start, x = networks.draw(case, SIZES), case.normal("x", 12, SIZES[0])
    guesses = case.given("guesses", closed_form.forward(start, x).argmax(axis=1))
    y = case.given("y", (guesses + 1) % SIZES[-1])
    return start, x, y, guesses, trainings.forgetting_rate(start, x, y, guesses, epochs=8)


def check_accuracy_is_the_share_of_hits(student, case):
    """accuracy is the share of rows whose predicted class equals the label: one float from 0 to 1."""
    model, parameters = networks.filled(student, case, SIZES)
    x, y = case.normal("x", 37, 4), case.labels("y", 37, 3)
    best = closed_form.forward(parameters, x).argmax(axis=1)
    mostly = case.given("mostly_right", np.where(np.arange(37) % 5 > 0, best, (best + 1) % 3))
    for labels in (y, mostly):
        case.sizes(rows=37, inputs=4, classes=3)
        hits = int(np.sum(best == labels))
        should = f"{hits} hits among 37 rows"
        share = student.train.accuracy(model, x, labels)
        case.expect(share, hits / 37, "accuracy(model, x, y)", should=should, rtol=FLOAT32_RTOL)


def check_train_descends_on_the_full_batch(student, case):
    """With all rows in one batch, an epoch is one step of gradient descent on the mean cross-entropy."""
    data, start = _data(case, 6), networks.draw(case, SIZES)
    given, result = _trained(student, case, start, data, epochs=1, batch_size=6, lr=0.5)
    trainings.history(student, case, result)
    expected = closed_form.descend(start, data[0], data[1], 0.5)
    try:
        trainings.expect_moved(case, given, expected, start, "After one epoch with one batch, lr = 0.5")
    except Unmet as unmet:
        unmet.looks_like = trainings.labels_in_another_order(given, start, *data[:2], 0.5) or unmet.looks_like
        raise


def check_train_keeps_descending(student, case):
    """Every epoch continues where the last one stopped, with the given lr."""
    for rows, epochs, lr in ((5, 3, 0.2), (6, 10, 0.05)):
        data, start = _data(case, rows), networks.draw(case, SIZES)
        given, _ = _trained(student, case, start, data, epochs=epochs, batch_size=rows, lr=lr)
        expected = start
        for _ in range(epochs):
            expected = closed_form.descend(expected, data[0], data[1], lr)
        what = f"After {epochs} epochs with one batch each, lr = {lr}"
        trainings.expect_moved(case, given, expected, start, what)


def check_accuracy_counts_every_row(student, case):
    """Every row counts, whether there is one or 150; labels may have any integer type."""
    model, parameters = networks.filled(student, case, SIZES)
    for rows, right in ((1, 1), (3, 0), (150, 22), (150, 150)):
        x = case.normal("x", rows, 4)
        best = closed_form.forward(parameters, x).argmax(axis=1)
        best[: rows - right] = (best[: rows - right] + 1) % 3  # the hits are at the end
        y = case.given("y", best.astype(np.uint8))
        should = f"{right} hits among {rows} rows"
        share = student.train.accuracy(model, x, y)
        case.expect(share, right / rows, "accuracy(model, x, y)", should=should, rtol=FLOAT32_RTOL)


def check_train_steps_once_a_batch(student, case):
    """There is one step per batch: five rows in batches of two make three steps in an epoch."""
    for epochs, outcomes in ((1, 30), (2, 900)):
        data, start = _data(case, 5), networks.draw(case, SIZES)
        given, _ = _trained(student, case, start, data, epochs=epochs, batch_size=2, lr=0.2)
        trainings.same_shapes(case, given, start, "After training")
        possible = closed_form.epochs_possible(start, data[0], data[1], 2, 0.2, epochs)
        _, off = trainings.nearest(given, possible, start)
        when = "one epoch" if epochs == 1 else "two epochs"
        should = f"After {when} the parameters should be one of {outcomes} results, one for each way of batching."
        gave = f"After {when} the parameters are none of the {outcomes} possible results; they are off by at least "
        gave += f"{trainings.share_of_the_way(off)}."
        lost = not off <= trainings.MOVED  # nan is no place either
        looks_like = trainings.odd_epoch(given, start, data, 2, 0.2) if lost and epochs == 1 else ""
        case.require(not lost, should, gave, looks_like)


def check_train_measures_what_it_says(student, case):
    """The four curves are loss and accuracy on the two sets: constant with lr = 0, otherwise changing with the steps."""
    for rows, batch_size in ((12, 4), (5, 2)):
        data, start = _data(case, rows, 7), networks.draw(case, SIZES)
        given, result = _trained(student, case, start, data, epochs=2, batch_size=batch_size, lr=0.0)
        for name, was, now in zip(networks.names(len(start)), start, given):
            case.expect(now, was, f"{name} after training with lr = 0", should="what it was", rtol=1e-6)
        curves = trainings.history(student, case, result)
        allowed = trainings.running_means(start, *data[:2], batch_size)
        trainings.expect_curve(case, curves, "train", allowed, epochs=2)
        trainings.expect_curve(case, curves, "val", [closed_form.evaluate(start, *data[2:])], epochs=2)
    # And as they move: the last epoch is about where the network stood before it, or after.
    start, x, y, _, lr = _forgetting(case)
    data, settings = (x, y, x, y), {"batch_size": 12, "lr": lr}
    runs = [_trained(student, case, start, data, epochs=epochs, **settings) for epochs in (2, 3)]
    curves = trainings.history(student, case, runs[1][1])
    allowed = [closed_form.evaluate(parameters, x, y) for parameters, _ in runs]
    trainings.expect_curve(case, curves, "train", allowed, epochs=3, epoch=2)


def check_train_validates_after_each_epoch(student, case):
    """val_loss and val_acc are measured on all of x_val, after the steps of their epoch."""
    start, x, y, guesses, lr = _forgetting(case)
    settings = {"epochs": 8, "batch_size": 12, "lr": lr, "rng": student.rng(case.seed)}
    model = networks.holding(student, case, start)
    curves = trainings.history(student, case, student.train.train(model, x, y, x, guesses, **settings))
    for epoch in range(8):
        start = closed_form.descend(start, x, y, lr)
        trainings.expect_curve(case, curves, "val", [closed_form.evaluate(start, x, guesses)], epochs=8, epoch=epoch)


def check_train_keeps_a_history(student, case):
    """train returns four lists with one float per epoch, and a second call starts new ones."""
    data, start = _data(case, 6), networks.draw(case, SIZES)
    for epochs in (3, 1):
        _, result = _trained(student, case, start, data, epochs=epochs, batch_size=3, lr=0.1)
        for name, curve in trainings.history(student, case, result).items():
            should = f"With epochs = {epochs}, history[{name!r}] should have {epochs} entr{'y' if epochs == 1 else 'ies'}."
            case.require(len(curve) == epochs, should, f"The length of history[{name!r}] is {len(curve)}.")
            case.require(np.isfinite(curve).all(), should, f"history[{name!r}] is {curve}.")


def check_train_never_learns_from_validation(student, case):
    """The parameters after training do not depend on x_val and y_val."""
    start, x, y, guesses, lr = _forgetting(case)
    settings = {"epochs": 8, "batch_size": 12, "lr": lr}
    x_val, y_val = case.normal("x_val", 12, 4), case.labels("y_val", 12, 3)
    first, _ = _trained(student, case, start, (x, y, x_val, y_val), **settings)
    far = case.given("far", x_val + 3.0, "x_val + 3.0")
    # Labels that training brings nearer, others that it can only forget, and images from elsewhere; always as many,
    # because validation may draw from the rng too.
    for other in ((x, y), (x, guesses), (far, y_val)):
        second, _ = _trained(student, case, start, (x, y, *other), **settings)
        trainings.expect_same(case, second, first, start, "the parameters", "the same with another validation set")


def check_train_follows_its_rng(student, case):
    """The rng decides which rows form a batch, with a new order each epoch: same seed, same training."""
    data, start = _data(case, 5), networks.draw(case, SIZES)
    settings = {"epochs": 2, "batch_size": 2, "lr": 0.2}
    seeds = (case.seed, case.seed, case.seed + 1, case.seed + 2, case.seed + 3, case.seed + 4)
    ends = [_trained(student, case, start, data, seed=seed, **settings)[0] for seed in seeds]
    trainings.expect_same(case, ends[1], ends[0], start, "the parameters", "the same for equal seeds")
    others = [trainings.distance(end, ends[0], start) for end in ends[2:]]
    should = "Different seeds should give different batches, and so different parameters."
    case.require(max(others) > trainings.MOVED, should, "The parameters are the same for five different seeds.")
    possible = closed_form.epochs_possible(start, data[0], data[1], 2, 0.2, 2)
    cuts = [trainings.nearest(end, possible, start)[0] for end in ends]
    should = "Each epoch should have a new order, drawn from rng."
    gave = "With all five seeds, epoch 2 used exactly the batches of epoch 1."
    case.require(any(cut // 30 != cut % 30 for cut in cuts), should, gave)


def check_train_leaves_the_data_alone(student, case):
    """train does not change its four arrays; labels may have any integer type."""
    x, y, x_val, y_val = _data(case, 6)
    data = (x, case.given("y", y.astype(np.int8)), x_val, case.given("y_val", y_val.astype(np.uint8)))
    student.soon(*(("keep_fetch", array) for array in data[1:]))
    held = [student.put(array) for array in data]
    _trained(student, case, networks.draw(case, SIZES), held, epochs=2, batch_size=4, lr=0.1)
    student.soon(*(("fetch", array) for array in held[1:]))
    for name, was, array in zip(("x_train", "y_train", "x_val", "y_val"), data, held):
        case.expect_unchanged(was, student.fetch(array), name)


def probe_gradients_before_and_after(student, case):
    """Which gradients train starts from, and which it leaves: for mistakes after which no parameter moves."""
    data, start = _data(case, 6), networks.draw(case, SIZES)
    model = networks.holding(student, case, start)
    model.forward(data[0])
    model.backward(case.normal("dlogits", 6, SIZES[-1]))
    student.train.train(model, *data, epochs=2, batch_size=6, lr=0.1, rng=student.rng(case.seed))
    networks.parameters_of(student, model)
    networks.gradients_of(student, model)


def explain_accuracy(student, case, failed):
    """Whether accuracy is 1 where every answer is right, and 0 where one of 150 is not; or 0 even where all are right."""
    if (check := "check_accuracy_is_the_share_of_hits") not in failed:
        return {}
    model, parameters = networks.filled(student, case, SIZES)
    x = case.normal("x", 150, SIZES[0])
    best = case.given("best", closed_form.forward(parameters, x).argmax(axis=1))
    nearly = case.given("nearly", np.where(np.arange(150) > 0, best, (best + 1) % SIZES[-1]))
    shares = [float(student.train.accuracy(model, x, labels)) for labels in (best, nearly)]
    if shares == [1.0, 0.0]:
        return {check: ("wants_all_right",)}
    never = ["counts_whole_batches_only"] if shares == [0.0, 0.0] else []
    return {check: ("", "", ["wants_all_right", "divides_in_whole_numbers", *never])}


def explain_training(student, case, failed):
    """Which slip ends where this training ends: for each failed check that it explains."""
    from ..toolbox import explanations  # only where something failed

    return explanations.of_checks(student, case, failed)
