class Layer:
    """What all layers have in common."""

    def __call__(self, x):
        return self.forward(x)

    def parameters(self):
        return []

    def gradients(self):
        return []
