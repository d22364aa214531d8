"""Not needed, and not run."""
