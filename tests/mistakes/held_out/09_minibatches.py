"""Other forms of slips in handing out mini-batches; they draw in another way than the reference, too."""

import numpy as np

from grader.course.misconceptions import held_out


def _order(n, rng):
    order = np.arange(n)
    rng.shuffle(order)
    return order


@held_out("data.minibatches")
def drops_the_short_batch(x, y, batch_size, rng):
    order, batches = _order(len(x), rng), []
    while len(order) >= batch_size:
        batches.append((x[order[:batch_size]], y[order[:batch_size]]))
        order = order[batch_size:]
    return batches


@held_out("data.minibatches")
def draws_with_replacement(x, y, batch_size, rng):
    order = rng.choice(len(x), len(x), replace=True)
    return [(x[order[i : i + batch_size]], y[order[i : i + batch_size]]) for i in range(0, len(x), batch_size)]


@held_out("data.minibatches")
def shuffles_x_alone(x, y, batch_size, rng):
    mixed = np.array(x)
    rng.shuffle(mixed)
    return [(mixed[i : i + batch_size], y[i : i + batch_size]) for i in range(0, len(x), batch_size)]


@held_out("data.minibatches")
def draws_two_orders(x, y, batch_size, rng):
    one, two = _order(len(x), rng), _order(len(x), rng)
    return [(x[one[i : i + batch_size]], y[two[i : i + batch_size]]) for i in range(0, len(x), batch_size)]


@held_out("data.minibatches")
def forgets_to_shuffle(x, y, batch_size, rng):
    return list(zip(np.split(x, range(batch_size, len(x), batch_size)), np.split(y, range(batch_size, len(x), batch_size))))


@held_out("data.minibatches")
def ignores_the_generator(x, y, batch_size, rng):
    order = np.arange(len(x))
    np.random.shuffle(order)
    return [(x[order[i : i + batch_size]], y[order[i : i + batch_size]]) for i in range(0, len(x), batch_size)]


@held_out("data.minibatches")
def makes_batches_of_equal_size(x, y, batch_size, rng):
    parts = np.array_split(_order(len(x), rng), int(np.ceil(len(x) / batch_size)))
    return [(x[rows], y[rows]) for rows in parts]


@held_out("data.minibatches")
def shuffles_the_callers_arrays(x, y, batch_size, rng):
    order = _order(len(x), rng)
    x[:], y[:] = x[order], y[order]
    return [(x[i : i + batch_size], y[i : i + batch_size]) for i in range(0, len(x), batch_size)]


@held_out("data.minibatches")
def swaps_image_and_label(x, y, batch_size, rng):
    order = _order(len(x), rng)
    return [(y[order[i : i + batch_size]], x[order[i : i + batch_size]]) for i in range(0, len(x), batch_size)]


@held_out("data.minibatches")
def hands_out_one_batch_only(x, y, batch_size, rng):
    order = _order(len(x), rng)
    yield x[order[:batch_size]], y[order[:batch_size]]


@held_out("data.minibatches")
def shuffles_fixed_batches(x, y, batch_size, rng):
    starts = np.arange(0, len(x) - len(x) % batch_size, batch_size)
    rng.shuffle(starts)
    found = [(x[i : i + batch_size], y[i : i + batch_size]) for i in starts]
    rest = len(x) % batch_size
    return found + ([(x[-rest:], y[-rest:])] if rest else [])
