"""Slips in the heads and in the block, each a runnable version; its docstring is the hint. Read as text, never imported."""

import numpy as np

from grader.course.misconceptions import misconception
from reference.attention import Attention
from reference.block import _product


def _split(x, heads):
    B, T, D = x.shape
    return x.reshape(B, T, heads, D // heads).swapaxes(1, 2).reshape(B * heads, T, -1)


def _merge(x, heads):
    rows, T, width = x.shape
    return x.reshape(-1, heads, T, width).swapaxes(1, 2).reshape(rows // heads, T, -1)


def _looked(layer, x, mask, split, merge):
    """forward, with a way of cutting into heads and of putting them side by side."""
    layer.x, layer.attention = x, Attention()
    q, k, v = (split(x @ W, layer.heads) for W in (layer.Wq, layer.Wk, layer.Wv))
    layer.merged = merge(layer.attention.forward(q, k, v, mask), layer.heads)
    return layer.merged @ layer.Wo


def _inside(layer, dout):
    """The gradients of queries, keys and values, heads side by side; sets dWo."""
    layer.dWo = _product(layer.merged, dout)
    return [_merge(d, layer.heads) for d in layer.attention.backward(_split(dout @ layer.Wo.T, layer.heads))]


def _set(layer, gradients):
    layer.dWq, layer.dWk, layer.dWv = (_product(layer.x, d) for d in gradients)


# --- MultiHead.forward ----------------------------------------------------------------------------------------------


@misconception("block.MultiHead.forward", fails=["check_heads_look_side_by_side"])
def looks_with_one_head(self, x, mask=None):
    """One head with all features

    For one head your result is right. Each head attends by itself, with its own slice of the features.
    """
    return _looked(self, x, mask, lambda z, _: z, lambda z, _: z)


@misconception("block.MultiHead.forward", fails=["check_heads_look_side_by_side"])
def splits_without_moving_the_axis(self, x, mask=None):
    """Heads cut by reshape alone

    reshape to (B * H, T, D / H) mixes positions with heads. First (B, T, H, D / H), then the axis of the heads to the front.
    """

    def split(z, heads):
        return z.reshape(z.shape[0] * heads, z.shape[1], -1)

    return _looked(self, x, mask, split, lambda z, heads: z.reshape(len(x), x.shape[1], -1))


@misconception("block.MultiHead.forward", fails=["check_heads_look_side_by_side"])
def merges_without_moving_the_axis(self, x, mask=None):
    """Heads merged by reshape alone

    The axis of the heads has to go back behind the positions before the heads become features again.
    """
    return _looked(self, x, mask, _split, lambda z, heads: z.reshape(len(x), x.shape[1], -1))


@misconception("block.MultiHead.forward", fails=["check_heads_look_side_by_side"])
def merges_in_the_reversed_order(self, x, mask=None):
    """Heads merged in the reversed order

    The result of head 0 belongs in the first columns: the rows of Wo are in the order of the heads.
    """

    def merge(z, heads):
        B, T = x.shape[:2]
        return z.reshape(B, heads, T, -1)[:, ::-1].swapaxes(1, 2).reshape(B, T, -1)

    return _looked(self, x, mask, _split, merge)


@misconception("block.MultiHead.forward", fails=["check_heads_look_side_by_side"])
def takes_every_other_feature(self, x, mask=None):
    """Heads interleaved instead of one slice each

    Head h has the features h * D/H to (h + 1) * D/H - 1, one slice; yours has every H-th feature.
    """

    def split(z, heads):
        B, T, D = z.shape
        return z.reshape(B, T, D // heads, heads).transpose(0, 3, 1, 2).reshape(B * heads, T, -1)

    def merge(z, heads):
        B, T = x.shape[:2]
        return z.reshape(B, heads, T, -1).transpose(0, 2, 3, 1).reshape(B, T, -1)

    return _looked(self, x, mask, split, merge)


@misconception("block.MultiHead.forward", fails=["check_heads_look_side_by_side"])
def forgets_the_last_matrix(self, x, mask=None):
    """Wo not used

    The heads side by side are not the result yet: the last matrix mixes them.
    """
    _looked(self, x, mask, _split, _merge)
    return self.merged


@misconception("block.MultiHead.forward", fails=["check_heads_look_side_by_side"])
def scales_by_all_features(self, x, mask=None):
    """Scores divided by the root of D instead of D / H

    A query of a head has D / H features. By the root of that number its scores are divided.
    """
    self.x, self.attention = x, Attention()
    q, k, v = (_split(x @ W, self.heads) for W in (self.Wq, self.Wk, self.Wv))
    self.merged = _merge(self.attention.forward(q / np.sqrt(self.heads), k, v, mask), self.heads)
    return self.merged @ self.Wo


@misconception("block.MultiHead.forward", fails=["check_heads_look_side_by_side"])
def adds_the_input(self, x, mask=None):
    """x added inside MultiHead

    MultiHead returns what attention adds. Block adds it to x.
    """
    return x + _looked(self, x, mask, _split, _merge)


@misconception("block.MultiHead.forward", fails=["check_heads_respect_the_mask"])
def ignores_the_mask(self, x, mask=None):
    """Mask not passed to the heads

    With and without a mask your result is the same. Each head's attention needs the mask.
    """
    return _looked(self, x, None, _split, _merge)


# --- MultiHead.backward ---------------------------------------------------------------------------------------------


@misconception("block.MultiHead.backward", fails=["check_heads_backward_agrees_with_central_differences"])
def forgets_the_keys_and_values(self, dout):
    """dx of the queries alone

    x became queries, keys and values: dx has three terms, and yours has that of the queries.
    """
    dq, dk, dv = _inside(self, dout)
    _set(self, (dq, dk, dv))
    return dq @ self.Wq.T


@misconception("block.MultiHead.backward", fails=["check_heads_backward_agrees_with_central_differences"])
def forgets_the_last_matrix_in_backward(self, dout):
    """Wo skipped in backward

    dout went to the heads as it is. Between the heads and the result stands Wo.
    """
    self.dWo = _product(self.merged, dout)
    gradients = [_merge(d, self.heads) for d in self.attention.backward(_split(dout, self.heads))]
    _set(self, gradients)
    return sum(d @ W.T for d, W in zip(gradients, (self.Wq, self.Wk, self.Wv)))


@misconception("block.MultiHead.backward", fails=["check_heads_backward_agrees_with_central_differences"])
def forgets_to_transpose(self, dout):
    """dx by the matrices as they are

    x @ W comes back as dout @ W.T. Square matrices hide that: the shapes fit without the transpose as well.
    """
    dq, dk, dv = _inside(self, dout)
    _set(self, (dq, dk, dv))
    return dq @ self.Wq + dk @ self.Wk + dv @ self.Wv


@misconception("block.MultiHead.backward", fails=["check_heads_backward_agrees_with_central_differences"])
def transposes_the_gradients(self, dout):
    """Gradients of the matrices transposed

    dWq is x.T @ dq. Square matrices hide that: dq.T @ x has the same shape.
    """
    dq, dk, dv = _inside(self, dout)
    self.dWq, self.dWk, self.dWv = (_product(d, self.x) for d in (dq, dk, dv))
    return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


@misconception("block.MultiHead.backward", fails=["check_heads_backward_agrees_with_central_differences"])
def sums_over_one_example(self, dout):
    """Gradients of the matrices from the first example alone

    For a batch of one they are right. Sum over the batch and over the positions.
    """
    dq, dk, dv = _inside(self, dout)
    self.dWo = self.merged[0].T @ dout[0]
    self.dWq, self.dWk, self.dWv = (self.x[0].T @ d[0] for d in (dq, dk, dv))
    return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


@misconception("block.MultiHead.backward", fails=["check_heads_backward_agrees_with_central_differences"])
def merges_the_gradients_by_reshape(self, dout):
    """Gradients of the heads merged by reshape alone

    What forward did to the axes of queries, keys and values has to be undone for their gradients.
    """
    self.dWo = _product(self.merged, dout)
    found = self.attention.backward(_split(dout @ self.Wo.T, self.heads))
    gradients = [d.reshape(self.x.shape) for d in found]
    _set(self, gradients)
    return sum(d @ W.T for d, W in zip(gradients, (self.Wq, self.Wk, self.Wv)))


@misconception("block.MultiHead.backward", fails=["check_block_gradients_belong_to_the_last_backward"])
def adds_up_over_batches(self, dout):
    """Gradients added to those of earlier batches

    After a second backward your gradients are the sum of both batches. They are replaced, not added to.
    """
    before = self.dWq, self.dWk, self.dWv, self.dWo
    dq, dk, dv = _inside(self, dout)
    _set(self, (dq, dk, dv))
    found = self.dWq, self.dWk, self.dWv, self.dWo
    self.dWq, self.dWk, self.dWv, self.dWo = (now + old for now, old in zip(found, before))
    return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


# --- Block.forward --------------------------------------------------------------------------------------------------


@misconception("block.Block.forward", fails=["check_block_adds_what_each_part_returns"])
def forgets_both_residuals(self, x, mask=None):
    """Nothing added to what came in

    The block returns what its parts return. It should return x plus that: x goes straight on, too.
    """
    h = self.attention.forward(self.norm1.forward(x), mask)
    return self.network.forward(self.norm2.forward(h))


@misconception("block.Block.forward", fails=["check_block_adds_what_each_part_returns"])
def forgets_the_second_residual(self, x, mask=None):
    """h not added to what the network returns

    Attention's part is added to x, the network's part is not added to h.
    """
    h = x + self.attention.forward(self.norm1.forward(x), mask)
    return self.network.forward(self.norm2.forward(h))


@misconception("block.Block.forward", fails=["check_block_adds_what_each_part_returns"])
def adds_x_the_second_time(self, x, mask=None):
    """Network's part added to x instead of h

    What attention added is lost: the second sum begins with h, not with x.
    """
    h = x + self.attention.forward(self.norm1.forward(x), mask)
    return x + self.network.forward(self.norm2.forward(h))


@misconception("block.Block.forward", fails=["check_block_adds_what_each_part_returns"])
def normalises_afterwards(self, x, mask=None):
    """Norm behind each sum instead of before each part

    That is how the first transformers were built. Here the norm stands in front of attention and network, and x goes on as it is.
    """
    h = self.norm1.forward(x + self.attention.forward(x, mask))
    return self.norm2.forward(h + self.network.forward(h))


@misconception("block.Block.forward", fails=["check_block_adds_what_each_part_returns"])
def adds_the_normalised_input(self, x, mask=None):
    """Normalised x added instead of x

    What goes straight on is x itself, not norm1 of it: so its gradient comes back untouched.
    """
    n = self.norm1.forward(x)
    h = n + self.attention.forward(n, mask)
    n = self.norm2.forward(h)
    return n + self.network.forward(n)


@misconception("block.Block.forward", fails=["check_block_adds_what_each_part_returns"])
def uses_one_norm_twice(self, x, mask=None):
    """norm1 used for both parts

    The network has a norm of its own, norm2, with a gamma and a beta of its own.
    """
    h = x + self.attention.forward(self.norm1.forward(x), mask)
    return h + self.network.forward(self.norm1.forward(h))


@misconception("block.Block.forward", fails=["check_block_uses_the_mask"])
def ignores_the_mask_in_the_block(self, x, mask=None):
    """Mask not passed to the attention

    MultiHead knows the mask; the block does not pass it on.
    """
    h = x + self.attention.forward(self.norm1.forward(x))
    return h + self.network.forward(self.norm2.forward(h))


@misconception("block.Block.forward", fails=["check_block_leaves_arrays_alone"])
def adds_in_place(self, x, mask=None):
    """Residual added into x itself

    x += ... writes into the caller's array. x + ... makes a new one.
    """
    x += self.attention.forward(self.norm1.forward(x), mask)
    x += self.network.forward(self.norm2.forward(x))
    return x


# --- Block.backward -------------------------------------------------------------------------------------------------


@misconception("block.Block.backward", fails=["check_block_backward_agrees_with_central_differences"])
def drops_the_gradient_of_both_residuals(self, dout):
    """Gradient of what goes straight on dropped

    x and h went two ways. dout itself is one term of dh, and dh is one term of dx.
    """
    dh = self.norm2.backward(self.network.backward(dout))
    return self.norm1.backward(self.attention.backward(dh))


@misconception("block.Block.backward", fails=["check_block_backward_agrees_with_central_differences"])
def drops_the_gradient_of_the_first_residual(self, dout):
    """dx without the gradient of x that goes straight on

    dh is right. dx is what comes back through attention, and dh itself, too.
    """
    dh = dout + self.norm2.backward(self.network.backward(dout))
    return self.norm1.backward(self.attention.backward(dh))


@misconception("block.Block.backward", fails=["check_block_backward_agrees_with_central_differences"])
def drops_the_gradient_of_the_second_residual(self, dout):
    """dh without the gradient of h that goes straight on

    dh is what comes back through the network, and dout itself, too.
    """
    dh = self.norm2.backward(self.network.backward(dout))
    return dh + self.norm1.backward(self.attention.backward(dh))


@misconception("block.Block.backward", fails=["check_block_backward_agrees_with_central_differences"])
def gives_attention_dout(self, dout):
    """Attention given dout instead of dh

    Attention's result went through the network, too: what comes back to it is dh, the sum of both ways.
    """
    dh = dout + self.norm2.backward(self.network.backward(dout))
    return dh + self.norm1.backward(self.attention.backward(dout))


@misconception("block.Block.backward", fails=["check_block_backward_agrees_with_central_differences"])
def adds_dout_at_the_end(self, dout):
    """dout added to dx instead of dh

    x went straight on to h, and h to the result. What comes back to x on that way is dh, not dout alone.
    """
    dh = dout + self.norm2.backward(self.network.backward(dout))
    return dout + self.norm1.backward(self.attention.backward(dh))


@misconception("block.Block.backward", fails=["check_block_backward_agrees_with_central_differences"])
def skips_the_norms(self, dout):
    """Norms skipped in backward

    Between h and the network stands norm2, between x and the attention norm1. The gradient goes through both.
    """
    dh = dout + self.network.backward(dout)
    return dh + self.attention.backward(dh)


@misconception("block.Block.backward", fails=["check_block_leaves_arrays_alone"])
def adds_into_dout(self, dout):
    """Gradient added into dout itself

    dout += ... writes into the caller's array. dout + ... makes a new one.
    """
    dout += self.norm2.backward(self.network.backward(dout))
    return dout + self.norm1.backward(self.attention.backward(dout))
