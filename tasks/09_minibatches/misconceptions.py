"""Slips in handing out mini-batches, each a runnable version; its docstring is the hint. Read as text."""

import numpy as np

from grader.course.misconceptions import misconception


def _cut(x, y, batch_size):
    for start in range(0, len(x), batch_size):
        yield x[start : start + batch_size], y[start : start + batch_size]


# --- which examples -------------------------------------------------------------------------------------------------


@misconception("data.minibatches", fails=["check_batches_keep_the_short_last_batch"])
def drops_the_short_batch(x, y, batch_size, rng):
    """Last, shorter batch dropped

    23 examples in batches of 5: how many examples do you return?
    """
    order = rng.permutation(len(x))
    for i in range(len(x) // batch_size):
        rows = order[i * batch_size : (i + 1) * batch_size]
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_keep_the_short_last_batch"])
def drops_the_short_batch__range(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for start in range(0, len(x) - batch_size + 1, batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def draws_with_replacement(x, y, batch_size, rng):
    """Examples drawn with replacement

    Over one epoch, how often does each example appear?
    """
    order = rng.integers(0, len(x), len(x))
    yield from _cut(x[order], y[order], batch_size)


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def draws_with_replacement__choice(x, y, batch_size, rng):
    for start in range(0, len(x), batch_size):
        rows = rng.choice(len(x), min(batch_size, len(x) - start))
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def draws_each_batch_afresh(x, y, batch_size, rng):
    """New random order for every batch

    Within a batch no example appears twice, but within an epoch some do and others are missing. How many orders do you draw?
    """
    for start in range(0, len(x), batch_size):
        rows = rng.permutation(len(x))[: min(batch_size, len(x) - start)]
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def ends_each_slice_too_early(x, y, batch_size, rng):
    """Batches one row too short

    Ask for batches of 5: how many rows does the first one have?
    """
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size - 1]
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def ends_each_slice_too_late(x, y, batch_size, rng):
    """Batches one row too long

    Ask for batches of 5: the first has 6 rows, and its last row is also the first of the next.
    """
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size + 1]
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def loses_the_last_example(x, y, batch_size, rng):
    """Last example left out

    One example is never returned.
    """
    order, n = rng.permutation(len(x)), len(x)
    for start in range(0, n, batch_size):
        rows = order[start : min(start + batch_size, n - 1)]
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def loses_the_last_example__order(x, y, batch_size, rng):
    order = rng.permutation(len(x) - 1)
    yield from _cut(x[order], y[order], batch_size)


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def loses_the_first_example(x, y, batch_size, rng):
    """First example left out

    The first row of x is never returned. At which index do you start?
    """
    order = 1 + rng.permutation(len(x) - 1)
    yield from _cut(x[order], y[order], batch_size)


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def moves_one_row_a_batch(x, y, batch_size, rng):
    """Each batch starts one row further on

    Look at where each batch starts: at i, or at i * batch_size?
    """
    order = rng.permutation(len(x))
    for i in range(-(-len(x) // batch_size)):
        rows = order[i : i + batch_size]
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def moves_one_row_a_batch__all(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for i in range(len(x)):
        rows = order[i : i + batch_size]
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def repeats_the_first_batch(x, y, batch_size, rng):
    """First batch repeated

    All your batches contain the same rows. Nothing changes from one pass of the loop to the next.
    """
    order = rng.permutation(len(x))
    for _ in range(0, len(x), batch_size):
        yield x[order[:batch_size]], y[order[:batch_size]]


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def hands_out_one_batch_only(x, y, batch_size, rng):
    """Only one batch per epoch

    You return one batch and stop. An epoch sees every example once.
    """
    rows = rng.permutation(len(x))[:batch_size]
    return [(x[rows], y[rows])]


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def hands_out_all_at_once(x, y, batch_size, rng):
    """All examples in one batch

    You return all examples as one batch. What is batch_size for?
    """
    order = rng.permutation(len(x))
    yield x[order], y[order]


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def skips_the_first_batch(x, y, batch_size, rng):
    """First batch skipped

    The first batch of the order is missing. Where does your loop start?
    """
    order = rng.permutation(len(x))
    for start in range(batch_size, len(x), batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def hands_out_everything_twice(x, y, batch_size, rng):
    """Every example twice per epoch

    Every example appears twice in an epoch.
    """
    order = rng.permutation(len(x))
    for _ in range(2):
        yield from _cut(x[order], y[order], batch_size)


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def never_ends(x, y, batch_size, rng):
    """Batches never end

    Your batches never end. An epoch ends when every example was returned once.
    """
    while True:
        order = rng.permutation(len(x))
        yield from _cut(x[order], y[order], batch_size)


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def ends_with_an_empty_batch(x, y, batch_size, rng):
    """Empty batch among the others

    Try 20 examples in batches of 5: one of the batches has no rows. Where does the loop begin, and where does it end?
    """
    order = rng.permutation(len(x))
    for i in range(len(x) // batch_size + 1):
        rows = order[i * batch_size : (i + 1) * batch_size]
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_keep_the_short_last_batch"])
def fills_the_last_batch_up(x, y, batch_size, rng):
    """Last batch filled up with examples seen before

    Your last batch is as long as the others: some examples appear twice. The last batch should be shorter.
    """
    order = rng.permutation(len(x))
    order = np.concatenate([order, order[: -len(x) % batch_size]])
    yield from _cut(x[order], y[order], batch_size)


@misconception("data.minibatches", fails=["check_batches_keep_the_short_last_batch"])
def hands_the_rest_out_twice(x, y, batch_size, rng):
    """Last, shorter batch returned twice

    The loop returns the short last batch, and your code returns it once more after the loop.
    """
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]
    if len(x) % batch_size:
        rows = order[len(x) // batch_size * batch_size :]
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_keep_the_short_last_batch"])
def joins_the_rest_to_the_last_batch(x, y, batch_size, rng):
    """Remaining examples joined to the last batch

    Your last batch is longer than batch_size. The remaining examples make a shorter batch of their own.
    """
    order = rng.permutation(len(x))
    count = max(len(x) // batch_size, 1)
    for i in range(count):
        rows = order[i * batch_size : (i + 1) * batch_size if i < count - 1 else len(x)]
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_keep_the_short_last_batch"])
def makes_batches_of_equal_size(x, y, batch_size, rng):
    """Examples split evenly over the batches

    10 examples in batches of 4: the contract asks for 4, 4, 2. Which sizes do yours have?
    """
    order = rng.permutation(len(x))
    for rows in np.array_split(order, -(-len(x) // batch_size)):
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_keep_the_short_last_batch"])
def makes_batches_of_equal_size__floor(x, y, batch_size, rng):
    for rows in np.array_split(rng.permutation(len(x)), max(1, len(x) // batch_size)):
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def takes_the_size_for_the_count(x, y, batch_size, rng):
    """batch_size used as the number of batches

    Is batch_size the number of batches, or the number of rows in each?
    """
    order = rng.permutation(len(x))
    for rows in np.array_split(order, batch_size):
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def ignores_the_batch_size(x, y, batch_size, rng):
    """Fixed batch size

    Ask for batches of 5: how many rows does the first one have?
    """
    order = rng.permutation(len(x))
    yield from _cut(x[order], y[order], 32)


@misconception("data.minibatches", fails=["check_batches_keep_the_short_last_batch"])
def starts_with_the_short_batch(x, y, batch_size, rng):
    """Shorter batch first instead of last

    Your first batch is the short one. The contract puts it last.
    """
    order = rng.permutation(len(x))
    rest = len(x) % batch_size
    if rest:
        yield x[order[:rest]], y[order[:rest]]
    yield from _cut(x[order[rest:]], y[order[rest:]], batch_size)


# --- image and label ------------------------------------------------------------------------------------------------


@misconception("data.minibatches", fails=["check_batches_keep_labels_with_images"])
def shuffles_x_alone(x, y, batch_size, rng):
    """Only x shuffled

    Which label belongs to which image after shuffling?
    """
    yield from _cut(x[rng.permutation(len(x))], y, batch_size)


@misconception(
    "data.minibatches",
    fails=["check_batches_keep_labels_with_images", "check_batches_order_comes_from_rng", "check_batches_mix_anew_each_epoch"],
)
def shuffles_y_alone(x, y, batch_size, rng):
    """Only y shuffled

    The images keep their order and the labels do not. Which label belongs to which image?
    """
    yield from _cut(x, y[rng.permutation(len(y))], batch_size)


@misconception("data.minibatches", fails=["check_batches_keep_labels_with_images"])
def draws_two_orders(x, y, batch_size, rng):
    """Different orders for x and y

    Images and labels each get an order of their own. Which label belongs to which image after shuffling?
    """
    yield from _cut(x[rng.permutation(len(x))], y[rng.permutation(len(y))], batch_size)


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def swaps_image_and_label(x, y, batch_size, rng):
    """Images and labels swapped

    Each pair should be (xb, yb); yours are (yb, xb).
    """
    order = rng.permutation(len(x))
    for xb, yb in _cut(x[order], y[order], batch_size):
        yield yb, xb


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def hands_out_images_alone(x, y, batch_size, rng):
    """Labels missing

    Your batches have no labels. Each batch is a pair (xb, yb).
    """
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        yield x[order[start : start + batch_size]]


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def hands_out_row_numbers(x, y, batch_size, rng):
    """Row numbers instead of rows

    You return row numbers. The contract asks for the rows themselves, with their labels.
    """
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        yield order[start : start + batch_size]


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def uses_data_as_indices(x, y, batch_size, rng):
    """Shuffled images used as indices

    You shuffle the images and use them as indices. Shuffle the row numbers instead.
    """
    order = rng.permutation(x)
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_leave_the_data_alone"])
def turns_labels_into_floats(x, y, batch_size, rng):
    """Labels converted to floats

    Your labels are floats. Keep them whole numbers: the loss uses them as indices.
    """
    both = np.column_stack([x, y])
    rng.shuffle(both)
    yield from _cut(both[:, :-1], both[:, -1], batch_size)


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def makes_labels_a_column(x, y, batch_size, rng):
    """Labels in a column

    Your labels have two dimensions. The contract asks for (n,).
    """
    order = rng.permutation(len(x))
    yield from _cut(x[order], y[order].reshape(-1, 1), batch_size)


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def makes_labels_a_column__stacked(x, y, batch_size, rng):
    data = np.hstack((x, y.reshape((-1, 1))))
    rng.shuffle(data)
    for i in range(len(data) // batch_size + 1):
        batch = data[i * batch_size : (i + 1) * batch_size]
        yield batch[:, :-1], batch[:, -1].reshape((-1, 1))


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def makes_labels_onehot(x, y, batch_size, rng):
    """Labels one-hot

    Your labels are one-hot rows. The contract returns the class indices as they are in y.
    """
    order = rng.permutation(len(x))
    yield from _cut(x[order], np.eye(y.max() + 1)[y[order]], batch_size)


@misconception("data.minibatches", fails=["check_batches_order_comes_from_rng", "check_batches_mix_anew_each_epoch"])
def sorts_by_label(x, y, batch_size, rng):
    """Examples sorted by label

    Your examples are sorted by label. Each batch should be a random mixture.
    """
    order = np.argsort(y, kind="stable")
    yield from _cut(x[order], y[order], batch_size)


# --- the order ------------------------------------------------------------------------------------------------------


@misconception(
    "data.minibatches",
    fails=["check_batches_order_comes_from_rng", "check_batches_mix_anew_each_epoch"],
    alike="order of the data",
)
def forgets_to_shuffle(x, y, batch_size, rng):
    """Examples not shuffled

    Your examples come in the order of the data in every epoch. What is rng for, and where do you use what it gives?
    """
    yield from _cut(x, y, batch_size)


@misconception(
    "data.minibatches",
    fails=["check_batches_order_comes_from_rng", "check_batches_mix_anew_each_epoch"],
    alike="order of the data",
)
def draws_an_order_without_using_it(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for start in range(0, len(order), batch_size):
        yield x[start : start + batch_size], y[start : start + batch_size]


@misconception("data.minibatches", fails=["check_batches_order_comes_from_rng", "check_batches_mix_anew_each_epoch"])
def turns_the_order_round(x, y, batch_size, rng):
    """Examples reversed instead of shuffled

    Your examples come from last to first in every epoch. What is rng for?
    """
    yield from _cut(x[::-1], y[::-1], batch_size)


@misconception("data.minibatches", fails=["check_batches_order_comes_from_rng"])
def ignores_the_generator(x, y, batch_size, rng):
    """Random numbers do not come from the given rng

    Which generator were you given, and which one do you draw from?
    """
    order = np.random.permutation(len(x))
    yield from _cut(x[order], y[order], batch_size)


@misconception("data.minibatches", fails=["check_batches_order_comes_from_rng", "check_batches_mix_anew_each_epoch"])
def seeds_a_generator_of_its_own(x, y, batch_size, rng):
    """Same order with every rng

    The order is the same in every epoch, with any generator: it has a seed of its own, or it was drawn once and kept.
    """
    order = np.random.default_rng(0).permutation(len(x))
    yield from _cut(x[order], y[order], batch_size)


@misconception("data.minibatches", fails=["check_batches_order_comes_from_rng", "check_batches_mix_anew_each_epoch"])
def seeds_a_generator_of_its_own__global(x, y, batch_size, rng):
    np.random.seed(42)
    order = np.random.permutation(len(x))
    yield from _cut(x[order], y[order], batch_size)


@misconception("data.minibatches", fails=["check_batches_mix_anew_each_epoch"])
def shuffles_fixed_batches(x, y, batch_size, rng):
    """Batches shuffled instead of examples

    The same examples always end up in the same batch.
    """
    batches = list(_cut(x, y, batch_size))
    full, rest = batches[: len(x) // batch_size], batches[len(x) // batch_size :]
    for i in rng.permutation(len(full)):
        yield full[i]
    yield from rest


@misconception("data.minibatches", fails=["check_batches_mix_anew_each_epoch"])
def shuffles_within_batches(x, y, batch_size, rng):
    """Examples shuffled within fixed batches

    The same examples always end up in the same batch: only their order within it changes.
    """
    for xb, yb in _cut(x, y, batch_size):
        order = rng.permutation(len(xb))
        yield xb[order], yb[order]


@misconception("data.minibatches", fails=["check_batches_mix_anew_each_epoch"])
def starts_at_a_random_place(x, y, batch_size, rng):
    """Examples rotated instead of shuffled

    Neighbours in the data stay neighbours: you rotate the order instead of shuffling it.
    """
    order = np.roll(np.arange(len(x)), rng.integers(1, len(x)) if len(x) > 1 else 0)
    yield from _cut(x[order], y[order], batch_size)


@misconception("data.minibatches", fails=["check_batches_leave_the_data_alone"])
def shuffles_the_callers_arrays(x, y, batch_size, rng):
    """Caller's arrays shuffled in place

    Compare x and y before and after: you reordered your caller's rows.
    """
    order = rng.permutation(len(x))
    x[...] = x[order]
    y[...] = y[order]
    yield from _cut(x, y, batch_size)


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def shuffles_the_columns(x, y, batch_size, rng):
    """Columns shuffled instead of rows

    The pixels of each image are shuffled. Which axis runs over the examples?
    """
    order = rng.permutation(len(x))
    yield from _cut(rng.permutation(x[order], axis=1), y[order], batch_size)


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def scales_the_images(x, y, batch_size, rng):
    """Images scaled

    The values in your batches differ from those in x: minibatches should only pick rows.
    """
    order = rng.permutation(len(x))
    yield from _cut(x[order] / 255.0, y[order], batch_size)


@misconception("data.minibatches", fails=["check_batches_leave_the_data_alone"])
def loses_half_the_digits(x, y, batch_size, rng):
    """Batches in float32

    The data are float64 and your batches float32: minibatches should only pick rows.
    """
    order = rng.permutation(len(x))
    yield from _cut(x[order].astype(np.float32), y[order], batch_size)


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def centres_each_batch(x, y, batch_size, rng):
    """Batches centred

    The values in your batches differ from those in x: every column has mean zero. minibatches should only pick rows.
    """
    order = rng.permutation(len(x))
    for xb, yb in _cut(x[order], y[order], batch_size):
        yield xb - xb.mean(axis=0), yb


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def returns_after_the_first(x, y, batch_size, rng):
    """Single pair returned instead of all batches

    You return a single pair. minibatches should return all pairs: in a list, or from a generator.
    """
    order = rng.permutation(len(x))
    for xb, yb in _cut(x[order], y[order], batch_size):
        return xb, yb


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def returns_nothing(x, y, batch_size, rng):
    """minibatches returns None

    Is the list of batches returned at the end?
    """
    order = rng.permutation(len(x))
    batches = list(_cut(x[order], y[order], batch_size))
    batches.reverse()


# --- the other end of the loop --------------------------------------------------------------------------------------


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def skips_the_last_batch(x, y, batch_size, rng):
    """Last batch skipped

    The last batch of the order is missing. Where does your loop end?
    """
    order = rng.permutation(len(x))
    for i in range(1, len(x) // batch_size):
        rows = order[(i - 1) * batch_size : i * batch_size]
        yield x[rows], y[rows]


@misconception("data.minibatches", fails=["check_batches_hold_each_example_once"])
def skips_the_last_batch__range(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for start in range(0, len(x) - batch_size, batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]


#: Of these a learner may have chosen another number.
OPEN_NUMBERS = {
    "ignores_the_batch_size": 32,
    "seeds_a_generator_of_its_own": 0,
    "seeds_a_generator_of_its_own__global": 42,
    "scales_the_images": 255.0,
}
