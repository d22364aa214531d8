from .nn import SoftmaxCrossEntropy, softmax  # noqa: F401
