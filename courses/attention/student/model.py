"""A network that continues texts: what each letter is and where it stands, one block, and a score for each next letter."""

import numpy as np

from .block import Block
from .layers import LayerNorm, Linear


class Copier:
    """Tokens in, scores of the next token out; each position sees itself and what stands before it."""

    def __init__(self, tokens, positions, features, heads, hidden, rng):
        """Draw the network.

        tokens    : int   how many tokens there are (V)
        positions : int   the longest text (P)
        features  : int   D
        sets      : letters (V, D)     one row per token, standard deviation 0.1
                    places (P, D)      one row per position, standard deviation 0.1
                    dletters, dplaces  zeros of the same shapes, until backward sets them
                    block              Block(features, heads, hidden, rng)
                    norm, out          LayerNorm(features), Linear(features, tokens, rng)
        """
        self.letters = rng.normal(0.0, 0.1, size=(tokens, features))
        self.places = rng.normal(0.0, 0.1, size=(positions, features))
        self.dletters, self.dplaces = np.zeros_like(self.letters), np.zeros_like(self.places)
        self.block = Block(features, heads, hidden, rng)
        self.norm, self.out = LayerNorm(features), Linear(features, tokens, rng)

    def forward(self, x):
        """Scores of the next token at every position; position t sees the positions 0 to t alone.

        x       : (B, T) int        tokens, T at most P
        returns : (B, T, V) float   letters and places, added; block; norm; out
        """
        raise NotImplementedError("05_copy: model.Copier.forward is still a TODO")

    def backward(self, dlogits):
        """Set the gradients of all parameters.

        dlogits : (B, T, V) float   dL / d(scores of the last forward)
        returns : nothing
        """
        raise NotImplementedError("05_copy: model.Copier.backward is still a TODO")

    def parameters(self):
        """All live arrays, in a fixed order."""
        own = [self.letters, self.places, self.norm.gamma, self.norm.beta, self.out.W, self.out.b]
        return [*own, *self.block.parameters()]

    def gradients(self):
        """Those of the last backward, in the order of parameters()."""
        own = [self.dletters, self.dplaces, self.norm.dgamma, self.norm.dbeta, self.out.dW, self.out.db]
        return [*own, *self.block.gradients()]
