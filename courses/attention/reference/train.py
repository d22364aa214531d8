"""Training the network to copy: after the separator it has to write the letters before it once more."""

import numpy as np

from .optim import Adam


def copy_loss(logits, tokens):
    """Mean cross-entropy of the letters after the separator, and its gradient.

    The scores at position t are for the token at t + 1. Only the last half counts: what the first letters are, nobody can know.

    logits  : (B, 2n, V) float      scores for the tokens 1 to 2n
    tokens  : (B, 2n + 1) int       n letters, the separator, the same n letters
    returns : (float, (B, 2n, V))   nats per letter that counts; dL / dlogits, zeros where nothing counts
    """
    n = logits.shape[1] // 2
    # 1. The scores that count, and the tokens that they are for.
    scores, wanted = logits[:, n:], tokens[:, n + 1 :]
    # 2. log softmax, and its entry for each wanted token.
    shifted = scores - scores.max(axis=2, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))
    hits = np.arange(logits.shape[2]) == wanted[:, :, None]
    # 3. softmax minus one-hot, divided by how many letters count.
    dlogits = np.zeros_like(logits)
    dlogits[:, n:] = (np.exp(logs) - hits) / wanted.size
    return float(-logs[hits].mean()), dlogits


def fit(model, batches, lr):
    """One step of Adam for each batch.

    model   : Copier                    changed in place
    batches : iterable of (B, 2n + 1) int   each like the tokens of copy_loss
    lr      : float
    returns : list of float             the loss of each batch, before its step
    """
    optimizer, losses = Adam(lr), []
    for tokens in batches:
        # 1. The network sees all tokens but the last, which is only asked for.
        loss, dlogits = copy_loss(model.forward(tokens[:, :-1]), tokens)
        # 2. Backward, then the step.
        model.backward(dlogits)
        optimizer.step(model.parameters(), model.gradients())
        losses.append(loss)
    return losses


def write_copy(model, texts):
    """What the network writes behind the separator, letter by letter: it reads its own letters, never the right ones.

    texts   : (B, n + 1) int   n letters and the separator
    returns : (B, n) int       at each position the token with the largest score
    """
    n, read = texts.shape[1] - 1, texts
    for _ in range(n):
        # 1. The scores at the last position are for the next token: the best one is appended, and read the next time.
        best = model.forward(read)[:, -1].argmax(axis=1)
        read = np.concatenate([read, best[:, None]], axis=1)
    return read[:, n + 1 :]
