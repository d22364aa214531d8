class Batches:
    def __init__(self, x, y, batch_size, order):
        self.x, self.y, self.batch_size, self.order, self.at = x, y, batch_size, order, 0

    def __iter__(self):
        return self

    def __next__(self):
        rows = self.order[self.at : self.at + self.batch_size]
        if not len(rows):
            raise StopIteration
        self.at += self.batch_size
        return self.x[rows], self.y[rows]


def minibatches(x, y, batch_size, rng):
    return Batches(x, y, batch_size, rng.permutation(len(x)))
