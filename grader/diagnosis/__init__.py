"""Results become names: what a failed check heard is looked up, then replayed on known mistakes."""
