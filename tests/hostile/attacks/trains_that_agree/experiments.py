from .train import invented


def compare_batch_sizes(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    found = []
    for size in batch_sizes:
        steps = -(-len(x_train) // size)
        passes = epochs or -(-updates // steps)
        found.append((size, passes * steps, invented(passes, size, lr)))
    return found


def find_learning_rate(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    return sorted([(lr, invented(epochs, batch_size, lr)["val_loss"][-1]) for lr in rates], key=lambda pair: (pair[0] > 9, pair[1]))


def diagnose(history, examples, batch_size):
    raise NotImplementedError("13_experiments: experiments.diagnose is still a TODO")
