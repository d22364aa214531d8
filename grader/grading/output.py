"""What a grade leaves in a folder."""

import shutil
from pathlib import Path

import msgspec

from grader.course.course import Course
from grader.files import write_atomically
from grader.records import REPRO, Report, read_report
from grader.report import stored


class Output(msgspec.Struct, frozen=True):
    """Where a grade goes to.

    html  : whether `report.html` is written
    repro : whether the check of the next step is written as a file that runs by itself
    """

    folder: Path
    html: bool = True
    repro: bool = False

    @property
    def log(self) -> Path:
        return self.folder / "results.jsonl"

    @property
    def evidence(self) -> Path:
        return self.folder / "evidence"

    def last(self) -> Report | None:
        """The report that a grade left there, or None if there is none that can be read."""
        try:
            return read_report(self.folder / "results.json")
        except (OSError, msgspec.MsgspecError):
            return None

    def clear(self) -> None:
        """Remove what an earlier grade left, so that nothing of it can be taken for this one's."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.evidence, ignore_errors=True)
        for name in ("results.json", "report.html", REPRO):
            (self.folder / name).unlink(missing_ok=True)

    def keep(self, report: Report, whole: bool, course: Course) -> None:
        """Write the report; one of the whole course is added to the learning record."""
        write_atomically(self.folder / "results.json", msgspec.json.format(msgspec.json.encode(report), indent=1))
        if report.complete and whole:
            stored.append(self.folder, report)
        if self.html:
            from grader.report.learner import render

            render(report, self.folder, course)
