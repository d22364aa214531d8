"""The complete network, written to be read: forward and backward passes by hand, in NumPy alone."""
