"""A submission beside the reference: code, answers, curves, time."""
