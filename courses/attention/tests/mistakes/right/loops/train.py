import math

import numpy as np
from optim import Adam


def copy_loss(logits, tokens):
    B, T, V = logits.shape
    n = T // 2
    loss, dlogits = 0.0, np.zeros(logits.shape)
    for b in range(B):
        for t in range(n, T):
            row, wanted = logits[b, t], tokens[b, t + 1]
            top = max(row)
            total = sum(math.exp(z - top) for z in row)
            loss += math.log(total) - (row[wanted] - top)
            for c in range(V):
                dlogits[b, t, c] = (math.exp(row[c] - top) / total - (c == wanted)) / (B * n)
    return loss / (B * n), dlogits


def fit(model, batches, lr):
    adam = Adam(lr)
    losses = []
    for k, tokens in enumerate(batches):
        loss, dlogits = copy_loss(model.forward(tokens[:, :-1]), tokens)
        model.backward(dlogits)
        adam.step(model.parameters(), model.gradients())
        losses.append(loss)
        if k % 100 == 0:
            print(f"batch {k}: {loss:.3f}")
    return losses


def write_copy(model, texts):
    n = texts.shape[1] - 1
    read = np.zeros((len(texts), 2 * n + 1), dtype=int)
    read[:, : n + 1] = texts
    for t in range(n, 2 * n):
        scores = model.forward(read[:, : t + 1])
        for b in range(len(texts)):
            best = 0
            for c in range(scores.shape[2]):
                if scores[b, t, c] > scores[b, t, best]:
                    best = c
            read[b, t + 1] = best
    return read[:, n + 1 :]
