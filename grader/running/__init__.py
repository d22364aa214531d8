"""Checks become results: order, limits, failures, scores."""
