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
MEASURED = "measured"  #: evidence: what the grader itself counted, whatever the history says


def of_results(course: Course, keys: Iterable[tuple[str, str]], evidence: Path) -> dict[str, Any]:
    """The history of the last training in course order: {"stage", "check", "history", "measured", ...}, or nothing."""
    for stage in reversed(course.stages):
        for check in stage.checks:
            path = evidence / f"{stage.id}.{check.id}.npz"
            if (stage.id, check.id) in set(keys) and path.exists():
                found = _kept(path)
                if "history" in found:
                    return {"stage": stage.id, "check": check.id, **found, **_recorded(stage.folder)}
    return {}


def _kept(path: Path) -> dict[str, Any]:
    import numpy as np

    found: dict[str, Any] = {}
    with np.load(path, allow_pickle=False) as arrays:
        history = {name.removeprefix(ROLE): arrays[name].tolist() for name in arrays.files if name.startswith(ROLE)}
        if history:
            found["history"] = history
        if MEASURED in arrays:
            found[MEASURED] = arrays[MEASURED].item()
    return found


def _recorded(folder: Path) -> dict[str, Any]:
    try:
        known = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: known[name] for name in ("reference", "goal", "seeds") if name in known}
