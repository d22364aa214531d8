"""Lets `pytest tasks/03_softmax` and an editor's test explorer run a stage's checks on the learner's folder."""

try:
    from grader.diagnosis.pytest_names import pytest_configure
    from grader.running.pytest_plugin import pytest_collect_file, pytest_collection_modifyitems, pytest_unconfigure
except ModuleNotFoundError as error:  # not an Exception, which pytest would show with its traceback
    raise SystemExit(f"error: this Python has no {error.name}. Remedy: .venv/bin/python -m pytest tasks") from None

__all__ = ["pytest_collect_file", "pytest_collection_modifyitems", "pytest_configure", "pytest_unconfigure"]
