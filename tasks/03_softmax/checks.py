"""What stage 03 checks about softmax."""

import numpy as np

from grader.checks.api import FLOAT32_RTOL, Unmet, number

OVERFLOW = "The exp of a number above 709 is too large for a float."
UNDERFLOW = "If every exp of a row is 0, the row is 0 divided by 0."


def check_softmax_gives_the_exponential_shares(student, case):
    """Each entry is its exp divided by the sum of exp over its row."""
    logits = case.normal("logits", 5, 4, scale=1.5)
    logits[1] = [0.0, 1.0, 2.0, -1.0]
    case.sizes(rows=5, classes=4)
    for name, values in (("logits", logits), ("logits - their largest", logits - logits.max(axis=1, keepdims=True))):
        case.remember(f"{name}, each row divided by its own sum: no exp", values / values.sum(axis=1, keepdims=True))
    should, shares = "exp(logits), each row divided by its own sum", student.losses.softmax(logits)
    try:
        case.expect(shares, _softmax(logits), "softmax(logits)", should=should, rtol=FLOAT32_RTOL)
    except Unmet as unmet:
        unmet.looks_like = unmet.looks_like or (_shares_show(shares, _softmax(logits)) if unmet.kind == "values" else "")
        raise


def _shares_show(shares, right):
    """To which power the right shares were taken; else which axis the shares add up over, or how much its rows add up to."""
    if np.all(shares > 0):
        power = np.sum(np.log(shares) * np.log(right)) / np.sum(np.log(right) ** 2)
        if np.allclose(np.log(shares), power * np.log(right), 1e-4):
            return f"Each entry is the right one to the power of {number(power, 4)}."
    slope, offset = np.polyfit(right.ravel(), shares.ravel(), 1)
    if np.allclose(shares, slope * right + offset, 1e-5, 1e-9):
        sign = "plus" if offset > 0 else "minus"
        return f"Each entry is {number(slope, 4)} times the right one {sign} {number(abs(offset), 4)}."
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    for sums, name in ((rows, "row"), (columns, "column"), (np.array([shares.sum()]), "")):
        if np.allclose(sums, 1, 1e-5):
            return f"Each {name} adds up to 1." if name else "All entries together add up to 1."
    parts = "Within each row the proportions are right, but the " if np.allclose(shares, rows[:, None] * right, 1e-5) else "The "
    least, most = number(np.min(rows), 4), number(np.max(rows), 4)
    return f"{parts}rows add up to {least if least == most else f'{least} to {most}'}, not to 1."


def check_softmax_rows_sum_to_one(student, case):
    """Each row sums to 1 (up to rounding), and no entry is negative."""
    for shape in ((6, 3), (4, 4), (2, 10)):
        case.start_new_example(student)
        result = student.losses.softmax(case.normal("logits", *shape, scale=3.0))
        case.expect(result, np.zeros(shape), "softmax(logits)", atol=np.inf)  # numbers of that shape, whatever they are
        digits = 16 * np.finfo(result.dtype).eps
        case.expect(result.sum(axis=1), np.ones(shape[0]), "The sum of each row", should="1", rtol=digits)
        case.require((result >= 0).all(), "No probability is negative.", f"The smallest entry is {result.min():.4g}.")


def check_softmax_handles_large_logits(student, case):
    """Any finite row gives finite probabilities, at 1000 as well as at -10000."""
    _show_growth(student, case)
    rows = ([1000.0, 1001.0], [60.0, 62.0], [798.0, 800.0], [1e4, 0.0, -1e4], [-1e4, -1e4 + 1.0], [0.0] * 9 + [1e4])
    for row in (*rows, np.float32([1e4, 1e4 - 1.0, -1e4])):
        case.start_new_example(student)
        logits = case.given("logits", np.array([row]))
        why, digits = UNDERFLOW if max(row) < 0 else OVERFLOW, 1e-6 if logits.dtype == np.float64 else 2e-3
        found, what = student.losses.softmax(logits), f"softmax({logits.tolist()})"
        try:
            case.expect(found, _softmax(logits), what, rtol=FLOAT32_RTOL, atol=digits, not_finite=why)
        except Unmet as unmet:
            lost = unmet.kind == "values" and not np.any(found)
            unmet.looks_like = f"Every entry is 0. {why}" if lost else unmet.looks_like
            raise


def check_softmax_treats_rows_far_apart(student, case):
    """A row's probabilities do not depend on the other rows, even if their logits differ by 1000."""
    logits = case.normal("logits", 4, 3)
    logits += np.array([[0.0], [350.0], [-650.0], [-200.0]])
    should = "for each row what softmax gives for that row alone"
    found = student.losses.softmax(logits)
    case.expect(found, _softmax(logits), "softmax(logits)", should=should, rtol=1e-3, not_finite=UNDERFLOW)


def check_softmax_keeps_small_probabilities(student, case):
    """Small probabilities are as exact as large ones: nothing is added, clipped or rounded."""
    logits = case.normal("logits", 4, 3)
    logits[:, 1] = [20.0, 45.0, 80.0, 200.0]
    found = student.losses.softmax(logits)
    case.expect(found, np.zeros((4, 3)), "softmax(logits)", atol=np.inf)  # numbers of that shape, whatever they are
    count = int((found <= 0).sum())
    case.require(count == 0, "Every entry should be above 0.", f"{count} of 12 entries of softmax(logits) are 0 or less.")
    with np.errstate(divide="ignore", invalid="ignore"):  # names are looked for behind a failure, too
        logs = np.log(found)
    case.expect(logs, np.log(_softmax(logits)), "The log of softmax(logits)", rtol=0, atol=1e-4)


def check_softmax_keeps_the_float_type(student, case):
    """float32 in, float32 out; float64 in, float64 out, in full precision."""
    for dtype, digits in ((np.float32, FLOAT32_RTOL), (np.float64, 1e-12)):
        case.start_new_example(student)
        logits = case.normal("logits", 5, 4, dtype=dtype)
        found, name = student.losses.softmax(logits), f"softmax(logits) of {np.dtype(dtype).name} logits"
        case.expect(found, _softmax(logits), name, rtol=digits, dtype=dtype)


def check_softmax_leaves_logits_alone(student, case):
    """softmax does not change the logits or an earlier result."""
    logits, other = case.normal("logits", 5, 4), case.normal("other", 5, 4)
    held = student.put(logits)
    result = student.losses.softmax.keep(held)
    student.losses.softmax(other)
    case.expect_unchanged(logits, student.fetch(held), "logits")
    case.expect(student.fetch(result), _softmax(logits), "The first result, after the next call,", rtol=FLOAT32_RTOL)


def check_softmax_takes_any_batch(student, case):
    """softmax works for one row, as many rows as classes, a single class, and a transposed view."""
    for rows, classes in ((1, 4), (4, 4), (3, 1), (20, 3), case.rng.integers(2, 12, 2).tolist()):
        case.start_new_example(student)
        logits = case.normal("logits", classes, rows).T
        case.sizes(rows=rows, classes=classes)
        what = f"softmax(logits) for shape ({rows}, {classes})"
        case.expect(student.losses.softmax(logits), _softmax(logits), what, rtol=FLOAT32_RTOL)


def explain_scale(student, case, failed):
    """Whether the logs of the shares differ as the logits do, but for one factor that no other slip has."""
    if (check := "check_softmax_gives_the_exponential_shares") not in failed:
        return {}
    z = case.normal("z", 4, 5)
    p = np.asarray(student.losses.softmax(z))
    if p.shape != z.shape or not np.all(p > 0) or not np.allclose(p.sum(axis=1), 1):
        return {}
    apart, logs = (a - a.mean(axis=1, keepdims=True) for a in (z, np.log(p)))
    factor = float((apart * logs).sum() / (apart**2).sum())
    known = np.isclose(factor, [1, np.log(2), 1 / z.shape[1]], rtol=1e-3).any()
    if known or factor < 1e-3 or not np.allclose(logs, factor * apart):
        return {}
    return {check: ("lowers_the_temperature", f"Here it is {number(factor)}, for {z.shape[1]} classes.")}


def explain_rounding(student, case, failed):
    """Whether the shares are right but for the digits behind some place: few of them look like an epsilon."""
    z = case.normal("z", 6, 5)
    p, right = np.asarray(student.losses.softmax(z)), _softmax(z)
    places = [k for k in range(1, 11) if p.shape == z.shape and np.allclose(p, np.round(right, k), rtol=0, atol=1e-15)]
    said = f"After the point there are {places[0]}." if places else ""
    return dict.fromkeys(_OF_DIGITS & failed, ("rounds_the_probabilities", said)) if places else {}


_OF_DIGITS = {
    "check_softmax_gives_the_exponential_shares",
    "check_softmax_rows_sum_to_one",
    "check_softmax_keeps_small_probabilities",
    "check_softmax_keeps_the_float_type",
}


def _show_growth(student, case):
    """What becomes of one row as it is multiplied by larger and larger numbers, for the report's picture."""
    row, scales = np.array([[0.0, 0.5, 1.0]]), np.geomspace(1.0, 1e4, 17)
    found = [student.losses.softmax(scale * row) for scale in scales]
    if all(isinstance(shares, np.ndarray) and shares.shape == (1, 3) for shares in found):
        case.evidence("scale", scales)
        case.evidence("softmax", np.concatenate(found))
        case.evidence("softmax_expected", np.concatenate([_softmax(scale * row) for scale in scales]))


def _softmax(logits):
    """The closed form, row by row, in as many digits as this machine has."""
    exps = np.exp((logits - logits.max(axis=1, keepdims=True)).astype(np.longdouble))
    return (exps / exps.sum(axis=1, keepdims=True)).astype(np.float64)
