"""The engine that keeps the promises of `tasks/`; it knows no stage by name."""


class NotInstalled(ImportError):
    """A Python without the course's packages; a notebook shows the sentence in place of a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"error: {self}"]


def __getattr__(name: str) -> object:
    """`from grader import check, hint`, for notebooks; imported only if asked for."""
    if name not in ("check", "hint"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from grader.learner import jupyter
    except ModuleNotFoundError as error:
        raise NotInstalled(
            f"this Python has no {error.name}, which the course needs. Remedy: make notebook, or choose the kernel in .venv."
        ) from None
    return getattr(jupyter, name)
