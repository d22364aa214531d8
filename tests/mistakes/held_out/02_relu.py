"""Other forms of slips in ReLU."""

import numpy as np

from grader.course.misconceptions import held_out


@held_out("layers.ReLU.forward")
def leaks_below_zero(self, x):
    self.positive = x > 0
    out = x.copy()
    out[out < 0] *= 0.01
    return out


@held_out("layers.ReLU.forward")
def takes_the_absolute_value(self, x):
    self.positive = x > 0
    return x * np.sign(x)


@held_out("layers.ReLU.forward")
def stops_at_one(self, x):
    self.positive = x > 0
    return np.minimum(1, np.maximum(0, x))


@held_out("layers.ReLU.forward")
def zeroes_the_callers_array(self, x):
    self.positive = x > 0
    np.clip(x, 0, None, out=x)
    return x


@held_out("layers.ReLU.forward")
def keeps_the_smaller(self, x):
    self.positive = x > 0
    return np.where(x < 0, x, 0)


@held_out("layers.ReLU.forward")
def returns_the_mask(self, x):
    self.positive = x > 0
    return np.heaviside(x, 0)


@held_out("layers.ReLU")
class hands_dout_on:
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, 0)

    def backward(self, dout):
        return 1.0 * dout


@held_out("layers.ReLU")
class masks_by_the_gradients_sign:
    def forward(self, x):
        return np.where(x > 0, x, 0)

    def backward(self, dout):
        return dout * (dout > 0)


@held_out("layers.ReLU")
class multiplies_by_its_output:
    def forward(self, x):
        self.x = x
        return x * (x > 0)

    def backward(self, dout):
        return np.where(self.x > 0, self.x * dout, 0)


@held_out("layers.ReLU")
class turns_the_mask_round:
    def forward(self, x):
        self.mask = x <= 0
        return np.where(self.mask, 0, x)

    def backward(self, dout):
        return dout * self.mask


@held_out("layers.ReLU")
class returns_the_derivative_alone:
    def forward(self, x):
        self.x = x
        return x.clip(0)

    def backward(self, dout):
        return np.where(self.x > 0, 1.0, 0.0)


@held_out("layers.ReLU")
class lets_zero_through:
    def forward(self, x):
        self.x = np.array(x)
        return x.clip(0)

    def backward(self, dout):
        return np.where(self.x < 0, 0, dout)


@held_out("layers.ReLU.backward")
def returns_nothing_from_backward(self, dout):
    dx = np.where(self.positive, dout, 0)  # noqa: F841


@held_out("layers.ReLU.backward")
def masks_by_both_signs(self, dout):
    return np.where(self.positive & (dout > 0), dout, 0)


@held_out("layers.ReLU")
class writes_the_mask_over_x:
    def forward(self, x):
        self.kept = x
        return x * (x > 0)

    def backward(self, dout):
        self.kept[...] = self.kept > 0
        return np.multiply(self.kept, dout)


@held_out("layers.ReLU")
class writes_the_mask_over_its_result:
    def forward(self, x):
        self.a = x * (x > 0)
        return self.a

    def backward(self, dout):
        np.sign(self.a, out=self.a)
        return self.a * dout


@held_out("layers.ReLU")
class makes_its_mask_once:
    off = None

    def forward(self, x):
        if self.off is None:
            self.off = x <= 0
        out = x.copy()
        out[x <= 0] = 0
        return out

    def backward(self, dout):
        dx = dout.copy()
        dx[self.off] = 0
        return dx


@held_out("layers.ReLU")
class reuses_its_result:
    out = np.zeros(0)

    def forward(self, x):
        self.on = x > 0
        if self.out.shape != x.shape or self.out.dtype != x.dtype:
            self.out = np.empty_like(x)
        np.multiply(x, self.on, out=self.out)
        return self.out

    def backward(self, dout):
        return np.where(self.on, dout, 0)


@held_out("layers.ReLU")
class takes_the_sign_for_the_slope:
    def forward(self, x):
        self.slope = np.sign(x)
        return np.maximum(x, 0)

    def backward(self, dout):
        return self.slope * dout
