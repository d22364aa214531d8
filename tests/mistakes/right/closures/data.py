def minibatches(x, y, batch_size, rng):
    order = rng.permutation(x.shape[0])

    def batch(k):
        rows = order[k : k + batch_size]
        return x[rows], y[rows]

    return map(batch, range(0, len(order), batch_size))
