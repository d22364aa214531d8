"""Other forms of slips in the cross-entropy."""

import numpy as np

from grader.course.misconceptions import held_out
from reference.losses import softmax


def _log_p(self, logits, labels):
    self.probabilities, self.labels = softmax(logits), labels
    z = logits - logits.max(axis=1)[:, None]
    return z - np.log(np.exp(z).sum(axis=1))[:, None]


@held_out("losses.SoftmaxCrossEntropy.forward")
def adds_up_the_losses(self, logits, labels):
    log_p, total = _log_p(self, logits, labels), 0.0
    for n, y in enumerate(labels):
        total -= log_p[n, y]
    return total


@held_out("losses.SoftmaxCrossEntropy.forward")
def forgets_the_minus(self, logits, labels):
    return np.mean([row[y] for row, y in zip(_log_p(self, logits, labels), labels)])


@held_out("losses.SoftmaxCrossEntropy.forward")
def counts_in_bits(self, logits, labels):
    log_p = _log_p(self, logits, labels) * np.log2(np.e)
    return -np.mean(log_p[range(len(labels)), labels])


@held_out("losses.SoftmaxCrossEntropy.forward")
def adds_an_epsilon_in_the_log(self, logits, labels):
    _log_p(self, logits, labels)
    return sum(-np.log(p[y] + 1e-12) for p, y in zip(self.probabilities, labels)) / len(labels)


@held_out("losses.SoftmaxCrossEntropy.forward")
def takes_the_log_of_softmax(self, logits, labels):
    _log_p(self, logits, labels)
    return np.mean([-np.log(p[y]) for p, y in zip(self.probabilities, labels)])


@held_out("losses.SoftmaxCrossEntropy.forward")
def forgets_the_shift(self, logits, labels):
    _log_p(self, logits, labels)
    return np.mean([np.log(sum(np.exp(z))) - z[y] for z, y in zip(logits, labels)])


@held_out("losses.SoftmaxCrossEntropy.forward")
def averages_over_all_entries(self, logits, labels):
    log_p = _log_p(self, logits, labels)
    return -sum(row[y] for row, y in zip(log_p, labels)) / log_p.size


@held_out("losses.SoftmaxCrossEntropy.forward")
def returns_one_loss_for_each_example(self, logits, labels):
    return np.array([-row[y] for row, y in zip(_log_p(self, logits, labels), labels)])


@held_out("losses.SoftmaxCrossEntropy.forward")
def judges_by_its_own_prediction(self, logits, labels):
    return -np.mean(_log_p(self, logits, labels).max(axis=1))


@held_out("losses.SoftmaxCrossEntropy.forward")
def forgets_the_log(self, logits, labels):
    _log_p(self, logits, labels)
    return 1 - np.mean([p[y] for p, y in zip(self.probabilities, labels)])


@held_out("losses.SoftmaxCrossEntropy.backward")
def forgets_the_mean(self):
    gradient = np.array(self.probabilities)
    for n, y in enumerate(self.labels):
        gradient[n, y] -= 1
    return gradient


@held_out("losses.SoftmaxCrossEntropy.backward")
def takes_the_mean_twice(self):
    gradient, n = np.array(self.probabilities), len(self.labels)
    gradient[range(n), self.labels] -= 1
    return gradient / n**2


@held_out("losses.SoftmaxCrossEntropy.backward")
def flips_the_sign(self):
    gradient = -self.probabilities
    gradient[range(len(self.labels)), self.labels] += 1
    return gradient / len(self.labels)


@held_out("losses.SoftmaxCrossEntropy.backward")
def divides_before_it_subtracts(self):
    gradient = self.probabilities / len(self.labels)
    gradient[range(len(self.labels)), self.labels] -= 1
    return gradient


@held_out("losses.SoftmaxCrossEntropy.backward")
def keeps_the_true_class_only(self):
    onehot = np.arange(self.probabilities.shape[1]) == np.asarray(self.labels)[:, None]
    return np.where(onehot, self.probabilities - 1, 0) / len(self.labels)


@held_out("losses.SoftmaxCrossEntropy.backward")
def forgets_the_onehot(self):
    return np.divide(self.probabilities, self.probabilities.shape[0])


@held_out("losses.SoftmaxCrossEntropy.backward")
def uses_its_probabilities_up(self):
    for n, y in enumerate(self.labels):
        self.probabilities[n, y] -= 1
    return self.probabilities / len(self.labels)


@held_out("losses.SoftmaxCrossEntropy.backward")
def stops_at_the_probabilities(self):
    onehot = np.eye(self.probabilities.shape[1])[self.labels]
    return -onehot / self.probabilities / len(self.labels)


@held_out("losses.SoftmaxCrossEntropy.backward")
def divides_the_gradient_by_the_classes(self):
    gradient = self.probabilities.copy()
    gradient[range(len(self.labels)), self.labels] -= 1
    return gradient * (1 / gradient.shape[1])


@held_out("losses.SoftmaxCrossEntropy")
class makes_the_onehot_too_narrow:
    def forward(self, logits, labels):
        self.p, self.y = softmax(logits), np.eye(max(labels) + 1)[labels]
        z = logits - logits.max(axis=1, keepdims=True)
        return np.log(np.exp(z).sum(axis=1)).mean() - np.einsum("nc,nc->", z, self.y) / len(z)

    def backward(self):
        return (self.p - self.y) / len(self.y)


@held_out("losses.SoftmaxCrossEntropy")
class uses_its_probabilities_up__divided:
    def forward(self, logits, labels):
        rows, z = np.arange(len(labels)), logits - logits.max(axis=1, keepdims=True)
        self.d = softmax(logits)
        self.d[rows, labels] -= 1
        return (np.log(np.exp(z).sum(axis=1)) - z[rows, labels]).mean()

    def backward(self):
        self.d /= len(self.d)
        return self.d


@held_out("losses.SoftmaxCrossEntropy")
class counts_labels_from_one__compared:
    def forward(self, logits, labels):
        self.y = (labels[:, None] == np.arange(1, logits.shape[1] + 1)).astype(float)
        z = logits - logits.max(axis=1, keepdims=True)
        self.log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return -np.mean(np.sum(self.y * self.log_p, axis=1))

    def backward(self):
        return (np.exp(self.log_p) - self.y) / len(self.y)
