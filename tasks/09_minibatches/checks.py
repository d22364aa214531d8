"""Mini-batches: a new order, each example once, images and labels together."""

from itertools import pairwise

import numpy as np

from grader.checks.api import Unmet, listed, type_phrase


def _data(case, rows):
    """Rows that can be told apart, and labels that can too: y[i] tells which row it belongs to."""
    x = case.given("x", np.arange(3.0 * rows).reshape(rows, 3), f"np.arange({3.0 * rows}).reshape({rows}, 3)")
    how = f"np.random.default_rng({case.seed}).permutation({rows})"
    return x, case.given("y", np.random.default_rng(case.seed).permutation(rows), how)


def _epoch(student, case, x, y, batch_size, rng):
    """All batches of one epoch, each a pair of arrays with as many labels as rows."""
    rows, width = np.shape(x) if isinstance(x, np.ndarray) else (20, 3)
    batches = student.take(student.data.minibatches(x, y, batch_size, rng), limit=100)
    for k, batch in enumerate(batches):
        pair = isinstance(batch, list | tuple) and [np.ndim(a) for a in batch] == [2, 1]
        fits = pair and np.shape(batch[0]) == (len(batch[1]), width)
        shapes = f"of shapes {[np.shape(a) for a in batch]}" if isinstance(batch, list | tuple) else "not a pair"
        should = f"Each batch should be a pair (xb, yb) of shapes (rows, {width}) and (rows,)."
        case.require(fits, should, f"Batch {k} is {type_phrase(batch)}, {shapes}.")
        should = f"No batch should have more rows than x, which has {rows}."
        case.require(len(batch[1]) <= rows, should, f"Batch {k} has {len(batch[1]):,} rows.")
    return batches


def _rows(x, batches):
    """Which row of x stands where, batch after batch; -1 for a row that x does not have."""
    found = []
    for xb, _ in batches:
        same = (np.asarray(xb)[:, None, :] == x[None, :, :]).all(axis=2)
        found.append([int(np.argmax(row)) if row.any() else -1 for row in same])
    return found


def _order(student, case, x, y, batch_size, rng):
    """The rows of x in the order in which one epoch hands them out."""
    return [row for batch in _rows(x, _epoch(student, case, x, y, batch_size, rng)) for row in batch]


def _sizes(sizes):
    return listed(sizes, most=8) if sizes else "no"


def _require_all_once(case, rows, count):
    """Each of `count` rows stands in exactly one batch."""
    handed = [row for batch in rows for row in batch]
    strange, missing = handed.count(-1), [row for row in range(count) if row not in handed]
    twice = [row for row in range(count) if handed.count(row) > 1]
    should = f"Over an epoch, each of the {count} rows of x should appear exactly once."
    case.require(not strange, should, f"{strange} of the rows in the batches are not rows of x.")
    if twice:
        raise Unmet(should, f"Row{'s' * (len(twice) > 1)} {listed(twice)} of x appeared more than once.")
    if missing:
        raise Unmet(should, f"Row{'s' * (len(missing) > 1)} {listed(missing)} of x never appeared.")


def check_batches_hold_each_example_once(student, case):
    """20 examples in batches of 5 give four batches of 5, with each example in exactly one."""
    x, y = _data(case, 20)
    batches = _epoch(student, case, x, y, 5, student.rng(case.seed))
    rows = _rows(x, batches)
    _require_all_once(case, rows, 20)
    sizes = [len(batch) for batch in rows]
    case.require(sizes == [5] * 4, "The batches should have 5, 5, 5 and 5 rows.", f"They have {_sizes(sizes)} rows.")


def check_batches_keep_labels_with_images(student, case):
    """After shuffling, each row of xb still has its own label at the same place in yb."""
    x, y = _data(case, 20)
    batches = _epoch(student, case, x, y, 4, student.rng(case.seed))
    for k, ((_, yb), rows) in enumerate(zip(batches, _rows(x, batches))):
        should = "Each entry of yb should be the label that y has for that row of x."
        given, expected = [int(label) for label in yb], [int(label) for label in y[rows]]
        gave = f"Batch {k} has rows {rows} of x, whose labels are {expected}, but yb is {given}."
        case.require(given == expected, should, gave)


def check_batches_keep_the_short_last_batch(student, case):
    """The last batch contains the remaining examples: none is dropped, and no batch is empty."""
    for count, size in ((23, 5), (21, 5), (20, 5), (10, 4), (1, 5), (3, 8), (6, 6), (4, 1)):
        case.start_new_example(student)
        x, y = _data(case, count)
        rows = _rows(x, _epoch(student, case, x, y, size, student.rng(case.seed)))
        wanted = [size] * (count // size) + [count % size] * (count % size > 0)
        sizes = [len(batch) for batch in rows]
        should = f"{count} rows in batches of {size} should give batches of {_sizes(wanted)}."
        case.require(sizes == wanted, should, f"The batches have {_sizes(sizes)} rows.")
        _require_all_once(case, rows, count)


def check_batches_order_comes_from_rng(student, case):
    """The given rng decides the order: same seed, same order; another seed, another order."""
    x, y = _data(case, 40)
    seeds = (case.seed, case.seed, case.seed + 1)
    first, again, other = [_order(student, case, x, y, 8, student.rng(seed)) for seed in seeds]
    should = "Equal seeds should give the same order, and different seeds different orders."
    gave = f"Seed {seeds[0]} began with rows {first[:6]}, and the second time with {again[:6]}."
    case.require(first == again, should, gave)
    case.require(first != other, should, f"Seeds {seeds[0]} and {seeds[2]} gave the same order, beginning {first[:6]}.")


def check_batches_mix_anew_each_epoch(student, case):
    """The examples are shuffled, not only the batches, and every epoch has a new order."""
    x, y = _data(case, 60)
    rng = student.rng.keep(case.seed)
    epochs = [_rows(x, _epoch(student, case, x, y, 6, rng)) for _ in range(2)]
    together = sum(abs(a - b) == 1 for batch in epochs[0] for a, b in pairwise(batch))
    should = "Neighbours in x should be separated: shuffle the rows, then cut them into batches."
    gave = f"{together} of 50 times, a row is followed by its neighbour in x: {epochs[0][0]}, {epochs[0][1]}, ..."
    case.require(together < 25, should, gave)
    first, second = [{frozenset(batch) for batch in epoch} for epoch in epochs]
    should = "A second epoch from the same rng should have different batches."
    case.require(first != second, should, f"The same rows are together again, such as {sorted(epochs[0][0])}.")


def probe_how_many_rows_come_at_once(student, case):
    """Of a thousand rows that are all the same, in whatever order: for a size of batches that is the learner's own."""
    x, y = np.zeros((1000, 1)), np.zeros(1000, dtype=int)
    student.take(student.data.minibatches(x, y, 7, student.rng(case.seed)), limit=1001)


def check_batches_leave_the_data_alone(student, case):
    """x and y are not changed, and the batches keep their dtypes."""
    x, y = _data(case, 20)
    for dtype in (np.int64, np.uint8):
        labels = y if dtype == np.int64 else case.given("y", y.astype(dtype))
        held_x, held_y = student.put(x), student.put(labels)
        batches = _epoch(student, case, held_x, held_y, 6, student.rng(case.seed))
        case.expect_unchanged(x, student.fetch(held_x), "x")
        case.expect_unchanged(labels, student.fetch(held_y), "y")
        for batch in batches:
            xb, yb = (_array(case, part, name) for part, name in zip(batch, ("xb", "yb")))
            should = "xb should be float64 like x, and yb whole numbers like y."
            fits = xb.dtype == np.float64 and yb.dtype.kind in "iu"
            case.require(fits, should, f"xb is {xb.dtype.name}, yb is {yb.dtype.name}.")


def _array(case, part, name):
    """A part of a batch, which should be an array."""
    makes = "np.array(...) makes an array of a list." * isinstance(part, list)
    gave = f"{name} is {type_phrase(part)}, not an array."
    case.require(isinstance(part, np.ndarray), f"{name} should be an array.", gave, makes)
    return part


def explain_batches(student, case, failed):
    """Which slip hands out these rows, with these labels, in this order: for each failed check that it explains."""
    from ..toolbox import batches  # only where something failed

    return batches.of_checks(student, case, failed)
