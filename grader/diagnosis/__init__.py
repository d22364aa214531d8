"""Results become names: a failed check is replayed on known mistakes."""
