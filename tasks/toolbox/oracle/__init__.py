"""Holds a submission, usually the reference, against somebody else's automatic differentiation, layer by layer.

A *witness* (TensorFlow; PyTorch where it is installed) computes the same network from the same weights. A *subject* is
the submission, asked through a worker. `compare` lines up what both say; `table` shows it.
"""
