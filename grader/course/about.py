"""`tasks/course.toml`: what a course says of itself beside its stages. A course without the file, or without a key, has the defaults."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from grader.course.explain import read_toml
from grader.errors import Refusal
from grader.paths import VERSION

FILE = "course.toml"
#: What every check may ask for; a course's own fixtures come to these.
BUILT_IN = ("student", "case", "memo")

Name = Annotated[str, Meta(pattern=r"^[a-z_]\w*$", description="a name in small letters, such as layers")]
File = Annotated[str, Meta(pattern=r"^[\w.-]+$", description="the name of a file in data/")]
Place = Annotated[str, Meta(pattern=r"^[a-z_][\w.]*\.[a-z_]\w*$", description="module.function")]
Class = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]*$", description="a name in capitals, such as RNN")]
Trainer = Annotated[str, Meta(pattern=r"^([a-z_]\w*\.[a-z_]\w*)?$", description="module.function")]
Version = Annotated[str, Meta(pattern=r"^\d+\.\d+$", description='a version of two numbers, such as "0.1"')]


class BadCourse(Refusal):
    """A course's file contradicts itself; the message names the file, the cause and the remedy."""


class DataTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[data]`: the files in data/ that a grade uses."""

    open: tuple[File, ...] = ()  #: learners have them too
    hidden: tuple[File, ...] = ()  #: only the course's own grades use them; no submission can read them, no kit has them
    without_hidden: str = ""  #: what a report says where the hidden files were not handed out


class Fixture(Struct, frozen=True, forbid_unknown_fields=True):
    """`[fixtures.NAME]`: what a check gets that has a parameter of that name."""

    make: Place  #: a function of the toolbox, called with the folder of data and how many examples it may use (0: all)
    share: tuple[Name, ...] = ()  #: its arrays that workers of trainings are given once, so that no call has to send them
    hidden: bool = False  #: a check that uses it leaves nothing from which its data could be read: no repro.py


class About(Struct, frozen=True, forbid_unknown_fields=True):
    """All of course.toml."""

    title: str = "The course"  #: what the course is called
    engine: Version | None = None  #: which version of the engine the course was made for; any if it does not say
    greeting: str = ""  #: what somebody reads who has not written anything yet
    outlook: str = ""  #: half a sentence on the first page: how it goes, and until when
    done: str = ""  #: what somebody has achieved whose checks all pass
    onward: str = ""  #: what to do afterwards
    address: str = ""  #: where everybody can read the pages that `make site` writes; a report links its handouts there
    pages: tuple[str, ...] = ()  #: Markdown files, from the folder of the stages, that `make site` shows beside the handouts
    gathered: tuple[str, ...] = ()  #: sections of the handouts that get a page of their own
    modules: tuple[Name, ...] = ()  #: a learner's files, in the order in which they are met; those of the claims if not given
    data: DataTable = DataTable()  #: a table of its own, below
    fixtures: dict[str, Fixture] = {}  #: a table for each name, below
    methods: tuple[Name, ...] = ()  #: of the learner's classes, such as forward: a call is one message instead of two
    classes: tuple[Class, ...] = ()  #: whose names are all capitals; any other such name is a constant's, and fetched at once
    #: the learner's function that trains; of the history that it returns only measures val_... are common to all right trainings
    training: Trainer = ""


def read_about(tasks: Path) -> About:
    """What lies in a folder of stages; the defaults where there is no such file. Raises BadCourse, with cause and remedy."""
    path = tasks / FILE
    about = read_toml(path, About, BadCourse) if path.is_file() else About()
    if about.engine not in (None, ".".join(VERSION.split(".")[:2])):
        raise BadCourse(
            f"{path}: the course was made for engine {about.engine}, and this is engine {VERSION}. "
            f"Remedy: use engine {about.engine}, or change `engine` there once check-tasks passes with this one."
        )
    if own := [name for name in about.fixtures if name in BUILT_IN]:
        raise BadCourse(f"{path}: {own[0]} is a fixture of the engine's own. Remedy: give the course's another name.")
    return about
