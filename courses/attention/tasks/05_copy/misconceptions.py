"""Slips in the network that copies, each a runnable version; its docstring is the hint. Read as text, never imported."""

import numpy as np

from grader.course.misconceptions import misconception
from reference.optim import Adam
from reference.train import copy_loss


def _causal(T):
    return np.tril(np.ones((T, T), dtype=bool))


def _scored(model, x, h, mask):
    model.x = x
    return model.out.forward(model.norm.forward(model.block.forward(h, mask)))


def _back(model, dlogits):
    return model.block.backward(model.norm.backward(model.out.backward(dlogits)))


def _placed(model, dh):
    model.dplaces = np.zeros_like(model.places)
    model.dplaces[: dh.shape[1]] = dh.sum(axis=0)


def _logs(scores):
    shifted = scores - scores.max(axis=2, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))


def _loss(logits, scores, wanted, at, count):
    """Loss and gradient, where the scores at `at` are for the wanted tokens, divided by `count`."""
    logs, hits = _logs(scores), np.arange(logits.shape[2]) == wanted[:, :, None]
    dlogits = np.zeros_like(logits)
    dlogits[:, at] = (np.exp(logs) - hits) / count
    return float(-logs[hits].sum() / count), dlogits


# --- Copier ---------------------------------------------------------------------------------------------------------


@misconception("model.Copier.forward", fails=["check_copier_scores_the_next_token"])
def forgets_the_places(self, x):
    """Places not added

    Without places the same letters in another order look alike to attention, but for the mask.
    """
    return _scored(self, x, self.letters[x], _causal(x.shape[1]))


@misconception("model.Copier.forward", fails=["check_copier_scores_the_next_token"])
def looks_places_up_by_token(self, x):
    """Places looked up by token instead of position

    places[x] is the row of the token's number. Position t has the row t.
    """
    return _scored(self, x, self.letters[x] + self.places[x], _causal(x.shape[1]))


@misconception("model.Copier.forward", fails=["check_copier_scores_the_next_token"])
def forgets_the_mask(self, x):
    """No causal mask

    In training, your network sees the letter that it has to predict. When it writes, that letter is not there yet.
    """
    return _scored(self, x, self.letters[x] + self.places[: x.shape[1]], None)


@misconception("model.Copier.forward", fails=["check_copier_scores_the_next_token"])
def sees_the_future_alone(self, x):
    """Mask that shows the future instead of the past

    Row t of the mask is position t's: it may look at the columns 0 to t. np.triu shows the others.
    """
    mask = np.triu(np.ones((x.shape[1], x.shape[1]), dtype=bool))
    return _scored(self, x, self.letters[x] + self.places[: x.shape[1]], mask)


@misconception("model.Copier.forward", fails=["check_copier_scores_the_next_token"])
def hides_each_position_from_itself(self, x):
    """Mask that hides each position from itself

    Position t may look at 0..t, itself included: the input at t is known, only what follows is not.
    """
    mask = np.tril(np.ones((x.shape[1], x.shape[1]), dtype=bool), k=-1)
    return _scored(self, x, self.letters[x] + self.places[: x.shape[1]], mask)


@misconception("model.Copier.forward", fails=["check_copier_scores_the_next_token"])
def forgets_the_last_norm(self, x):
    """Last norm not used

    Between the block and the scores stands one more layer norm.
    """
    self.x = x
    T = x.shape[1]
    return self.out.forward(self.block.forward(self.letters[x] + self.places[:T], _causal(T)))


@misconception("model.Copier.backward", fails=["check_copier_backward_agrees_with_central_differences"])
def keeps_one_gradient_for_each_letter(self, dlogits):
    """Gradients of repeated letters lost

    dletters[x] += dh adds once for each letter, however often it occurs. np.add.at adds every time.
    """
    dh = _back(self, dlogits)
    self.dletters = np.zeros_like(self.letters)
    self.dletters[self.x] += dh
    _placed(self, dh)


@misconception("model.Copier.backward", fails=["check_copier_backward_agrees_with_central_differences"])
def keeps_one_gradient_for_each_letter__assigned(self, dlogits):
    dh = _back(self, dlogits)
    self.dletters = np.zeros_like(self.letters)
    self.dletters[self.x] = dh
    _placed(self, dh)


@misconception("model.Copier.backward", fails=["check_copier_backward_agrees_with_central_differences"])
def forgets_the_places_in_backward(self, dlogits):
    """dplaces left at zero

    letters[x] + places: the gradient goes to both.
    """
    dh = _back(self, dlogits)
    self.dletters, self.dplaces = np.zeros_like(self.letters), np.zeros_like(self.places)
    np.add.at(self.dletters, self.x, dh)


@misconception("model.Copier.backward", fails=["check_copier_backward_agrees_with_central_differences"])
def averages_the_places(self, dlogits):
    """dplaces averaged over the batch

    dplaces is B times too small, with B texts in the batch. The mean over the batch is in dlogits already.
    """
    dh = _back(self, dlogits)
    self.dletters, self.dplaces = np.zeros_like(self.letters), np.zeros_like(self.places)
    np.add.at(self.dletters, self.x, dh)
    self.dplaces[: dh.shape[1]] = dh.mean(axis=0)


@misconception("model.Copier.backward", fails=["check_copier_backward_agrees_with_central_differences"])
def skips_the_last_norm(self, dlogits):
    """Last norm skipped in backward

    forward went through the block, the norm and the scores. backward takes the same way in the reversed order.
    """
    dh = self.block.backward(self.out.backward(dlogits))
    self.dletters = np.zeros_like(self.letters)
    np.add.at(self.dletters, self.x, dh)
    _placed(self, dh)


# --- the loss -------------------------------------------------------------------------------------------------------


@misconception("train.copy_loss", fails=["check_copy_loss_counts_the_copied_letters"])
def forgets_to_shift(logits, tokens):
    """Scores compared with the token at the same position

    The scores at position t are for the token at t + 1. The token at t is what the network has read there.
    """
    n = logits.shape[1] // 2
    wanted = tokens[:, n : 2 * n]
    return _loss(logits, logits[:, n:], wanted, slice(n, None), wanted.size)


@misconception("train.copy_loss", fails=["check_copy_loss_counts_the_copied_letters"])
def counts_every_position(logits, tokens):
    """Loss over all positions

    The first letters are random: nobody can know them. Only those after the separator count.
    """
    wanted = tokens[:, 1:]
    return _loss(logits, logits, wanted, slice(None), wanted.size)


@misconception("train.copy_loss", fails=["check_copy_loss_counts_the_copied_letters"])
def divides_by_every_position(logits, tokens):
    """Mean over all positions instead of those that count

    Your loss is too small: it is divided by all positions, and half of them are left out of the sum.
    """
    n = logits.shape[1] // 2
    return _loss(logits, logits[:, n:], tokens[:, n + 1 :], slice(n, None), tokens[:, 1:].size)


@misconception("train.copy_loss", fails=["check_copy_loss_counts_the_copied_letters"])
def divides_by_the_batch(logits, tokens):
    """Sum over the letters instead of their mean

    Your loss is a sum over the letters: divide by the number of letters that count, in all texts.
    """
    n = logits.shape[1] // 2
    return _loss(logits, logits[:, n:], tokens[:, n + 1 :], slice(n, None), len(tokens))


@misconception("train.copy_loss", fails=["check_copy_loss_counts_the_copied_letters"])
def leaves_the_gradient_a_sum(logits, tokens):
    """Gradient not divided by the number of letters

    The loss is a mean, its gradient is that of a sum. Divide both.
    """
    n = logits.shape[1] // 2
    wanted = tokens[:, n + 1 :]
    loss, dlogits = _loss(logits, logits[:, n:], wanted, slice(n, None), wanted.size)
    return loss, dlogits * wanted.size


@misconception("train.copy_loss", fails=["check_copy_loss_counts_the_copied_letters"])
def takes_the_log_of_zero(logits, tokens):
    """Log of a probability that is 0

    For scores far apart the probability is rounded to 0, and its log is infinite. Write the log of softmax out instead.
    """
    n = logits.shape[1] // 2
    scores, wanted = logits[:, n:], tokens[:, n + 1 :]
    exps = np.exp(scores - scores.max(axis=2, keepdims=True))
    shares = exps / exps.sum(axis=2, keepdims=True)
    hits = np.arange(logits.shape[2]) == wanted[:, :, None]
    dlogits = np.zeros_like(logits)
    dlogits[:, n:] = (shares - hits) / wanted.size
    with np.errstate(divide="ignore"):
        return float(-np.log(shares[hits]).mean()), dlogits


# --- the training and the copy --------------------------------------------------------------------------------------


@misconception("train.fit", fails=["check_fit_takes_a_step_for_each_batch"])
def makes_an_optimizer_for_each_batch(model, batches, lr):
    """New Adam for each batch

    Adam remembers the gradients of earlier batches. One optimizer serves the whole training.
    """
    losses = []
    for tokens in batches:
        loss, dlogits = copy_loss(model.forward(tokens[:, :-1]), tokens)
        model.backward(dlogits)
        Adam(lr).step(model.parameters(), model.gradients())
        losses.append(loss)
    return losses


@misconception("train.fit", fails=["check_fit_takes_a_step_for_each_batch"])
def steps_against_old_gradients(model, batches, lr):
    """Step before backward

    Each step uses the gradients of the batch before. First backward, then the step.
    """
    optimizer, losses = Adam(lr), []
    for tokens in batches:
        loss, dlogits = copy_loss(model.forward(tokens[:, :-1]), tokens)
        optimizer.step(model.parameters(), model.gradients())
        model.backward(dlogits)
        losses.append(loss)
    return losses


@misconception("train.fit", fails=["check_fit_takes_a_step_for_each_batch"])
def descends_without_adam(model, batches, lr):
    """Plain gradient descent instead of Adam

    The steps are those of plain gradient descent, p -= lr * g. Adam is given in optim.py.
    """
    losses = []
    for tokens in batches:
        loss, dlogits = copy_loss(model.forward(tokens[:, :-1]), tokens)
        model.backward(dlogits)
        for p, g in zip(model.parameters(), model.gradients()):
            p -= lr * g
        losses.append(loss)
    return losses


@misconception("train.fit", fails=["check_fit_takes_a_step_for_each_batch"])
def returns_the_last_loss(model, batches, lr):
    """Last loss returned instead of all

    fit returns a list: the loss of each batch, before its step.
    """
    optimizer, loss = Adam(lr), 0.0
    for tokens in batches:
        loss, dlogits = copy_loss(model.forward(tokens[:, :-1]), tokens)
        model.backward(dlogits)
        optimizer.step(model.parameters(), model.gradients())
    return [loss]


@misconception("train.fit", fails=["check_fit_takes_a_step_for_each_batch"])
def measures_after_the_step(model, batches, lr):
    """Loss measured after the step

    The losses are those after each step. The loss before it is known already, and costs no second forward pass.
    """
    optimizer, losses = Adam(lr), []
    for tokens in batches:
        _, dlogits = copy_loss(model.forward(tokens[:, :-1]), tokens)
        model.backward(dlogits)
        optimizer.step(model.parameters(), model.gradients())
        losses.append(copy_loss(model.forward(tokens[:, :-1]), tokens)[0])
    return losses


@misconception("train.write_copy", fails=["check_copies_are_written_letter_by_letter"])
def reads_the_first_scores(model, texts):
    """Scores at the first position used

    The scores at the last position are for the next letter. Those at the first are for the second one.
    """
    n, read = texts.shape[1] - 1, texts
    for _ in range(n):
        best = model.forward(read)[:, 0].argmax(axis=1)
        read = np.concatenate([read, best[:, None]], axis=1)
    return read[:, n + 1 :]


@misconception("train.write_copy", fails=["check_copies_are_written_letter_by_letter"])
def writes_all_letters_at_once(model, texts):
    """First letter written n times

    The network has to read each letter that it wrote before it can say the next one.
    """
    best = model.forward(texts)[:, -1].argmax(axis=1)
    return np.repeat(best[:, None], texts.shape[1] - 1, axis=1)


@misconception("train.write_copy", fails=["check_copies_are_written_letter_by_letter"])
def returns_the_beginning_too(model, texts):
    """Whole text returned instead of the copy

    Return what was written behind the separator: n letters for each text.
    """
    read = texts
    for _ in range(texts.shape[1] - 1):
        best = model.forward(read)[:, -1].argmax(axis=1)
        read = np.concatenate([read, best[:, None]], axis=1)
    return read


@misconception("train.write_copy", fails=["check_copies_are_written_letter_by_letter"])
def copies_without_the_network(model, texts):
    """Letters before the separator returned

    That is the right copy, and not what the network writes. What would an untrained network write?
    """
    return texts[:, :-1].copy()
