from .nn import accuracy, train  # noqa: F401

HYPERPARAMETERS = {"epochs": 15, "batch_size": 32, "lr": 0.1}
