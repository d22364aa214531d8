"""Which folder of a hand-in is the submission, and what is said about it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import NamedTuple

from grader.course.course import Course
from grader.course.skeleton import KIT_MARK, SKELETON, build, read_claims, read_sources
from grader.submission import file_of, lookalikes

#: A file that lies in every copy of a course, beside its student/, as the kit's mark does.
_OF_A_COURSE = re.compile(rf"(?:(.*)/)?(?:grader/__main__\.py|{re.escape(KIT_MARK)})", re.DOTALL)
#: What lies beside student/ in such a copy, and is nobody's submission.
_THE_COURSES_OWN = {"grader", "tasks", "tests", "benchmarks", "reference"}
_STUDENT = "student"


@dataclass(frozen=True)
class Handout:
    """What everybody was given."""

    modules: tuple[str, ...] = ()  #: of the course: a folder that holds none of them is not a submission
    files: Mapping[str, str] = field(default_factory=dict)  #: "layers.py" -> the skeleton's text
    asked: tuple[str, ...] = ()  #: modules of which a graded stage asks for something, and that may not be missing
    optional: frozenset[str] = frozenset()  #: modules that may be missing: no folder ranks lower without

    @classmethod
    def of(cls, course: Course, stages: Iterable[str] = ()) -> "Handout":
        """The skeleton of a course, built from its reference or kept beside it.

        stages : which are graded, by id; all if none is named. A private one asks for nothing that was handed out
        raises : Refusal
        """
        chosen = set(stages)
        claims = read_claims(course.tasks)
        files = build(course.reference, claims) if course.reference else read_sources(course.folder / SKELETON)
        graded = [stage for stage in course.stages if not chosen or stage.id in chosen]
        asked = {name.partition(".")[0] for stage in graded if not stage.optional_files for name in stage.claims}
        optional = {name.partition(".")[0] for stage in course.stages if stage.optional_files for name in stage.claims}
        return cls(course.modules, files, tuple(module for module in course.modules if module in asked), frozenset(optional))


class _Candidates:
    def __init__(self, files: Mapping[str, bytes], handout: Handout) -> None:
        self.modules: defaultdict[str, set[str]] = defaultdict(set)  #: folder -> modules
        self.written: dict[str, int] = {}  #: folder -> how many of them are not as they were handed out
        self.weight: dict[str, int] = {}  #: the same without those that may be missing
        self.courses = {found[1] or "." for path in files if (found := _OF_A_COURSE.fullmatch(path))}
        for path in files:
            pure = PurePosixPath(path)
            if pure.suffix == ".py" and pure.stem in handout.modules and not self._is_given(pure):
                self.modules[str(pure.parent)].add(pure.stem)
        for folder, modules in self.modules.items():
            texts = {module: _plain(files[str(PurePosixPath(folder, file_of(module)))]) for module in modules}
            beside = str(PurePosixPath(folder).parent / SKELETON)
            given = {module: {_plain(handout.files.get(file_of(module), "").encode())} for module in modules}
            for module in modules:  # of an older kit, perhaps
                given[module].add(_plain(files.get(str(PurePosixPath(beside, file_of(module))), b"")))
            written = {module for module, text in texts.items() if text not in given[module]}
            self.written[folder], self.weight[folder] = len(written), len(written - handout.optional)

    def _is_given(self, path: PurePosixPath) -> bool:
        """Whether a file is part of what a course hands out: never a submission."""
        above = "."
        for part in path.parts[:-1]:
            if part == SKELETON or (part in _THE_COURSES_OWN and above in self.courses):
                return True
            above = str(PurePosixPath(above, part))
        return False

    def rank(self, folder: str) -> tuple[bool | int | str, ...]:
        """Least first: something written; student/ of a course; most written; nearest to the top."""
        pure = PurePosixPath(folder)
        count = self.written[folder]
        of_a_course = pure.name == _STUDENT and str(pure.parent) in self.courses
        reference = pure.name == "reference"
        by_place = (pure.name != _STUDENT, len(pure.parts), -count, folder)
        return (not count, not of_a_course, reference, -self.weight[folder], *by_place)


class Choice(NamedTuple):
    """The folder of a submission among what was handed in."""

    folder: str  #: "." for the top
    written: int  #: how many of its modules are not as they were handed out
    notes: list[str]  #: sentences on what was graded instead of what


def choose(files: Mapping[str, bytes], handout: Handout) -> Choice | None:
    """The folder of the submission; None if no folder holds a module of the course.

    files : path -> content of all that was handed in
    """
    found = _Candidates(files, handout)
    if not found.modules:
        return None
    best = min(found.modules, key=found.rank)
    notes = [*_on_the_choice(found, best), *_on_the_modules(found.modules[best], files, best, handout)]
    return Choice(best, found.written[best], notes)


def names_like_modules(files: Iterable[str], asked: Iterable[str]) -> dict[str, str]:
    """Module -> name of a file that may be meant for it: "losses" -> "losses (1).py"."""
    stems = [path.stem for path in map(PurePosixPath, files) if path.suffix == ".py"]
    return {module: f"{stem}.py" for module, stem in lookalikes(stems, asked).items()}


def _on_the_choice(found: _Candidates, best: str) -> Iterator[str]:
    count = found.written[best]
    if not count:
        yield "nothing is written yet: every module is as it was given out"
        return
    below = () if best == "." else (f"{best}/",)
    rivals = sorted(f for f in found.modules if f != best and found.written[f] >= count and not f.startswith(below))
    if rivals:
        yield f"{len(rivals) + 1} folders look like a submission: {best!r} was graded, not {rivals[0]!r}"
    usual = {str(PurePosixPath(course, _STUDENT)) for course in found.courses}
    usual |= {folder for folder in found.modules if PurePosixPath(folder).name == _STUDENT}
    for folder in sorted(usual - {best, *rivals}):
        if folder not in found.modules:
            yield f"{best!r} was graded: {folder!r} contains no module of the course"
        elif not found.written[folder]:
            yield f"{best!r} was graded: {folder!r} is as it was given out"
        else:
            yield f"{best!r} was graded, not {folder!r}"


def _on_the_modules(there: set[str], files: Mapping[str, bytes], folder: str, handout: Handout) -> Iterator[str]:
    beside = [path for path in files if str(PurePosixPath(path).parent) == folder]
    missing = [module for module in handout.asked if module not in there]
    alike = names_like_modules(beside, missing)
    for module, name in alike.items():
        yield f"{name[:80]!r} was not graded: it has to be called {file_of(module)}"
    if lost := [file_of(module) for module in missing if module not in alike]:
        yield f"not handed in: {', '.join(lost)}"


def _plain(content: bytes) -> bytes:
    """A text as it counts: without line ends of one system, blanks at the ends of lines and of the file."""
    return b"\n".join(line.rstrip() for line in content.removeprefix(b"\xef\xbb\xbf").splitlines()).strip()
