from .nn import minibatches  # noqa: F401
