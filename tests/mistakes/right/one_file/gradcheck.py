from .nn import numerical_gradient, relative_error  # noqa: F401
