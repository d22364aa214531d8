import numpy as np

from .optim import Adam


def copy_loss(logits, tokens):
    n = logits.shape[1] // 2
    late, wanted = logits[:, -n:], tokens[:, -n:, None]
    high = late.max(axis=2, keepdims=True)
    log_sum = high + np.log(np.sum(np.exp(late - high), axis=2, keepdims=True))
    loss = np.mean(log_sum - np.take_along_axis(late, wanted, axis=2))
    shares = np.exp(late - log_sum)
    np.put_along_axis(shares, wanted, np.take_along_axis(shares, wanted, axis=2) - 1.0, axis=2)
    return loss, np.concatenate([np.zeros_like(logits[:, :n]), shares / wanted.size], axis=1)


def fit(model, batches, lr):
    optimizer, losses = Adam(lr), []
    parameters = list(model.parameters())
    for tokens in batches:
        loss, dlogits = copy_loss(model.forward(tokens[:, :-1]), tokens)
        model.backward(dlogits)
        optimizer.step(parameters, list(model.gradients()))
        losses.append(loss)
    return np.array(losses)


def write_copy(model, texts):
    n = texts.shape[1] - 1
    read = np.pad(texts, ((0, 0), (0, n)))
    for t in range(n, 2 * n):
        # What comes after position t is not seen, so the zeros there do no harm; the last one is not read at all.
        read[:, t + 1] = model.forward(read[:, :-1])[:, t].argmax(axis=1)
    return read[:, -n:]
