from .nn import SGD  # noqa: F401
