"""What stage 04 checks about SoftmaxCrossEntropy."""

import numpy as np

from grader.checks.api import FLOAT32_RTOL, StudentError, Unmet, listed, number

OVERFLOW = "The exp of a number above 709 is too large for a float."
ALL_ZERO = "If every exp of a row is 0, the log of their sum is -inf."
NO_LOG = "A probability below 1e-308 is stored as 0, and the log of 0 is -inf; the exp of a number above 709 is inf."


def check_cross_entropy_averages_the_surprise(student, case):
    """The loss is the mean of -log(probability of the true class) over the batch (natural logarithm)."""
    logits, labels = case.normal("logits", 5, 4, scale=1.5), case.labels("labels", 5, 4)
    loss = student.losses.SoftmaxCrossEntropy()
    case.sizes(rows=5, classes=4)
    case.remember("the median over the rows", np.sort([_loss(logits[n : n + 1], labels[n : n + 1]) for n in range(5)])[2])
    log_sums = np.array([_loss(row[None], np.array([0])) + row[0] for row in logits])
    by_number = np.mean(log_sums - (logits * labels[:, None]).sum(axis=1))
    case.remember("the result if the labels as they stand take the place of their one-hot rows", by_number)
    for name, top in (("exp(logits)", np.zeros(5)), ("exp(logits - top) + top, top the largest logit,", logits.max(axis=1))):
        sums = np.exp(logits - top[:, None]).sum(axis=1) + top
        case.remember(f"the mean of the sum of {name} minus the true logit: no log", np.mean(sums - logits[np.arange(5), labels]))
    should, value = "the mean over the rows of -log softmax(logits)[n, labels[n]]", loss.forward(logits, labels)
    try:
        case.expect(value, _loss(logits, labels), "The loss", should=should, rtol=FLOAT32_RTOL)
    except Unmet as unmet:
        each = np.array([_loss(logits[n : n + 1], labels[n : n + 1]) for n in range(5)])
        unmet.looks_like = unmet.looks_like or (_rows_show(float(value), each) if unmet.kind == "values" else "")
        raise


def _rows_show(value, each):
    """Which rows alone the loss is the mean or the sum of."""
    for chosen in range(1, 2 ** len(each) - 1):
        rows = [n for n in range(len(each)) if chosen >> n & 1]
        for count, name in ((len(rows), "mean"), (len(each), f"sum, divided by {len(each)},"), (1, "sum")):
            if np.isclose(each[rows].sum() / count, value, 1e-8, 0):
                whose = f"losses of rows {listed(rows, 5)}" if len(rows) > 1 else f"loss of row {rows[0]}"
                return f"It is the {whose} alone." if count == len(rows) == 1 else f"It is the {name} of the {whose} alone."
    return ""


def check_cross_entropy_gradient_is_softmax_minus_onehot(student, case):
    """backward() is the gradient of the mean loss with respect to the logits."""
    logits, labels = case.normal("logits", 5, 4, scale=1.5), case.labels("labels", 5, 4)
    loss = student.losses.SoftmaxCrossEntropy()
    loss.forward(logits, labels)
    case.sizes(rows=5, classes=4)
    should = "(softmax(logits) - onehot(labels)) / N, with N rows in the batch"
    exps, onehot = np.exp(logits - logits.max(axis=1, keepdims=True)), np.eye(4)[labels]
    early = (exps - onehot) / exps.sum(axis=1, keepdims=True) / len(labels)
    case.remember("the gradient if 1 is subtracted before the exps are divided by their sum", early)
    gradient = loss.backward()
    try:
        case.expect(gradient, _gradient(logits, labels), "The gradient", should=should, rtol=FLOAT32_RTOL)
    except Unmet as unmet:
        shows = _gradient_shows(gradient, logits, labels) if unmet.kind == "values" and not unmet.looks_like else ""
        unmet.looks_like = unmet.looks_like or shows
        raise


def _gradient_shows(gradient, logits, labels):
    """Whether rows are multiples of the right ones; whose softmax it is; whether only true classes, or only others, are off."""
    right, onehot = _gradient(logits, labels), np.eye(logits.shape[1])[labels]
    factors = np.sum(gradient * right, axis=1) / np.sum(right * right, axis=1)
    if np.allclose(gradient, factors[:, None] * right, 1e-5, 1e-9):
        return f"Each row is a multiple of what it should be: {', '.join(number(factor, 4) for factor in factors)} times."
    targets = onehot - len(labels) * (gradient - right)
    if np.allclose(targets, others := np.eye(logits.shape[1])[targets.argmax(axis=1)], 0, 1e-5):
        return f"It is the gradient for the labels {others.argmax(axis=1).tolist()}, not {labels.tolist()}."
    shares = len(labels) * gradient + onehot
    if np.all(shares > 0) and np.allclose(shares.sum(axis=1), 1, 1e-5):
        logs, apart = (a - a.mean(axis=1, keepdims=True) for a in (np.log(shares), logits))
        factor = np.sum(logs * apart) / np.sum(apart * apart)
        if np.allclose(logs, factor * apart, 1e-4, 1e-6):
            return f"It is the gradient for the softmax of {number(factor, 4)} * logits."
    off, true = ~np.isclose(gradient, right, 1e-5, 1e-9), onehot > 0
    names = [name for name, others in (("the true classes", ~true), ("the other classes", true)) if not off[others].any()]
    return f"Only the entries of {names[0]} are off." if names else ""


def check_cross_entropy_handles_large_logits(student, case):
    """The loss is finite and right when the largest logit of a row is 10000 or -10000."""
    near = case.normal("near", 4, 3)
    for name, shift in (("high", 1e4), ("low", -1e4), ("mixed", np.array([[1e4], [-1e4], [0.0], [-800.0]]))):
        case.start_new_example(student)
        logits, labels = case.given(name, near + shift), case.labels("labels", 4, 3)
        found, why = (student.losses.SoftmaxCrossEntropy().forward(logits, labels), OVERFLOW if name == "high" else ALL_ZERO)
        case.expect(found, _loss(logits, labels), f"The loss for logits `{name}`", rtol=FLOAT32_RTOL, not_finite=why)


def check_cross_entropy_has_no_floor_under_the_log(student, case):
    """The loss of a confident mistake is not capped: it can be 20, 300 or 10000."""
    for gap in (300.0, 20.0, 50.0, 1e4):
        case.start_new_example(student)
        logits, labels = case.given("logits", np.array([[-gap, 0.0]])), case.given("labels", np.array([0]))
        found = student.losses.SoftmaxCrossEntropy().forward(logits, labels)
        what = f"The loss for logits {logits.tolist()} with label 0"
        case.expect(found, _loss(logits, labels), what, not_finite=NO_LOG)


def check_cross_entropy_gradient_at_large_logits(student, case):
    """backward() is finite and right for logits of 10000 and -10000."""
    near, labels = case.normal("near", 5, 3), case.labels("labels", 5, 3)
    logits = case.given("logits", near + np.array([[1e4], [-1e4], [0.0], [700.0], [-800.0]]))
    logits[3] = [1e4, 0.0, -1e4]
    loss = student.losses.SoftmaxCrossEntropy()
    loss.forward(logits, labels)
    case.sizes(rows=5, classes=3)
    case.expect(loss.backward(), _gradient(logits, labels), "The gradient", rtol=1e-6, atol=1e-10, not_finite=OVERFLOW)


def check_cross_entropy_takes_any_labels(student, case):
    """Labels may have any integer type, and a class may be missing from a batch."""
    logits = case.normal("logits", 30, 10)
    for name in ("int64", "int8", "uint8", "int32", "uint16"):
        case.start_new_example(student)
        labels = case.integers(f"labels_{name}", 0, 9, 30, dtype=name)
        loss = student.losses.SoftmaxCrossEntropy()
        what = f"with {name} labels, none of them the last class"
        case.expect(loss.forward(logits, labels), _loss(logits, labels), f"The loss {what}", rtol=FLOAT32_RTOL)
        case.expect(loss.backward(), _gradient(logits, labels), f"The gradient {what}", rtol=FLOAT32_RTOL)


def check_cross_entropy_backward_can_be_repeated(student, case):
    """Calling backward() again gives the same gradient."""
    logits, labels = case.normal("logits", 5, 4), case.labels("labels", 5, 4)
    loss, expected = student.losses.SoftmaxCrossEntropy(), _gradient(logits, labels)
    loss.forward(logits, labels)
    loss.backward()
    should = "the gradient of the latest forward, at every call"
    for turn in ("second", "third"):
        case.expect(loss.backward(), expected, f"The gradient of the {turn} call", should=should, rtol=FLOAT32_RTOL)


def check_cross_entropy_is_about_the_last_batch(student, case):
    """Loss and gradient belong to this object's latest forward, whatever the size of earlier batches."""
    loss, other = student.losses.SoftmaxCrossEntropy(), student.losses.SoftmaxCrossEntropy()
    logits, labels = case.normal("logits", 5, 4), case.labels("labels", 5, 4)
    case.remember("the gradient of the previous batch", _gradient(logits, labels))
    for rows in (5, 3):
        loss.forward(logits, labels)
        loss.backward()
        last, last_labels = case.normal(f"last_{rows}", rows, 4), case.labels(f"labels_{rows}", rows, 4)
        case.sizes(rows=rows, rows_before=5, classes=4)
        what = f"of {rows} rows after a batch of 5"
        case.expect(loss.forward(last, last_labels), _loss(last, last_labels), f"The loss {what}", rtol=FLOAT32_RTOL)
        other.forward(case.normal(f"strange_{rows}", 5, 4), case.labels(f"strange_labels_{rows}", 5, 4))
        case.expect(loss.backward(), _gradient(last, last_labels), f"The gradient {what}", rtol=FLOAT32_RTOL)


def check_cross_entropy_leaves_its_inputs_alone(student, case):
    """forward and backward do not change the logits or the labels."""
    logits, labels = case.normal("logits", 5, 4), case.labels("labels", 5, 4)
    held, held_labels = student.put(logits), student.put(labels)
    loss = student.losses.SoftmaxCrossEntropy()
    loss.forward(held, held_labels)
    loss.backward()
    case.expect_unchanged(logits, student.fetch(held), "logits")
    case.expect_unchanged(labels, student.fetch(held_labels), "labels")


def check_cross_entropy_is_exact_for_any_batch(student, case):
    """Loss and gradient are exact for one row, as many rows as classes, two classes, any sizes, a view, and float32."""
    sizes = ((1, 4, "f8"), (4, 4, "f8"), (7, 2, "f4"), (20, 10, "f8"), (*case.rng.integers(2, 12, 2).tolist(), "f8"))
    for rows, classes, dtype in sizes:
        case.start_new_example(student)
        logits, labels = case.normal("logits", classes, rows, dtype=dtype).T, case.labels("labels", rows, classes)
        loss = student.losses.SoftmaxCrossEntropy()
        case.sizes(rows=rows, classes=classes)
        what = f"of {rows} row{'s'[: rows > 1]} and {classes} classes"
        found, exact = loss.forward(logits, labels), logits.dtype == np.float64
        case.expect(found, _loss(logits, labels), f"The loss {what}", rtol=1e-10 if exact else FLOAT32_RTOL)
        options = {"rtol": 1e-12, "dtype": np.float64} if exact else {"rtol": FLOAT32_RTOL}
        case.expect(loss.backward(), _gradient(logits, labels), f"The gradient {what}", **options)


def explain_memory(student, case, failed):
    """Whether backward is about another batch, or changes what forward kept: for each failed check that this explains."""
    from ..toolbox import memory  # only where something failed

    checks = failed & {"check_cross_entropy_is_about_the_last_batch", "check_cross_entropy_backward_can_be_repeated"}
    if not checks:
        return {}
    batches = [(case.normal(f"logits_{k}", 5, 4), case.labels(f"labels_{k}", 5, 4)) for k in range(3)]
    name = memory.of_backward(
        make=student.losses.SoftmaxCrossEntropy,
        forward=lambda loss, k: loss.forward(*batches[k]),
        back=lambda loss: loss.backward(),
        right=[_gradient(*batch) for batch in batches],
        names=["keeps_the_first_batch_only", "shares_what_it_keeps", "uses_its_probabilities_up"],
    )
    return dict.fromkeys(checks, (name,)) if name else {}


def explain_labels(student, case, failed):
    """Whether it is the missing last class that ends a call in an error."""
    if (check := "check_cross_entropy_takes_any_labels") not in failed:
        return {}
    logits, whole = case.normal("logits", 6, 4), case.given("whole", np.array([0, 1, 2, 3, 1, 0]))
    loss, other = student.losses.SoftmaxCrossEntropy(), student.losses.SoftmaxCrossEntropy()
    loss.forward(logits, whole)
    loss.backward()
    try:
        other.forward(logits, case.given("without", np.where(whole == 3, 2, whole)))
        other.backward()
    except StudentError:
        return {check: ("makes_the_onehot_too_narrow",)}
    return {}


def explain_floor(student, case, failed):
    """Which mistakes it is not, where the label of the larger logit has no finite loss either: its probability is 1."""
    if (check := "check_cross_entropy_has_no_floor_under_the_log") not in failed:
        return {}
    logits, label = case.given("logits", np.array([[-1e4, 0.0]])), case.given("label", np.array([1]))
    overflows = not np.isfinite(student.losses.SoftmaxCrossEntropy().forward(logits, label))
    return {check: ("", "", ("takes_the_log_of_softmax",))} if overflows else {}


def explain_small_excess(student, case, failed):
    """Whether the loss is too large by as much for each label: smoothed labels make it smaller for the unlikely ones."""
    if (check := "check_cross_entropy_is_exact_for_any_batch") not in failed:
        return {}
    logits, off = case.given("logits", np.array([[2.0, 1.0, 0.0, -1.0]])), []
    for k in range(4):
        label = case.given(f"label_{k}", np.array([k]))
        off.append(student.losses.SoftmaxCrossEntropy().forward(logits, label) - _loss(logits, label))
    same = off[0] != 0 and np.ptp(off) < 0.01 * abs(off[0])
    return {check: ("", "", ("smooths_the_labels", "smooths_the_labels__share"))} if same else {}


def explain_first_label(student, case, failed):
    """Whether the class one below the label is taken, in the loss or in the gradient; what 0 means then is left open."""
    from ..toolbox.memory import close  # only where something failed

    checks = ("check_cross_entropy_averages_the_surprise", "check_cross_entropy_gradient_is_softmax_minus_onehot")
    if failed.isdisjoint(checks):
        return {}
    logits, loss = case.normal("logits", 5, 4), student.losses.SoftmaxCrossEntropy()
    labels = case.given("labels", np.array([1, 2, 3, 3, 1]))
    value = loss.forward(logits, labels)
    below = close(value, _loss(logits, labels - 1)), close(loss.backward(), _gradient(logits, labels - 1))
    if not any(below) or not (below[0] or close(value, _loss(logits, labels))):
        return {}
    told = ("counts_labels_from_one",) if below[0] else ("subtracts_one_class_too_low",)
    return {check: told for check, seen in zip(checks, below) if seen and check in failed}


def _log_softmax(logits):
    """The closed form, row by row, in as many digits as this machine has."""
    shifted = logits.astype(np.longdouble) - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _loss(logits, labels):
    return float(-_log_softmax(logits)[np.arange(len(labels)), labels].mean())


def _gradient(logits, labels):
    onehot = np.arange(logits.shape[1]) == labels[:, None].astype(int)
    return ((np.exp(_log_softmax(logits)) - onehot) / len(labels)).astype(np.float64)
