"""The trusted end of a worker: starts it, asks it, and explains how it ended."""
