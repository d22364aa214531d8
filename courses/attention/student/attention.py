"""Scaled dot product attention: each query looks at all keys it may see, and takes a mix of their values."""

import numpy as np


def attention_weights(q, k, mask=None):
    """How much each query looks at each key.

    q       : (B, T, D) float   one row per query
    k       : (B, S, D) float   one row per key
    mask    : (T, S) bool       True where a query may look at a key; None: everywhere
    returns : (B, T, S) float   for each query shares that sum to 1, exactly 0 where it may not look; all 0 for a query
                                that may look nowhere; finite for any finite q and k
    """
    raise NotImplementedError("01_attention: attention.attention_weights is still a TODO")


class Attention:
    """Attention as a layer without parameters: forward mixes the values, backward sends the gradient to q, k and v."""

    def forward(self, q, k, v, mask=None):
        """For each query the mix of the values that its weights say.

        q       : (B, T, D) float
        k       : (B, S, D) float
        v       : (B, S, E) float   one row per key
        mask    : (T, S) bool       True where a query may look at a key; None: everywhere
        returns : (B, T, E) float   one row per query; zeros for a query that may look nowhere
        """
        raise NotImplementedError("01_attention: attention.Attention.forward is still a TODO")

    def backward(self, dout):
        """The gradients of the loss with respect to q, k and v of the last forward.

        dout    : (B, T, E) float               dL / d(output of that forward)
        returns : (dq, dk, dv), of the shapes of q, k and v
        """
        raise NotImplementedError("02_attention_backward: attention.Attention.backward is still a TODO")
