"""Results of trainings, kept for an equal run: same submission, course, reference, data, environment and seed.

Only what the learner's own machine computed for the learner is kept, under `.chain-rule/`. Strict grades and classes
neither read nor write it. A result that a time limit or the end of a process decided is never kept.
"""

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from grader.course.stage import Check, Stage
from grader.files import write_atomically
from grader.records import CheckResult
from grader.running.scores import key
from grader.running.session import Session

KEPT = 20  #: runs; older ones are removed


class TrainingCache:
    """The kept results of one key.

    evidence : the grade's own folder of arrays, copied from and to
    folder   : the course's memory
    """

    def __init__(self, name: str, evidence: Path | None, folder: Path):
        self.folder = folder / "trainings" / name[:32]
        self.evidence = evidence
        self.used: set[str] = set()  #: stages that were taken from here
        self._loaded: dict[str, dict[str, CheckResult]] = {}

    def recall(self, check: Check) -> CheckResult | None:
        """The kept result of a check, its evidence put back; None if there is none."""
        kept = self._of(check.stage).get(check.id)
        if kept is None or kept.promise != check.promise:
            return None
        arrays = self.folder / f"{check.stage}.{check.id}.npz"
        if self.evidence is not None and arrays.exists():
            self.evidence.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(arrays, self.evidence / arrays.name)
        self.used.add(check.stage)
        return msgspec.structs.replace(kept, hints=list(check.hints))  # they decide nothing, so they may have changed

    def keep_all(self, session: Session) -> None:
        """Keep the trained stages for an equal run, unless a limit or a death decided anything in them."""
        touched = {stage for stage, _ in session.context.state.unrepeatable}
        for stage in session.stages:
            if stage.training and stage.id not in touched | self.used:
                self.keep(stage, {check.id: session.results[key(check)] for check in stage.checks})

    def keep(self, stage: Stage, results: Mapping[str, CheckResult]) -> None:
        """Keep a stage whose every check was run to its end."""
        if not all(check.id in results and results[check.id].state in ("pass", "fail") for check in stage.checks):
            return
        with contextlib.suppress(OSError):  # a full or read-only disk costs the cache, not the grade
            for check in stage.checks:
                name = f"{stage.id}.{check.id}.npz"
                if self.evidence is not None and (self.evidence / name).exists():
                    write_atomically(self.folder / name, (self.evidence / name).read_bytes())
            content = msgspec.json.encode({check.id: results[check.id] for check in stage.checks})
            write_atomically(self.folder / f"{stage.id}.json", content)
            runs = sorted(self.folder.parent.iterdir(), key=lambda path: path.stat().st_mtime)
            for old in runs[:-KEPT]:
                shutil.rmtree(old, ignore_errors=True)

    def _of(self, stage: str) -> dict[str, CheckResult]:
        if stage not in self._loaded:
            try:
                content = (self.folder / f"{stage}.json").read_bytes()
                self._loaded[stage] = msgspec.json.decode(content, type=dict[str, CheckResult])
            except (OSError, msgspec.MsgspecError):
                self._loaded[stage] = {}
        return self._loaded[stage]
