"""A course as the place where it lies: a value that costs nothing to make; its stages are read when first asked for."""

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import msgspec
from msgspec import Struct

from grader.course import about, explain
from grader.course import stage as task
from grader.course.about import About, BadCourse, read_about
from grader.course.stage import TOOLBOX, Check, Stage, load_stage
from grader.files import write_atomically
from grader.paths import ENGINE
from grader.submission import Submission, read_submission

__all__ = ["BadCourse", "Check", "Course", "Stage", "load_stage"]


#: The folder of the course that a command is about, if it is not the one around the current folder.
VARIABLE = "CHAIN_RULE_COURSE"
#: In a course's folder of data: what its files are, as sha256sum writes it.
SUMS = "SHA256SUMS"


def course_folder() -> Path:
    """Where the course lies that a command is about. Raises BadCourse if the one that is named is none."""
    if named := os.environ.get(VARIABLE):
        if not (folder := Path(named).absolute()).joinpath("tasks").is_dir():
            raise BadCourse(f"{named} is not a course: it has no folder tasks/. Remedy: correct --course, or {VARIABLE}.")
        return folder
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "tasks" / about.FILE).is_file()), ENGINE)


class Course(Struct, frozen=True, dict=True):
    """A course in a folder."""

    folder: Path
    stages_in: Path | None = None  #: where the stages are, if not in its tasks/: private ones may be among them
    with_reference: bool = True  #: False: name no mistakes and draw no comparison, as if there were none

    @property
    def tasks(self) -> Path:
        return self.stages_in or self.folder / "tasks"

    @property
    def reference(self) -> Path | None:
        """None in a course that was handed out without its answers."""
        folder = self.folder / "reference"
        return folder if self.with_reference and folder.is_dir() else None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def student(self) -> Path:
        return self.folder / "student"

    @property
    def memory(self) -> Path:
        """What is remembered between calls: shown hints, kept trainings, texts that were read. May be deleted any time."""
        return Path(os.environ.get("CHAIN_RULE_MEMORY") or self.folder / ".chain-rule")

    @property
    def withheld(self) -> tuple[Path, ...]:
        """What no submission may open, whether it is there or not.

        A folder that holds one of these does not belong to a submission; the reference's may be, the folder of the stages never is.
        """
        tasks = self.folder / "tasks"
        hidden = (self.data / name for name in self.about.data.hidden)
        places = (*hidden, self.folder / "reference", tasks, self.tasks, tasks / TOOLBOX, self.tasks / TOOLBOX)
        return tuple(dict.fromkeys(places))

    @cached_property
    def about(self) -> About:
        """What course.toml says. Raises BadCourse."""
        return read_about(self.tasks)

    @cached_property
    def modules(self) -> tuple[str, ...]:
        """A learner's files, without `.py`, in the order in which they are met."""
        return self.about.modules or tuple(dict.fromkeys(name.partition(".")[0] for name in self.claimed_by()))

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """All stages, each after those it needs.

        What was read of the course's own folder is remembered for exactly these texts: reading takes longer than a check.

        raises : BadCourse, with cause and remedy
        """
        found = (path for path in self.tasks.glob("*") if path.is_dir() and path.name[0] not in "._")
        folders = sorted(path for path in found if path.name != TOOLBOX)
        if self.tasks != self.folder / "tasks":
            return _read(folders, self.tasks)
        memory = self.memory / f"course-{_mark(folders)[:32]}.bin"
        try:
            return msgspec.msgpack.decode(memory.read_bytes(), type=tuple[Stage, ...], dec_hook=lambda kind, text: kind(text))
        except (OSError, msgspec.MsgspecError):
            stages = _read(folders, self.tasks)
        with contextlib.suppress(OSError):  # a read-only course costs the memory alone
            for old in memory.parent.glob("course-*.bin"):
                old.unlink(missing_ok=True)
            write_atomically(memory, msgspec.msgpack.encode(stages, enc_hook=str))
        return stages

    @cached_property
    def mistakes(self) -> dict[tuple[str, str], tuple[str, str]]:
        """(stage, id of a known mistake) -> its title and hint; none where the bank was not handed out."""
        from grader.course.misconceptions import load

        return {(m.stage, m.id): (m.title, m.hint) for stage in self.stages for m in load(stage.folder)}

    @property
    def with_hidden_data(self) -> set[str]:
        """Ids of the checks from which hidden data could be read."""
        secret = {name for name, made in self.about.fixtures.items() if made.hidden}
        return {check.id for stage in self.stages for check in stage.checks if secret & {*check.fixtures}}

    def checksums(self) -> dict[str, str]:
        """File of data -> its SHA-256 in SHA256SUMS; none where there is no such list."""
        words = (self.data / SUMS).read_text("ascii", "replace").split() if (self.data / SUMS).is_file() else []
        return dict(zip(words[1::2], words[0::2]))

    def read(self, folder: Path) -> Submission:
        """A submission to this course. Raises NotASubmission."""
        return read_submission(folder, self.modules)

    @property
    def points(self) -> int:
        return sum(stage.points for stage in self.stages)

    def stage(self, stage_id: str) -> Stage:
        """The stage of that id; KeyError if there is none."""
        return {stage.id: stage for stage in self.stages}[stage_id]

    def claimed_by(self) -> dict[str, str]:
        """Claimed name -> id of the stage that asks for it."""
        return {name: stage.id for stage in self.stages for name in stage.claims}

    def select(self, names: Iterable[str]) -> tuple[Stage, ...]:
        """The stages named by full id, number ("3", "03") or noun ("sums"), in course order; all if none is named.

        raises : BadCourse for a name that fits no stage
        """
        wanted = {self._find(name) for name in names}
        return tuple(stage for stage in self.stages if not wanted or stage.id in wanted)

    def needed_by(self, stages: Iterable[Stage]) -> tuple[Stage, ...]:
        """The stages that the given ones need, directly or not, without themselves, in course order."""
        chosen = {stage.id for stage in stages}
        reached, front = set(chosen), list(chosen)
        while front:
            for need in self.stage(front.pop()).needs:
                if need not in reached:
                    reached.add(need)
                    front.append(need)
        return tuple(stage for stage in self.stages if stage.id in reached - chosen)

    def _find(self, name: str) -> str:
        name = name.strip().rstrip("/").rpartition("/")[2]  # tasks/03_softmax works too
        for stage in self.stages:
            number, _, noun = stage.id.partition("_")
            if name in (stage.id, number, noun) or (name.isdecimal() and name.lstrip("0") == number.lstrip("0")):
                return stage.id
        import difflib

        near = difflib.get_close_matches(name, [s.id for s in self.stages], n=1, cutoff=0.4)
        meant = f" Did you mean {near[0]}?" if near else ""
        ids = ", ".join(stage.id for stage in self.stages)
        raise BadCourse(f"there is no stage {name!r}.{meant} The stages are {ids}.")


def _mark(folders: list[Path]) -> str:
    """SHA-256 of everything that reading depends on: the texts, their places, and the readers themselves."""
    digest = hashlib.sha256(sys.version.encode())
    files = [folder / name for folder in folders for name in ("task.toml", "checks.py")]
    files += [folder.parent / about.FILE for folder in folders[:1]]
    for path in [Path(__file__), *(Path(module.__file__ or "") for module in (task, about, explain)), *files]:
        content = path.read_bytes() if path.is_file() else b""
        try:
            digest.update(f"{path}\0{path.is_file()}\0{len(content)}\0".encode() + content)
        except UnicodeEncodeError:  # the pages, the workers and the caches write such places down
            raise BadCourse(f"{path} lies in a folder whose name is not UTF-8. Remedy: rename that folder.") from None
    return digest.hexdigest()


def _read(folders: list[Path], tasks: Path) -> tuple[Stage, ...]:
    stages = [load_stage(folder) for folder in folders]
    if not stages:
        raise BadCourse(f"{tasks} contains no stage: a folder such as 01_linear with a task.toml is expected there.")
    claimed: dict[str, str] = {}
    for stage in stages:
        for name in stage.claims:
            if name in claimed:
                raise BadCourse(f"{name} is claimed by {claimed[name]} and by {stage.id}. Remedy: keep one claim.")
            claimed[name] = stage.id
    return _in_order(stages)


def _in_order(stages: list[Stage]) -> tuple[Stage, ...]:
    """Each stage after those it needs; otherwise by id."""
    known = {stage.id for stage in stages}
    for stage in stages:
        if strange := [need for need in stage.needs if need not in known]:
            raise BadCourse(f"{stage.folder / 'task.toml'}: needs {strange[0]}, which is not a stage. Remedy: correct needs.")
    ordered: list[Stage] = []
    done: set[str] = set()
    while len(ordered) < len(stages):
        ready = next((s for s in stages if s.id not in done and done.issuperset(s.needs)), None)
        if ready is None:
            ring = ", ".join(s.id for s in stages if s.id not in done)
            raise BadCourse(f"tasks/: {ring} need each other in a circle. Remedy: remove one of their needs.")
        ordered.append(ready)
        done.add(ready.id)
    return tuple(ordered)
