"""One network in a few short files: forward and backward passes by hand, in NumPy alone."""
