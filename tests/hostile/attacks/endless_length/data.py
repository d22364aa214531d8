class Batches:
    def __len__(self):
        while True:
            pass

    def __iter__(self):
        return self

    def __next__(self):
        while True:
            pass


def minibatches(x, y, batch_size, rng):
    return Batches()
