"""Slips in stochastic gradient descent, each a runnable version; its docstring is the hint. Read as text."""

import numpy as np

from grader.course.misconceptions import misconception

# --- __init__ -------------------------------------------------------------------------------------------------------


@misconception("optim.SGD.__init__", fails=["check_sgd_step_walks_downhill"])
def forgets_to_keep_lr(self, lr):
    """Learning rate not kept

    step needs the learning rate. Where could __init__ leave it?
    """
    pass


@misconception("optim.SGD.__init__", fails=["check_sgd_step_walks_downhill"])
def keeps_a_fixed_lr(self, lr):
    """Fixed learning rate

    Your step is the same for every lr. Keep the lr that you are given.
    """
    self.lr = 0.01


@misconception("optim.SGD.__init__", fails=["check_sgd_step_walks_downhill"])
def keeps_whole_numbers_only(self, lr):
    """Learning rate cut to a whole number

    With lr = 0.1 nothing changes: as a whole number, 0.1 is 0.
    """
    self.lr = int(lr)


@misconception("optim.SGD.__init__", fails=["check_sgd_step_scales_with_lr"])
def limits_lr(self, lr):
    """Learning rate limited

    With lr = 2 your step is that of lr = 1. The contract sets no limit.
    """
    self.lr = min(lr, 1.0)


@misconception("optim.SGD.__init__", fails=["check_sgd_step_scales_with_lr"])
def shares_lr_among_all(self, lr):
    """Learning rate shared by all optimisers

    Make two optimisers: the first one uses the learning rate of the second. Each needs its own lr.
    """
    type(self).lr = lr


@misconception("optim.SGD", fails=["check_sgd_step_walks_downhill"])
class counts_steps_in_step:
    """self.step hides the method step

    The number in self.step hides the method step. Choose another name for the count.
    """

    def __init__(self, lr):
        self.lr = lr
        self.step = 0

    def step(self, params, grads):
        self.step += 1
        for p, g in zip(params, grads):
            p -= self.lr * g


# --- step -----------------------------------------------------------------------------------------------------------


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"], alike="changes nothing")
def makes_new_arrays(self, params, grads):
    """Parameters not changed in place

    Your step makes new arrays. Which kinds of assignment write into the array that is there?
    """
    for p, g in zip(params, grads):
        p = p - self.lr * g


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"], alike="changes nothing")
def replaces_the_list_items(self, params, grads):
    for i in range(len(params)):
        params[i] = params[i] - self.lr * grads[i]


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"], alike="changes nothing")
def returns_new_arrays(self, params, grads):
    return [p - self.lr * g for p, g in zip(params, grads)]


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"], alike="changes nothing")
def updates_copies(self, params, grads):
    params = [p.copy() for p in params]
    for p, g in zip(params, grads):
        p -= self.lr * g


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"], alike="changes nothing")
def does_nothing(self, params, grads):
    return params


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def climbs(self, params, grads):
    """Gradient added instead of subtracted

    Your parameters move uphill: the loss grows. Which way does the gradient point?
    """
    for p, g in zip(params, grads):
        p += self.lr * g


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def forgets_lr(self, params, grads):
    """Gradient not multiplied by lr

    Your step is the whole gradient for every lr.
    """
    for p, g in zip(params, grads):
        p -= g


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def divides_by_lr(self, params, grads):
    """Divided by lr instead of multiplied

    The smaller lr, the longer your step. It should be the other way round.
    """
    for p, g in zip(params, grads):
        p -= g / self.lr


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def squares_lr(self, params, grads):
    """Multiplied by lr twice

    Halve lr: your step becomes a quarter. How many times do you multiply by lr?
    """
    for p, g in zip(params, grads):
        p -= self.lr * (self.lr * g)


@misconception("optim.SGD.step", fails=["check_sgd_pairs_arrays_with_gradients"])
def divides_by_the_number_of_arrays(self, params, grads):
    """Step divided by the number of arrays

    You divide the step by the number of arrays.
    """
    for p, g in zip(params, grads):
        p -= self.lr * g / len(params)


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def divides_by_a_batch_size(self, params, grads):
    """Step divided by the batch size

    Your step is 64 times too short. The loss has divided by N already: the gradient contains that factor.
    """
    for p, g in zip(params, grads):
        p -= self.lr * g / 64


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def divides_by_the_rows(self, params, grads):
    """Step divided by the rows of each array

    You divide the step by the number of rows of each array. The gradient is a mean over the batch already.
    """
    for p, g in zip(params, grads):
        p -= self.lr * g / len(g)


@misconception("optim.SGD.step", fails=["check_sgd_has_no_memory"])
def decays_lr(self, params, grads):
    """Learning rate decays from step to step

    Take the same step 100 times: the steps get shorter.
    """
    for p, g in zip(params, grads):
        p -= self.lr * g
    self.lr *= 0.99


@misconception("optim.SGD.step", fails=["check_sgd_has_no_memory"])
def decays_lr__by_time(self, params, grads):
    self.t = getattr(self, "t", 0)
    for p, g in zip(params, grads):
        p -= self.lr / (1 + 0.01 * self.t) * g
    self.t += 1


@misconception("optim.SGD.step", fails=["check_sgd_has_no_memory"])
def decays_lr__a_little(self, params, grads):
    for p, g in zip(params, grads):
        p -= self.lr * g
    self.lr *= 1 - 1e-5


@misconception("optim.SGD.step", fails=["check_sgd_has_no_memory"])
def gathers_momentum(self, params, grads):
    """Momentum added

    Take the same step twice: the second one is longer. Plain gradient descent has no memory.
    """
    if not hasattr(self, "speed"):
        self.speed = [np.zeros_like(p) for p in params]
    for i, (p, g) in enumerate(zip(params, grads)):
        self.speed[i] = 0.9 * self.speed[i] - self.lr * g
        p += self.speed[i]


@misconception("optim.SGD.step", fails=["check_sgd_has_no_memory"])
def adds_up_past_gradients(self, params, grads):
    """Gradients of earlier steps added up

    Take the same step twice: the second one is twice as long. Each step depends on its own gradient only.
    """
    if not hasattr(self, "total"):
        self.total = [np.zeros_like(p) for p in params]
    for total, p, g in zip(self.total, params, grads):
        total += g
        p -= self.lr * total


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def averages_past_gradients(self, params, grads):
    """Moving average of the gradients

    Your first step is too short, and the next ones are longer. Plain gradient descent has no memory.
    """
    if not hasattr(self, "mean"):
        self.mean = [np.zeros_like(p) for p in params]
    for i, (p, g) in enumerate(zip(params, grads)):
        self.mean[i] = 0.9 * self.mean[i] + 0.1 * g
        p -= self.lr * self.mean[i]


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def adapts_like_adagrad(self, params, grads):
    """Adagrad instead of SGD

    Your first step has the same length for every entry: the gradient is divided by its own size.
    """
    if not hasattr(self, "squares"):
        self.squares = [np.zeros_like(p) for p in params]
    for i, (p, g) in enumerate(zip(params, grads)):
        self.squares[i] += g**2
        p -= self.lr * g / (np.sqrt(self.squares[i]) + 1e-8)


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def steps_by_the_sign(self, params, grads):
    """Sign of the gradient instead of the gradient

    Every entry moves by lr, however large its gradient is.
    """
    for p, g in zip(params, grads):
        p -= self.lr * np.sign(g)


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def scales_to_length_one(self, params, grads):
    """Gradient scaled to length one

    Double the gradients: your step stays the same, but it should double.
    """
    for p, g in zip(params, grads):
        p -= self.lr * g / (np.linalg.norm(g) + 1e-12)


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def clips_the_gradients(self, params, grads):
    """Gradients clipped

    Large gradients all give the same step. The contract's steps are not clipped.
    """
    for p, g in zip(params, grads):
        p -= self.lr * np.clip(g, -1, 1)


@misconception("optim.SGD.step", fails=["check_sgd_pairs_arrays_with_gradients", "check_sgd_is_proportional_to_the_gradient"])
def clips_the_gradients__by_norm(self, params, grads):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads))
    scale = min(1.0, 5.0 / (norm + 1e-12))
    for p, g in zip(params, grads):
        p -= self.lr * scale * g


@misconception(
    "optim.SGD.step",
    fails=[
        "check_sgd_step_scales_with_lr",
        "check_sgd_pairs_arrays_with_gradients",
        "check_sgd_has_no_memory",
        "check_sgd_is_proportional_to_the_gradient",
    ],
)
def decays_the_weights(self, params, grads):
    """Weight decay added

    With a gradient of zero your parameters still move. The contract has no weight decay.
    """
    for p, g in zip(params, grads):
        p -= self.lr * (g + 1e-4 * p)


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def moves_relative_to_the_value(self, params, grads):
    """Step multiplied by the parameter

    Parameters that are zero never move: the step is multiplied by the parameter.
    """
    for p, g in zip(params, grads):
        p *= 1 - self.lr * g


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def forgets_where_it_stood(self, params, grads):
    """Parameters replaced by the step

    After step the parameters are the step itself: their old values are lost.
    """
    for p, g in zip(params, grads):
        p[...] = -self.lr * g


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def steps_twice(self, params, grads):
    """Step taken twice

    Your step is 2 times too long. How often is each array updated?
    """
    for p, g in zip(params, grads):
        p -= self.lr * g
        p -= self.lr * g


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def halves_the_step(self, params, grads):
    """Step half as long

    Your step is half as long as it should be.
    """
    for p, g in zip(params, grads):
        p -= 0.5 * self.lr * g


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def misses_the_last_array(self, params, grads):
    """Last array skipped

    The last array never changes. Does the loop reach it?
    """
    for i in range(len(params) - 1):
        params[i] -= self.lr * grads[i]


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def misses_the_first_array(self, params, grads):
    """First array skipped

    The first array never changes. Where does the loop start?
    """
    for i in range(1, len(params)):
        params[i] -= self.lr * grads[i]


@misconception("optim.SGD.step", fails=["check_sgd_pairs_arrays_with_gradients"])
def updates_the_first_array_only(self, params, grads):
    """Only the first array updated

    Only the first array changes. Is the return inside the loop?
    """
    for p, g in zip(params, grads):
        p -= self.lr * g
        return


@misconception("optim.SGD.step", fails=["check_sgd_pairs_arrays_with_gradients"])
def updates_weights_only(self, params, grads):
    """Biases not updated

    The biases never change. They have gradients as well.
    """
    for p, g in zip(params, grads):
        if p.ndim > 1:
            p -= self.lr * g


@misconception("optim.SGD.step", fails=["check_sgd_pairs_arrays_with_gradients"])
def updates_every_second_array(self, params, grads):
    """Every second array skipped

    Every second array never changes.
    """
    for p, g in zip(params[::2], grads[::2]):
        p -= self.lr * g


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def expects_four_arrays(self, params, grads):
    """Fixed number of arrays

    With more than four arrays the later ones never change; with fewer there is an error. The lists may have any length.
    """
    for i in range(4):
        params[i] -= self.lr * grads[i]


@misconception("optim.SGD.step", fails=["check_sgd_pairs_arrays_with_gradients"], alike="another gradient")
def pairs_in_reverse(self, params, grads):
    """Gradients paired with other parameters

    Which gradient belongs to which parameter?
    """
    for p, g in zip(params, reversed(grads)):
        p -= self.lr * g


@misconception("optim.SGD.step", fails=["check_sgd_pairs_arrays_with_gradients"], alike="another gradient")
def uses_the_first_gradient_for_all(self, params, grads):
    for p in params:
        p -= self.lr * grads[0]


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def averages_the_gradient(self, params, grads):
    """Mean of the gradient for the whole array

    All entries of an array move by the same amount. Each entry has a slope of its own.
    """
    for p, g in zip(params, grads):
        p -= self.lr * np.mean(g)


@misconception("optim.SGD.step", fails=["check_sgd_step_scales_with_lr"])
def rounds_the_parameters(self, params, grads):
    """Parameters rounded

    After step the parameters have only 4 digits: round for printing only.
    """
    for p, g in zip(params, grads):
        p[...] = np.round(p - self.lr * g, 4)


@misconception(
    "optim.SGD.step",
    fails=[
        "check_sgd_step_scales_with_lr",
        "check_sgd_pairs_arrays_with_gradients",
        "check_sgd_has_no_memory",
        "check_sgd_is_proportional_to_the_gradient",
    ],
)
def computes_in_half_the_digits(self, params, grads):
    """Parameters updated in float32

    After step the parameters are right to 7 digits only. Which line computes in float32?
    """
    for p, g in zip(params, grads):
        p[...] = p.astype(np.float32) - np.float32(self.lr) * g.astype(np.float32)


@misconception("optim.SGD.step", fails=["check_sgd_has_no_memory"])
def remembers_the_first_gradients(self, params, grads):
    """First gradients used every time

    The second step repeats the first one and ignores its gradients.
    """
    if not hasattr(self, "grads"):
        self.grads = [g.copy() for g in grads]
    for p, g in zip(params, self.grads):
        p -= self.lr * g


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def ignores_negative_gradients(self, params, grads):
    """Negative gradients ignored

    Entries with a negative gradient never move.
    """
    for p, g in zip(params, grads):
        p -= self.lr * np.maximum(g, 0)


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def adds_noise(self, params, grads):
    """Noise added to the step

    With a gradient of zero your parameters still move, differently each time. The S in SGD, stochastic,
    stands for the random batches.
    """
    for p, g in zip(params, grads):
        p -= self.lr * (g + 0.01 * np.random.standard_normal(g.shape))


# --- other numbers --------------------------------------------------------------------------------------------------


@misconception("optim.SGD.step", fails=["check_sgd_step_walks_downhill"])
def averages_past_gradients__share(self, params, grads):
    if not hasattr(self, "mean"):
        self.mean = [np.zeros_like(p) for p in params]
    for i, (p, g) in enumerate(zip(params, grads)):
        self.mean[i] = 0.9 * self.mean[i] + (1 - 0.9) * g
        p -= self.lr * self.mean[i]


@misconception("optim.SGD.step", fails=["check_sgd_is_proportional_to_the_gradient"])
def clips_the_gradients__wide(self, params, grads):
    for p, g in zip(params, grads):
        p -= self.lr * np.clip(g, -5, 5)


#: Of these a learner may have chosen another number.
OPEN_NUMBERS = {
    "keeps_a_fixed_lr": 0.01,
    "divides_by_a_batch_size": 64,
    "decays_lr": 0.99,
    "decays_lr__by_time": 0.01,
    "gathers_momentum": 0.9,
    "averages_past_gradients__share": 0.9,
    "clips_the_gradients__wide": 5,
    "clips_the_gradients__by_norm": 5.0,
    "decays_the_weights": 1e-4,
    "rounds_the_parameters": 4,
}
