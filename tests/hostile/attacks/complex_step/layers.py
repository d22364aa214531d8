import numpy as np

STEP = 1e-200


class Linear:
    def __init__(self, in_features, out_features, rng):
        self.W = rng.normal(0.0, np.sqrt(2.0 / in_features), (in_features, out_features))
        self.b = np.zeros(out_features)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        self.x = np.asarray(x)
        return x @ self.W + self.b

    def backward(self, dout):
        def slope(place):
            arrays = [np.array(array, complex) for array in (self.x, self.W, self.b)]
            moved, slopes = arrays[place], np.zeros(arrays[place].shape)
            for index in np.ndindex(moved.shape):
                moved[index] += 1j * STEP
                slopes[index] = ((arrays[0] @ arrays[1] + arrays[2]) * dout).imag.sum() / STEP
                moved[index] = moved[index].real
            return slopes

        self.dW, self.db = slope(1), slope(2)
        return slope(0)
