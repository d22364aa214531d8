"""Slips in a faster training, each a runnable version; its docstring is the hint. Read as text, never imported."""

import numpy as np

from grader.course.misconceptions import misconception
from reference.losses import SoftmaxCrossEntropy


class Training:
    """train_fast in parts: a slip is a subclass with another part. Biases are rows of the weights."""

    def __init__(self, model, x, y, batch_size, lr):
        self.parameters, self.y, self.batch_size, self.lr, self.n = model.parameters(), y, batch_size, lr, len(x)
        self.weights = [np.vstack(pair) for pair in zip(self.parameters[::2], self.parameters[1::2])]
        self.dtype = self.weights[0].dtype
        self.x = self.with_ones(x)
        self.spaces = {rows: self.space(rows) for rows in {min(batch_size, self.n), self.n % batch_size} - {0}}
        self.steps = [np.empty_like(W) for W in self.weights]
        self.said, self.sums, self.true = np.empty(self.n, int), np.ones((self.n, 1), self.dtype), self.empty(self.n)

    def empty(self, *shape):
        return np.empty(shape, self.dtype)

    def with_ones(self, x):
        return np.concatenate([x, np.ones((len(x), 1), self.dtype)], axis=1)

    def space(self, rows):
        inputs = [np.ones((rows, len(W)), self.dtype) for W in self.weights]
        outputs = [each[:, :-1] for each in inputs[1:]] + [self.empty(rows, self.weights[-1].shape[1])]
        return inputs, outputs, [np.empty_like(each) for each in inputs], self.empty(rows, 1), np.arange(rows)

    def epoch(self, rng):
        order = rng.permutation(self.n)
        for start in range(0, self.n, self.batch_size):
            rows = order[start : start + self.batch_size]
            self.batch(rows, slice(start, start + len(rows)))
        return float(np.mean(np.log(self.sums[:, 0]) - self.true)), float(np.mean(self.said == self.y[order]))

    def batch(self, rows, where):
        inputs, outputs, douts, column, each = self.spaces[len(rows)]
        self.take(rows, inputs)
        for k, W in enumerate(self.weights):
            self.affine(inputs[k], W, outputs[k])
            if k + 1 < len(self.weights):
                np.maximum(inputs[k + 1], 0, out=inputs[k + 1])
        self.loss(outputs[-1], self.y[rows], where, column, each)
        self.backward(inputs, douts, outputs[-1])

    def take(self, rows, inputs):
        np.take(self.x, rows, axis=0, out=inputs[0], mode="clip")

    def affine(self, x, W, out):
        np.matmul(x, W, out=out)

    def loss(self, logits, labels, where, column, each):
        logits.argmax(axis=1, out=self.said[where])
        logits.max(axis=1, keepdims=True, out=column)
        logits -= column
        self.true[where] = logits[each, labels]
        np.exp(logits, out=logits)
        np.sum(logits, axis=1, keepdims=True, out=self.sums[where])
        rate = self.rate(len(each))
        np.divide(rate, self.sums[where], out=column)
        logits *= column
        logits[each, labels] -= rate

    def rate(self, rows):
        return self.lr / rows

    def backward(self, inputs, douts, dout):
        for k in reversed(range(len(self.weights))):
            self.gradient(inputs[k], dout, self.steps[k])
            if k > 0:
                dout = self.passed_on(k, inputs, douts, dout)
            self.move(k)

    def gradient(self, x, dout, out):
        np.matmul(x.T, dout, out=out)

    def passed_on(self, k, inputs, douts, dout):
        np.matmul(dout, self.weights[k].T, out=douts[k])
        douts[k] *= inputs[k] > 0
        return douts[k][:, :-1]

    def move(self, k):
        self.weights[k] -= self.steps[k]

    def write_back(self):
        for k, W in enumerate(self.weights):
            self.parameters[2 * k][...], self.parameters[2 * k + 1][...] = W[:-1], W[-1]


def run(kind, model, data, epochs, batch_size, lr, rng, lr_decay=1.0):
    x, y, x_val, y_val = data
    training = kind(model, x, y, batch_size, lr)
    history = {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}
    for _ in range(epochs):
        loss, acc = training.epoch(rng)
        training.lr *= lr_decay
        training.write_back()
        logits = model.forward(x_val)
        history["train_loss"].append(loss)
        history["train_acc"].append(acc)
        history["val_loss"].append(SoftmaxCrossEntropy().forward(logits, y_val))
        history["val_acc"].append(float(np.mean(logits.argmax(axis=1) == y_val)))
    return history


@misconception("fast.train_fast", fails=["check_train_fast_ends_where_train_ends"])
def leaves_the_model_alone(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """Parameters not written back

    The copies that you train are not those of the model. Write them into the arrays of model.parameters(), in place.
    """

    class Forgetful(Training):
        def write_back(self):
            pass

    return run(Forgetful, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_ends_where_train_ends"])
def writes_back_at_the_end(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """Parameters written back after the last epoch alone

    val_loss is measured on the model. Your weights have to be in it at the end of each epoch.
    """
    kept = []

    class Late(Training):
        def write_back(self):
            kept[:] = [self]

    history = run(Late, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)
    for late in kept:
        Training.write_back(late)
    return history


@misconception("fast.train_fast", fails=["check_train_fast_ends_where_train_ends"])
def forgets_the_mask(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """ReLUs skipped in backward

    Every dx goes on as it is. A hidden unit that was off passes no gradient on.
    """

    class Unmasked(Training):
        def passed_on(self, k, inputs, douts, dout):
            np.matmul(dout, self.weights[k].T, out=douts[k])
            return douts[k][:, :-1]

    return run(Unmasked, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_ends_where_train_ends"])
def moves_before_it_passes_on(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """W moved before dx is computed

    dx is computed with the W of the step that follows. Pass the gradient on before you change the weights.
    """

    class Hasty(Training):
        def backward(self, inputs, douts, dout):
            for k in reversed(range(len(self.weights))):
                np.matmul(inputs[k].T, dout, out=self.steps[k])
                self.move(k)
                if k > 0:
                    dout = self.passed_on(k, inputs, douts, dout)

    return run(Hasty, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_ends_where_train_ends"])
def divides_by_the_batch_size(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """Short batch divided by batch_size

    The loss of the short last batch is a mean over its own rows. By how many is its gradient divided?
    """

    class Even(Training):
        def rate(self, rows):
            return self.lr / self.batch_size

    return run(Even, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_ends_where_train_ends"])
def leaves_out_the_short_batch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """Short last batch left out

    The buffers have batch_size rows, and the rows that are left over are not trained on. They need buffers, or views,
    of their own.
    """

    class Whole(Training):
        def batch(self, rows, where):
            if len(rows) == self.batch_size:
                super().batch(rows, where)

        def epoch(self, rng):
            self.said[:], self.sums[:], self.true[:] = -1, 1.0, 0.0
            return super().epoch(rng)

    return run(Whole, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_ends_where_train_ends"])
def keeps_old_rows(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """Rows of the batch before in the short batch

    The short last batch fills the first rows of the buffers, and the others still hold rows of the batch before. Use
    views of as many rows as there are.
    """

    class Stale(Training):
        def batch(self, rows, where):
            if len(rows) < self.batch_size <= self.n:
                x = self.spaces[self.batch_size][0][0]
                np.take(self.x, rows, axis=0, out=x[: len(rows)], mode="clip")
                self.rows_before[: len(rows)] = rows
                rows = self.rows_before
                said, sums, true = self.said, self.sums, self.true
                self.said, self.sums, self.true = (np.empty((len(rows), *a.shape[1:]), a.dtype) for a in (said, sums, true))
                super().batch(rows, slice(0, len(rows)))
                for a, b in ((said, self.said), (sums, self.sums), (true, self.true)):
                    a[where] = b[: where.stop - where.start]
                self.said, self.sums, self.true = said, sums, true
                return
            self.rows_before = rows.copy()
            super().batch(rows, where)

    return run(Stale, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_ends_where_train_ends"])
def never_shuffles(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """Rows never shuffled

    The batches are the rows as they stand, whatever the rng is. Draw a new order from it in each epoch.
    """

    class InOrder(Training):
        def epoch(self, rng):
            for start in range(0, self.n, self.batch_size):
                rows = np.arange(start, min(start + self.batch_size, self.n))
                self.batch(rows, slice(start, start + len(rows)))
            return float(np.mean(np.log(self.sums[:, 0]) - self.true)), float(np.mean(self.said == self.y))

    return run(InOrder, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_ends_where_train_ends"])
def divides_by_all_rows(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """Gradient of a batch divided by all rows

    Each batch's gradient is a mean over its own rows: how many has it?
    """

    class Diluted(Training):
        def rate(self, rows):
            return self.lr / self.n

    return run(Diluted, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_ends_where_train_ends"])
def leaves_the_biases_out(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """Biases never updated

    The weights move, the biases stay. Each b has a gradient, too: the sum of dout over the rows.
    """

    class Unbiased(Training):
        def move(self, k):
            self.weights[k][:-1] -= self.steps[k][:-1]

    return run(Unbiased, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_ends_where_train_ends"])
def cuts_off_the_logits(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """ReLU behind the last layer

    The logits may be below 0: a ReLU stands between the layers, and none behind the last.
    """

    class Cut(Training):
        def loss(self, logits, labels, where, column, each):
            np.maximum(logits, 0, out=logits)
            super().loss(logits, labels, where, column, each)

    return run(Cut, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_ends_where_train_ends"])
def leaves_out_the_rate(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """Learning rate or number of rows left out

    The logits' gradient is to carry the learning rate, lr over the number of rows. One of the two is missing.
    """

    class Unrated(Training):
        def rate(self, rows):
            return 1.0 / rows

    return run(Unrated, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_ends_where_train_ends"])
def leaves_out_the_rate__rows(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    class Summed(Training):
        def rate(self, rows):
            return self.lr

    return run(Summed, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_ends_where_train_ends"])
def applies_the_rate_twice(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """Learning rate applied twice

    The logits' gradient already carries the learning rate, and the step multiplies by it again.
    """

    class Twice(Training):
        def move(self, k):
            self.weights[k] -= self.lr * self.steps[k]

    return run(Twice, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_makes_no_product_in_vain"])
def goes_on_to_the_images(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """Gradient with respect to the images computed

    Backward computes dx of the first layer, too: the gradient with respect to the images, a third of the
    multiplications of a step. Is it used?
    """

    class Thorough(Training):
        def passed_on(self, k, inputs, douts, dout):
            if k == 1:
                back = super().passed_on(k, inputs, douts, dout)
                np.matmul(back, self.weights[0].T, out=douts[0])
                return back
            return super().passed_on(k, inputs, douts, dout)

    return run(Thorough, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_makes_no_product_in_vain"])
def multiplies_every_gradient(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """Every gradient multiplied by lr

    The learning rate multiplies as many numbers as the network has weights. Backward is linear: which array of 10
    numbers a row could carry it instead?
    """

    class Late(Training):
        def rate(self, rows):
            return 1.0 / rows

        def move(self, k):
            self.steps[k] *= self.lr
            super().move(k)

    return run(Late, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_allocates_little"])
def makes_new_gradients(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """New arrays for the gradients in every step

    Each step makes new arrays of the shape of the weights. Make them once, and let NumPy write into them with out=.
    """

    class Fresh(Training):
        def move(self, k):
            self.weights[k] -= self.steps[k].copy()

        def gradient(self, x, dout, out):
            out[...] = x.T @ dout

    return run(Fresh, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_allocates_little"])
def makes_new_batches(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """A new array for each batch

    x[rows] is a new array as large as the batch. NumPy's take with out= and mode="clip" writes into one that is there.
    """

    class Copying(Training):
        def take(self, rows, inputs):
            inputs[0] = self.x[rows]

    return run(Copying, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_allocates_little"])
def copies_the_batch_twice(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """Batch copied twice

    Each batch is copied out of the images, and copied again to get its column of ones. Give all images their column
    of ones once, before the first epoch.
    """

    class Doubling(Training):
        def take(self, rows, inputs):
            inputs[0] = self.with_ones(self.x[rows][:, :-1])

    return run(Doubling, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_makes_few_calls"])
def adds_each_bias(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """Bias added separately from the product

    Each layer needs three more calls for its bias: the addition, the sum over the rows, and the step. As one more row
    of W it needs none.
    """

    class Apart(Training):
        def affine(self, x, W, out):
            np.matmul(x[:, :-1], W[:-1], out=out)
            out += W[-1]

        def loss(self, logits, labels, where, column, each):
            self.hits = np.count_nonzero(logits.argmax(axis=1) == labels)
            super().loss(logits, labels, where, column, each)

        def gradient(self, x, dout, out):
            np.matmul(x[:, :-1].T, dout, out=out[:-1])
            np.sum(dout, axis=0, out=out[-1])

        def move(self, k):
            self.weights[k][:-1] -= self.steps[k][:-1]
            self.weights[k][-1] -= self.steps[k][-1]

    return run(Apart, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_makes_few_calls"])
def goes_through_the_rows(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """A loop over the rows

    Some calls are made for each row of a batch. One call for all rows does the same.
    """

    class Rows(Training):
        def take(self, rows, inputs):
            for k, row in enumerate(rows):
                inputs[0][k] = self.x[row]

    return run(Rows, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)


@misconception("fast.train_fast", fails=["check_train_fast_makes_few_calls"])
def measures_every_batch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """Loss and hits worked out in every batch

    Softmax is computed for the loss and again for the gradient, and each batch takes its own logarithms and means.
    Keep what the loss is made of, and take log and mean once an epoch.
    """

    class Eager(Training):
        def loss(self, logits, labels, where, column, each):
            hits = np.mean(logits.argmax(axis=1) == labels)
            loss = SoftmaxCrossEntropy()
            value = loss.forward(logits, labels)
            self.totals.append((value * len(labels), hits * len(labels)))
            logits[...] = self.rate(len(each)) * len(each) * loss.backward()

        def epoch(self, rng):
            self.totals = []
            super().epoch(rng)
            loss, hits = np.sum(self.totals, axis=0) / self.n
            return float(loss), float(hits)

    return run(Eager, model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, lr_decay)
