"""The answer: attention and one transformer block, forward and backward, in NumPy."""
