"""The engine that keeps the promises of `tasks/`; it knows no stage by name."""
