"""Learning curves of a grade: what a check left as evidence, beside what the reference's trainings span.

The span is recorded in `tasks/<stage>/reference_curves.json`:
`{"goal": 0.96, "seeds": 20, "reference": {"val_acc": {"low": [...], "high": [...]}, ...}}`, one number an epoch.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from grader.course.course import Course

FILE = "reference_curves.json"
ROLE = "history:"  #: evidence of this kind is a curve


def of_results(course: Course, keys: Iterable[tuple[str, str]], evidence: Path) -> dict[str, Any]:
    """The history of the last training in course order: {"stage", "check", "history", "reference", "goal"}, or nothing."""
    for stage in reversed(course.stages):
        for check in stage.checks:
            path = evidence / f"{stage.id}.{check.id}.npz"
            if (stage.id, check.id) in set(keys) and path.exists():
                found = _histories(path)
                if found:
                    return {"stage": stage.id, "check": check.id, "history": found, **_recorded(stage.folder)}
    return {}


def _histories(path: Path) -> dict[str, list[float]]:
    import numpy as np

    with np.load(path, allow_pickle=False) as arrays:
        return {name.removeprefix(ROLE): arrays[name].tolist() for name in arrays.files if name.startswith(ROLE)}


def _recorded(folder: Path) -> dict[str, Any]:
    try:
        known = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: known[name] for name in ("reference", "goal", "seeds") if name in known}
