"""Slips in experiments, each a runnable version; its docstring is the hint. Read as text."""

import numpy as np

from grader.course.misconceptions import misconception
from reference.network import MLP
from reference.train import train

CLASSES = 10


# --- batch sizes -----------------------------------------------------------------------------------------------------


@misconception("experiments.compare_batch_sizes", fails=["check_compare_at_equal_epochs"])
def shares_one_generator(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    """One generator for all runs

    The second run starts from a different network from the first. Make a new generator for every run.
    """
    runs = []
    rng = np.random.default_rng(seed)
    for batch_size in batch_sizes:
        in_an_epoch = -(-len(x_train) // batch_size)
        passes = epochs if updates is None else -(-updates // in_an_epoch)
        settings = {"epochs": passes, "batch_size": batch_size, "lr": lr, "rng": rng}
        history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        runs.append((batch_size, passes * in_an_epoch, history))
    return runs


@misconception("experiments.compare_batch_sizes", fails=["check_compare_at_equal_epochs"])
def trains_one_network_on(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    """One network trained on through all runs

    The second run begins where the first one ended. Make a new network for every run.
    """
    runs = []
    model = MLP(sizes, np.random.default_rng(seed))
    for batch_size in batch_sizes:
        in_an_epoch = -(-len(x_train) // batch_size)
        passes = epochs if updates is None else -(-updates // in_an_epoch)
        rng = np.random.default_rng(seed)
        settings = {"epochs": passes, "batch_size": batch_size, "lr": lr, "rng": rng}
        history = train(model, x_train, y_train, x_val, y_val, **settings)
        runs.append((batch_size, passes * in_an_epoch, history))
    return runs


@misconception("experiments.compare_batch_sizes", fails=["check_compare_at_equal_epochs"])
def seeds_the_batches_anew(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    """Different generators for the network and its training

    Training should go on with the generator that drew the network. Yours makes a second one from the same seed.
    """
    runs = []
    for batch_size in batch_sizes:
        in_an_epoch = -(-len(x_train) // batch_size)
        passes = epochs if updates is None else -(-updates // in_an_epoch)
        rng = np.random.default_rng(seed)
        settings = {"epochs": passes, "batch_size": batch_size, "lr": lr, "rng": np.random.default_rng(seed)}
        history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        runs.append((batch_size, passes * in_an_epoch, history))
    return runs


@misconception("experiments.compare_batch_sizes", fails=["check_compare_at_equal_epochs"])
def leaves_the_short_batch_uncounted(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    """Short last batch not counted

    500 images in batches of 64 are 7 whole batches and one of 52. How many updates do they make?
    """
    runs = []
    for batch_size in batch_sizes:
        in_an_epoch = len(x_train) // batch_size
        passes = epochs if updates is None else -(-updates // max(1, in_an_epoch))
        rng = np.random.default_rng(seed)
        settings = {"epochs": passes, "batch_size": batch_size, "lr": lr, "rng": rng}
        history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        runs.append((batch_size, passes * in_an_epoch, history))
    return runs


@misconception("experiments.compare_batch_sizes", fails=["check_compare_at_equal_epochs"])
def counts_examples(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    """Examples counted instead of updates

    An update is one step of the optimiser. How many examples does one step look at?
    """
    runs = []
    for batch_size in batch_sizes:
        in_an_epoch = -(-len(x_train) // batch_size)
        passes = epochs if updates is None else -(-updates // in_an_epoch)
        rng = np.random.default_rng(seed)
        settings = {"epochs": passes, "batch_size": batch_size, "lr": lr, "rng": rng}
        history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        runs.append((batch_size, passes * len(x_train), history))
    return runs


@misconception("experiments.compare_batch_sizes", fails=["check_compare_at_equal_epochs"])
def counts_epochs(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    """Epochs counted instead of updates

    How many steps of the optimiser does one epoch have?
    """
    runs = []
    for batch_size in batch_sizes:
        in_an_epoch = -(-len(x_train) // batch_size)
        passes = epochs if updates is None else -(-updates // in_an_epoch)
        rng = np.random.default_rng(seed)
        settings = {"epochs": passes, "batch_size": batch_size, "lr": lr, "rng": rng}
        history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        runs.append((batch_size, passes, history))
    return runs


@misconception("experiments.compare_batch_sizes", fails=["check_compare_at_equal_updates"])
def rounds_the_epochs_down(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    """Number of epochs rounded down

    9 updates are asked for, and an epoch has 2. Are 4 epochs enough?
    """
    runs = []
    for batch_size in batch_sizes:
        in_an_epoch = -(-len(x_train) // batch_size)
        passes = epochs if updates is None else max(1, updates // in_an_epoch)
        rng = np.random.default_rng(seed)
        settings = {"epochs": passes, "batch_size": batch_size, "lr": lr, "rng": rng}
        history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        runs.append((batch_size, passes * in_an_epoch, history))
    return runs


@misconception("experiments.compare_batch_sizes", fails=["check_compare_at_equal_updates"])
def takes_updates_for_epochs(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    """Updates taken for epochs

    With updates=9, how many updates does each run make?
    """
    runs = []
    for batch_size in batch_sizes:
        in_an_epoch = -(-len(x_train) // batch_size)
        passes = epochs if updates is None else updates
        rng = np.random.default_rng(seed)
        settings = {"epochs": passes, "batch_size": batch_size, "lr": lr, "rng": rng}
        history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        runs.append((batch_size, passes * in_an_epoch, history))
    return runs


@misconception("experiments.compare_batch_sizes", fails=["check_compare_at_equal_updates"])
def returns_the_updates_asked_for(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    """Requested instead of actual number of updates returned

    Whole epochs may make more updates than were asked for. Which number do you return?
    """
    runs = []
    for batch_size in batch_sizes:
        in_an_epoch = -(-len(x_train) // batch_size)
        passes = epochs if updates is None else -(-updates // in_an_epoch)
        rng = np.random.default_rng(seed)
        settings = {"epochs": passes, "batch_size": batch_size, "lr": lr, "rng": rng}
        history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        runs.append((batch_size, passes * in_an_epoch if updates is None else updates, history))
    return runs


@misconception("experiments.compare_batch_sizes", fails=["check_compare_at_equal_epochs"])
def counts_a_batch_too_many(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    """One batch too many where the batch size divides N

    500 images in batches of 250: is there a third batch?
    """
    runs = []
    for batch_size in batch_sizes:
        in_an_epoch = len(x_train) // batch_size + 1
        passes = epochs if updates is None else -(-updates // in_an_epoch)
        rng = np.random.default_rng(seed)
        settings = {"epochs": passes, "batch_size": batch_size, "lr": lr, "rng": rng}
        history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        runs.append((batch_size, passes * in_an_epoch, history))
    return runs


@misconception("experiments.compare_batch_sizes", fails=["check_compare_at_equal_epochs"])
def draws_from_a_constant_seed(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    """Constant seed instead of the argument

    The argument seed decides which network is drawn. Which seed do your generators get?
    """
    runs = []
    for batch_size in batch_sizes:
        in_an_epoch = -(-len(x_train) // batch_size)
        passes = epochs if updates is None else -(-updates // in_an_epoch)
        rng = np.random.default_rng(0)
        settings = {"epochs": passes, "batch_size": batch_size, "lr": lr, "rng": rng}
        history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        runs.append((batch_size, passes * in_an_epoch, history))
    return runs


@misconception("experiments.compare_batch_sizes", fails=["check_compare_at_equal_updates"])
def trains_an_epoch_too_many(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    """One epoch too many where the updates come out even

    8 updates are asked for, and an epoch has 2. How many epochs are needed?
    """
    runs = []
    for batch_size in batch_sizes:
        in_an_epoch = -(-len(x_train) // batch_size)
        passes = epochs if updates is None else updates // in_an_epoch + 1
        rng = np.random.default_rng(seed)
        settings = {"epochs": passes, "batch_size": batch_size, "lr": lr, "rng": rng}
        history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        runs.append((batch_size, passes * in_an_epoch, history))
    return runs


@misconception("experiments.compare_batch_sizes", fails=["check_compare_at_equal_epochs"])
def counts_validation_batches(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    """Batches of the validation set counted

    An update is made for a batch of images to train on. How many of these are there?
    """
    runs = []
    for batch_size in batch_sizes:
        in_an_epoch = -(-len(x_val) // batch_size)
        passes = epochs if updates is None else -(-updates // in_an_epoch)
        rng = np.random.default_rng(seed)
        settings = {"epochs": passes, "batch_size": batch_size, "lr": lr, "rng": rng}
        history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        runs.append((batch_size, passes * in_an_epoch, history))
    return runs


# --- learning rates --------------------------------------------------------------------------------------------------


@misconception("experiments.find_learning_rate", fails=["check_learning_rate_is_ranked_by_validation_loss"])
def ranks_by_training_loss(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    """Training loss in place of validation loss

    Which loss tells how the network does on images that it has not learned from?
    """
    found = []
    for lr in rates:
        rng = np.random.default_rng(seed)
        settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "rng": rng}
        with np.errstate(all="ignore"):
            history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        found.append((lr, history["train_loss"][-1]))
    return sorted(found, key=lambda pair: (not np.isfinite(pair[1]), pair[1]))


@misconception("experiments.find_learning_rate", fails=["check_learning_rate_is_ranked_by_validation_loss"])
def ranks_by_validation_accuracy(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    """Validation accuracy in place of validation loss

    A larger accuracy is better; a larger loss is worse. Which of the two is asked for?
    """
    found = []
    for lr in rates:
        rng = np.random.default_rng(seed)
        settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "rng": rng}
        with np.errstate(all="ignore"):
            history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        found.append((lr, history["val_acc"][-1]))
    return sorted(found, key=lambda pair: (not np.isfinite(pair[1]), pair[1]))


@misconception("experiments.find_learning_rate", fails=["check_learning_rate_is_ranked_by_validation_loss"])
def takes_the_first_epoch(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    """Loss of the first epoch instead of the last

    A history has one entry per epoch. Which one is the end of training?
    """
    found = []
    for lr in rates:
        rng = np.random.default_rng(seed)
        settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "rng": rng}
        with np.errstate(all="ignore"):
            history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        found.append((lr, history["val_loss"][0]))
    return sorted(found, key=lambda pair: (not np.isfinite(pair[1]), pair[1]))


@misconception("experiments.find_learning_rate", fails=["check_learning_rate_is_ranked_by_validation_loss"])
def puts_the_largest_loss_first(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    """Largest loss first

    The best rate comes first, and you put the largest loss first.
    """
    found = []
    for lr in rates:
        rng = np.random.default_rng(seed)
        settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "rng": rng}
        with np.errstate(all="ignore"):
            history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        found.append((lr, history["val_loss"][-1]))
    return sorted(found, key=lambda pair: (not np.isfinite(pair[1]), -pair[1]))


@misconception("experiments.find_learning_rate", fails=["check_learning_rate_is_ranked_by_validation_loss"])
def leaves_the_rates_in_order(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    """Rates not sorted by their loss

    Your rates come as they were given, or by their size. The one with the smallest loss should come first.
    """
    found = []
    for lr in rates:
        rng = np.random.default_rng(seed)
        settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "rng": rng}
        with np.errstate(all="ignore"):
            history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        found.append((lr, history["val_loss"][-1]))
    return found


@misconception("experiments.find_learning_rate", fails=["check_learning_rate_puts_nan_last"])
def sorts_nan_like_a_number(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    """nan sorted like a number

    With nan, < and > are always False, so sorting leaves it in the middle of the list.
    """
    found = []
    for lr in rates:
        rng = np.random.default_rng(seed)
        settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "rng": rng}
        with np.errstate(all="ignore"):
            history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        found.append((lr, history["val_loss"][-1]))
    return sorted(found, key=lambda pair: pair[1])


@misconception("experiments.find_learning_rate", fails=["check_learning_rate_puts_nan_last"])
def leaves_out_what_diverged(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    """Rates that end in nan left out

    A rate at which training diverges is a result, too. How many pairs do you return for four rates?
    """
    found = []
    for lr in rates:
        rng = np.random.default_rng(seed)
        settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "rng": rng}
        with np.errstate(all="ignore"):
            history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        if np.isfinite(history["val_loss"][-1]):
            found.append((lr, history["val_loss"][-1]))
    return sorted(found, key=lambda pair: (not np.isfinite(pair[1]), pair[1]))


@misconception("experiments.find_learning_rate", fails=["check_learning_rate_is_ranked_by_validation_loss"])
def shares_one_generator_between_rates(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    """One generator for all rates

    The second rate starts from a different network from the first. Make a new generator for every rate.
    """
    found = []
    rng = np.random.default_rng(seed)
    for lr in rates:
        settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "rng": rng}
        with np.errstate(all="ignore"):
            history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        found.append((lr, history["val_loss"][-1]))
    return sorted(found, key=lambda pair: (not np.isfinite(pair[1]), pair[1]))


@misconception("experiments.find_learning_rate", fails=["check_learning_rate_is_ranked_by_validation_loss"])
def trains_one_network_at_all_rates(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    """One network trained on at all rates

    The second rate begins where the first one ended. Make a new network for every rate.
    """
    found = []
    model = MLP(sizes, np.random.default_rng(seed))
    for lr in rates:
        rng = np.random.default_rng(seed)
        settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "rng": rng}
        with np.errstate(all="ignore"):
            history = train(model, x_train, y_train, x_val, y_val, **settings)
        found.append((lr, history["val_loss"][-1]))
    return sorted(found, key=lambda pair: (not np.isfinite(pair[1]), pair[1]))


@misconception("experiments.find_learning_rate", fails=["check_learning_rate_is_ranked_by_validation_loss"])
def draws_from_a_constant_seed_at_all_rates(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    """Constant seed at all rates instead of the argument

    The argument seed decides which network is drawn. Which seed do your generators get?
    """
    found = []
    for lr in rates:
        rng = np.random.default_rng(0)
        settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "rng": rng}
        with np.errstate(all="ignore"):
            history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        found.append((lr, history["val_loss"][-1]))
    return sorted(found, key=lambda pair: (not np.isfinite(pair[1]), pair[1]))


@misconception("experiments.find_learning_rate", fails=["check_learning_rate_is_ranked_by_validation_loss"])
def takes_the_best_epoch(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    """Smallest loss of all epochs instead of the last

    A training may have been better before it ended. Which entry of val_loss is asked for?
    """
    found = []
    for lr in rates:
        rng = np.random.default_rng(seed)
        settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "rng": rng}
        with np.errstate(all="ignore"):
            history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        found.append((lr, min(history["val_loss"])))
    return sorted(found, key=lambda pair: (not np.isfinite(pair[1]), pair[1]))


@misconception("experiments.find_learning_rate", fails=["check_learning_rate_is_ranked_by_validation_loss"])
def returns_the_best_rate_alone(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    """Best rate alone, without the others

    One pair for each rate is asked for, the best one first. What does your function return?
    """
    found = []
    for lr in rates:
        rng = np.random.default_rng(seed)
        settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "rng": rng}
        with np.errstate(all="ignore"):
            history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        found.append((lr, history["val_loss"][-1]))
    return min(found, key=lambda pair: (not np.isfinite(pair[1]), pair[1]))


@misconception("experiments.find_learning_rate", fails=["check_learning_rate_puts_nan_last"])
def puts_nan_first(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    """nan put first

    False comes before True in a sort. What is your key for a loss that is a number?
    """
    found = []
    for lr in rates:
        rng = np.random.default_rng(seed)
        settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "rng": rng}
        with np.errstate(all="ignore"):
            history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        found.append((lr, history["val_loss"][-1]))
    return sorted(found, key=lambda pair: (np.isfinite(pair[1]), pair[1]))


@misconception("experiments.find_learning_rate", fails=["check_learning_rate_is_ranked_by_validation_loss"])
def takes_the_mean_of_all_epochs(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    """Mean loss of all epochs instead of the last

    The first epochs are those of a network that has hardly learned. Which entry of val_loss is asked for?
    """
    found = []
    for lr in rates:
        rng = np.random.default_rng(seed)
        settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "rng": rng}
        with np.errstate(all="ignore"):
            history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        found.append((lr, float(np.mean(history["val_loss"]))))
    return sorted(found, key=lambda pair: (not np.isfinite(pair[1]), pair[1]))


@misconception("experiments.find_learning_rate", fails=["check_learning_rate_is_ranked_by_validation_loss"])
def puts_the_loss_before_the_rate(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    """Loss and rate in the other order within each pair

    A pair is (lr, val_loss). Which of the two comes first in yours?
    """
    found = []
    for lr in rates:
        rng = np.random.default_rng(seed)
        settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "rng": rng}
        with np.errstate(all="ignore"):
            history = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)
        found.append((history["val_loss"][-1], lr))
    return sorted(found, key=lambda pair: (not np.isfinite(pair[0]), pair[0]))


# --- what a training came to -----------------------------------------------------------------------------------------


@misconception("experiments.diagnose", fails=["check_diagnose_tells_failures"])
def misses_nan(history, examples, batch_size):
    """nan not counted as diverged

    nan > 4.6 is False, and so is nan < 4.6. Which function tells whether a value is finite?
    """
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][-1], history["val_acc"][-1]
    guessing, gap = np.log(CLASSES), train_acc - val_acc
    if losses[-1] > 2 * guessing:
        return "diverged"
    steps = len(losses) * -(-examples // batch_size)
    if steps >= 300 and train_acc < 2 / CLASSES and abs(losses[-1] - guessing) <= 0.05 * guessing:
        return "optimization failure"
    if train_acc >= 0.95 and gap >= 0.13:
        return "overfitting"
    if train_acc < 0.9 and gap < 0.1 and losses[-1] < losses[-2]:
        return "underfitting"
    return "healthy"


@misconception("experiments.diagnose", fails=["check_diagnose_tells_failures"])
def looks_for_nan_alone(history, examples, batch_size):
    """Finite losses never called diverged

    A loss of 12 is finite, and far above that of guessing. Which rule applies to it?
    """
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][-1], history["val_acc"][-1]
    guessing, gap = np.log(CLASSES), train_acc - val_acc
    if not all(np.isfinite(curve).all() for curve in history.values()):
        return "diverged"
    steps = len(losses) * -(-examples // batch_size)
    if steps >= 300 and train_acc < 2 / CLASSES and abs(losses[-1] - guessing) <= 0.05 * guessing:
        return "optimization failure"
    if train_acc >= 0.95 and gap >= 0.13:
        return "overfitting"
    if train_acc < 0.9 and gap < 0.1 and losses[-1] < losses[-2]:
        return "underfitting"
    return "healthy"


@misconception("experiments.diagnose", fails=["check_diagnose_tells_failures"])
def ignores_the_updates(history, examples, batch_size):
    """Number of updates ignored

    After six updates a network may still be close to chance. Is it a failure before 300 updates?
    """
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][-1], history["val_acc"][-1]
    guessing, gap = np.log(CLASSES), train_acc - val_acc
    if not all(np.isfinite(curve).all() for curve in history.values()) or losses[-1] > 2 * guessing:
        return "diverged"
    if train_acc < 2 / CLASSES and abs(losses[-1] - guessing) <= 0.05 * guessing:
        return "optimization failure"
    if train_acc >= 0.95 and gap >= 0.13:
        return "overfitting"
    if train_acc < 0.9 and gap < 0.1 and losses[-1] < losses[-2]:
        return "underfitting"
    return "healthy"


@misconception("experiments.diagnose", fails=["check_diagnose_tells_failures"])
def takes_examples_for_updates(history, examples, batch_size):
    """Examples counted as updates

    One update looks at a whole batch. How many updates are six epochs of 349 images in one batch?
    """
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][-1], history["val_acc"][-1]
    guessing, gap = np.log(CLASSES), train_acc - val_acc
    if not all(np.isfinite(curve).all() for curve in history.values()) or losses[-1] > 2 * guessing:
        return "diverged"
    if len(losses) * examples >= 300 and train_acc < 2 / CLASSES and abs(losses[-1] - guessing) <= 0.05 * guessing:
        return "optimization failure"
    if train_acc >= 0.95 and gap >= 0.13:
        return "overfitting"
    if train_acc < 0.9 and gap < 0.1 and losses[-1] < losses[-2]:
        return "underfitting"
    return "healthy"


@misconception("experiments.diagnose", fails=["check_diagnose_tells_failures"])
def misses_failures(history, examples, batch_size):
    """Optimization failure never found

    A network at chance after 300 updates is an optimization failure. Count the updates of all epochs.
    """
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][-1], history["val_acc"][-1]
    guessing, gap = np.log(CLASSES), train_acc - val_acc
    if not all(np.isfinite(curve).all() for curve in history.values()) or losses[-1] > 2 * guessing:
        return "diverged"
    if train_acc >= 0.95 and gap >= 0.13:
        return "overfitting"
    if train_acc < 0.9 and gap < 0.1 and losses[-1] < losses[-2]:
        return "underfitting"
    return "healthy"


@misconception("experiments.diagnose", fails=["check_diagnose_tells_failures"])
def misses_failures__epochs(history, examples, batch_size):
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][-1], history["val_acc"][-1]
    guessing, gap = np.log(CLASSES), train_acc - val_acc
    if not all(np.isfinite(curve).all() for curve in history.values()) or losses[-1] > 2 * guessing:
        return "diverged"
    steps = len(losses)
    if steps >= 300 and train_acc < 2 / CLASSES and abs(losses[-1] - guessing) <= 0.05 * guessing:
        return "optimization failure"
    if train_acc >= 0.95 and gap >= 0.13:
        return "overfitting"
    if train_acc < 0.9 and gap < 0.1 and losses[-1] < losses[-2]:
        return "underfitting"
    return "healthy"


@misconception("experiments.diagnose", fails=["check_diagnose_tells_failures"])
def counts_whole_batches_alone(history, examples, batch_size):
    """Short last batch not counted as an update

    349 images in batches of 7 are 49 whole batches and one of 6. How many updates are there in an epoch?
    """
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][-1], history["val_acc"][-1]
    guessing, gap = np.log(CLASSES), train_acc - val_acc
    if not all(np.isfinite(curve).all() for curve in history.values()) or losses[-1] > 2 * guessing:
        return "diverged"
    steps = len(losses) * (examples // batch_size)
    if steps >= 300 and train_acc < 2 / CLASSES and abs(losses[-1] - guessing) <= 0.05 * guessing:
        return "optimization failure"
    if train_acc >= 0.95 and gap >= 0.13:
        return "overfitting"
    if train_acc < 0.9 and gap < 0.1 and losses[-1] < losses[-2]:
        return "underfitting"
    return "healthy"


@misconception("experiments.diagnose", fails=["check_diagnose_tells_failures"])
def misses_failures__one_epoch(history, examples, batch_size):
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][-1], history["val_acc"][-1]
    guessing, gap = np.log(CLASSES), train_acc - val_acc
    if not all(np.isfinite(curve).all() for curve in history.values()) or losses[-1] > 2 * guessing:
        return "diverged"
    steps = -(-examples // batch_size)
    if steps >= 300 and train_acc < 2 / CLASSES and abs(losses[-1] - guessing) <= 0.05 * guessing:
        return "optimization failure"
    if train_acc >= 0.95 and gap >= 0.13:
        return "overfitting"
    if train_acc < 0.9 and gap < 0.1 and losses[-1] < losses[-2]:
        return "underfitting"
    return "healthy"


@misconception("experiments.diagnose", fails=["check_diagnose_tells_how_it_fits"])
def overfits_at_any_gap(history, examples, batch_size):
    """Any gap taken for overfitting

    Nearly every network does a little better on its training images. How large does the gap have to be?
    """
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][-1], history["val_acc"][-1]
    guessing, gap = np.log(CLASSES), train_acc - val_acc
    if not all(np.isfinite(curve).all() for curve in history.values()) or losses[-1] > 2 * guessing:
        return "diverged"
    steps = len(losses) * -(-examples // batch_size)
    if steps >= 300 and train_acc < 2 / CLASSES and abs(losses[-1] - guessing) <= 0.05 * guessing:
        return "optimization failure"
    if gap > 0:
        return "overfitting"
    if train_acc < 0.9 and gap < 0.1 and losses[-1] < losses[-2]:
        return "underfitting"
    return "healthy"


@misconception("experiments.diagnose", fails=["check_diagnose_tells_how_it_fits"])
def judges_by_validation_accuracy(history, examples, batch_size):
    """Validation accuracy alone

    A network with 80 % on new images may have learned too little or too much. Which other accuracy tells the two apart?
    """
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][-1], history["val_acc"][-1]
    guessing = np.log(CLASSES)
    if not all(np.isfinite(curve).all() for curve in history.values()) or losses[-1] > 2 * guessing:
        return "diverged"
    steps = len(losses) * -(-examples // batch_size)
    if steps >= 300 and train_acc < 2 / CLASSES and abs(losses[-1] - guessing) <= 0.05 * guessing:
        return "optimization failure"
    if val_acc < 0.85:
        return "underfitting"
    return "healthy"


@misconception("experiments.diagnose", fails=["check_diagnose_tells_how_it_fits"])
def misses_overfitting(history, examples, batch_size):
    """Overfitting never found

    99 % of the training images right and 82 % of others: how large is the gap, and is that overfitting?
    """
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][-1], history["val_acc"][-1]
    guessing, gap = np.log(CLASSES), train_acc - val_acc
    if not all(np.isfinite(curve).all() for curve in history.values()) or losses[-1] > 2 * guessing:
        return "diverged"
    steps = len(losses) * -(-examples // batch_size)
    if steps >= 300 and train_acc < 2 / CLASSES and abs(losses[-1] - guessing) <= 0.05 * guessing:
        return "optimization failure"
    if train_acc < 0.9 and gap < 0.1 and losses[-1] < losses[-2]:
        return "underfitting"
    return "healthy"


@misconception("experiments.diagnose", fails=["check_diagnose_tells_how_it_fits"])
def looks_at_the_first_epoch(history, examples, batch_size):
    """First epoch judged instead of the last

    The result of a training is the end of its curves. Which entries do you read?
    """
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][0], history["val_acc"][0]
    guessing, gap = np.log(CLASSES), train_acc - val_acc
    if not all(np.isfinite(curve).all() for curve in history.values()) or losses[-1] > 2 * guessing:
        return "diverged"
    steps = len(losses) * -(-examples // batch_size)
    if steps >= 300 and train_acc < 2 / CLASSES and abs(losses[-1] - guessing) <= 0.05 * guessing:
        return "optimization failure"
    if train_acc >= 0.95 and gap >= 0.13:
        return "overfitting"
    if train_acc < 0.9 and gap < 0.1 and losses[-1] < losses[-2]:
        return "underfitting"
    return "healthy"


@misconception("experiments.diagnose", fails=["check_diagnose_tells_how_it_fits"])
def misses_overfitting__gap_turned_around(history, examples, batch_size):
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][-1], history["val_acc"][-1]
    guessing, gap = np.log(CLASSES), val_acc - train_acc
    if not all(np.isfinite(curve).all() for curve in history.values()) or losses[-1] > 2 * guessing:
        return "diverged"
    steps = len(losses) * -(-examples // batch_size)
    if steps >= 300 and train_acc < 2 / CLASSES and abs(losses[-1] - guessing) <= 0.05 * guessing:
        return "optimization failure"
    if train_acc >= 0.95 and gap >= 0.13:
        return "overfitting"
    if train_acc < 0.9 and gap < 0.1 and losses[-1] < losses[-2]:
        return "underfitting"
    return "healthy"


@misconception("experiments.diagnose", fails=["check_diagnose_tells_how_it_fits"])
def takes_another_logarithm(history, examples, batch_size):
    """Diverged from a loss of 2 on instead of 2 ln 10

    Guessing among ten classes costs ln 10 = 2.303 nats, and twice that is 4.6. Is your logarithm of 10 the natural one?
    """
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][-1], history["val_acc"][-1]
    guessing, gap = np.log10(CLASSES), train_acc - val_acc
    if not all(np.isfinite(curve).all() for curve in history.values()) or losses[-1] > 2 * guessing:
        return "diverged"
    steps = len(losses) * -(-examples // batch_size)
    if steps >= 300 and train_acc < 2 / CLASSES and abs(losses[-1] - guessing) <= 0.05 * guessing:
        return "optimization failure"
    if train_acc >= 0.95 and gap >= 0.13:
        return "overfitting"
    if train_acc < 0.9 and gap < 0.1 and losses[-1] < losses[-2]:
        return "underfitting"
    return "healthy"


@misconception("experiments.diagnose", fails=["check_diagnose_tells_failures"])
def misses_divergence(history, examples, batch_size):
    """Diverged never found

    The first rule covers nan, inf, and losses far above that of guessing. Is it in your code?
    """
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][-1], history["val_acc"][-1]
    guessing, gap = np.log(CLASSES), train_acc - val_acc
    steps = len(losses) * -(-examples // batch_size)
    if steps >= 300 and train_acc < 2 / CLASSES and abs(losses[-1] - guessing) <= 0.05 * guessing:
        return "optimization failure"
    if train_acc >= 0.95 and gap >= 0.13:
        return "overfitting"
    if train_acc < 0.9 and gap < 0.1 and losses[-1] < losses[-2]:
        return "underfitting"
    return "healthy"


@misconception("experiments.diagnose", fails=["check_diagnose_tells_failures"])
def looks_for_underfitting_first(history, examples, batch_size):
    """Underfitting tested before optimization failure

    A loss that still falls a little meets the rule of underfitting, too. Which of the two rules excludes the other?
    """
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][-1], history["val_acc"][-1]
    guessing, gap = np.log(CLASSES), train_acc - val_acc
    if not all(np.isfinite(curve).all() for curve in history.values()) or losses[-1] > 2 * guessing:
        return "diverged"
    steps = len(losses) * -(-examples // batch_size)
    if train_acc < 0.9 and gap < 0.1 and losses[-1] < losses[-2]:
        return "underfitting"
    if steps >= 300 and train_acc < 2 / CLASSES and abs(losses[-1] - guessing) <= 0.05 * guessing:
        return "optimization failure"
    if train_acc >= 0.95 and gap >= 0.13:
        return "overfitting"
    return "healthy"


@misconception("experiments.diagnose", fails=["check_diagnose_tells_failures"])
def spells_a_word_otherwise(history, examples, batch_size):
    """Word misspelt

    The five words are compared letter by letter. How does the handout spell this one?
    """
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][-1], history["val_acc"][-1]
    guessing, gap = np.log(CLASSES), train_acc - val_acc
    if not all(np.isfinite(curve).all() for curve in history.values()) or losses[-1] > 2 * guessing:
        return "diverged"
    steps = len(losses) * -(-examples // batch_size)
    if steps >= 300 and train_acc < 2 / CLASSES and abs(losses[-1] - guessing) <= 0.05 * guessing:
        return "optimisation failure"
    if train_acc >= 0.95 and gap >= 0.13:
        return "overfitting"
    if train_acc < 0.9 and gap < 0.1 and losses[-1] < losses[-2]:
        return "underfitting"
    return "healthy"


OPEN_NUMBERS = {"draws_from_a_constant_seed": 0, "draws_from_a_constant_seed_at_all_rates": 0}
