"""How often a type, or a border between modules, is left open. ruff and mypy hold all the rest."""

import re

import pytest

from grader.paths import ENGINE, TASKS


@pytest.mark.parametrize(
    ("exception", "most"), [("noqa: ANN401", 30), ("noqa: SLF001", 3), (r"type: ignore", 6)], ids=lambda value: str(value)
)
def test_exceptions_stay_few(exception, most):
    files = [*(ENGINE / "grader").rglob("*.py"), *(TASKS / "toolbox").rglob("*.py")]
    found = [
        f"{path.relative_to(ENGINE)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(f"# {exception}", line)
    ]
    assert len(files) > 100
    assert len(found) <= most, found
