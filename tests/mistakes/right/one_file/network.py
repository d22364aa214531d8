from .nn import MLP  # noqa: F401
