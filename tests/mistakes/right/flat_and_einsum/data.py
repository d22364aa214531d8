def minibatches(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    return [(x[part], y[part]) for part in (order[i : i + batch_size] for i in range(0, len(x), batch_size))]
