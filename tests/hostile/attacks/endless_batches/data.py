def minibatches(x, y, batch_size, rng):
    while True:
        yield x[:batch_size], y[:batch_size]
