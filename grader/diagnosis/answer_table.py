"""What each known mistake of a stage answers to the questions of each check, as digests: a text file beside the checks.

The course's own test writes it, with the reference and the mistakes at hand. Where they are not, as in a learner's kit,
it is what is left of them: it recognises a mistake by its answers, and nobody can read from it how anything is written.
"""

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

import msgspec
from msgspec import Struct

from grader.course import fingerprint
from grader.course.course import Course
from grader.course.misconceptions import Number, load, with_number
from grader.course.stage import TOOLBOX, Stage
from grader.diagnosis.digests import Digest
from grader.diagnosis.same_answers import ALL_OF_HISTORY

TABLE = "known_answers.jsonl"  #: in the folder of a stage
SEED = 0  #: of the checks, for which alone there are tables
OTHERS = (0, 1)  #: the questions of a check: those of its seed, and a second kind, by which twins part
_FORM = "4"  #: of the file: a table of an earlier form is none of today
FILLED = "__="  #: between the name of a mistake and the number that stands in it
_ABOUT = "Digests of what known mistakes answer. Made by `make check-tasks ARGS=--tables`."


class TableHead(Struct, frozen=True):
    """The first line: of which reference, checks and mistakes the table was made."""

    about: str
    made_of: str


class KnownMistake(Struct, frozen=True, array_like=True, tag="mistake"):
    """One form of one mistake, without its code; fields as of `Misconception`."""

    name: str
    alike: str = ""
    hint: str = ""  #: nothing if it is that of the form before; so is the title
    title: str = ""

    @property
    def id(self) -> str:
        return self.name.split("__")[0]

    @property
    def group(self) -> str:
        return self.alike or self.id

    @property
    def number(self) -> str | None:
        return self.name.partition(FILLED)[2] or None


class RightAnswers(Struct, frozen=True, array_like=True, tag="right"):
    """What the reference answers in a check.

    answers  : a digest of each, with blanks between them
    told     : features of a check whose answers are drawn, packed, else empty
    equal    : the feature of that name in all draws, else empty
    """

    check: str
    answers: str
    told: str = ""
    equal: list[int] = []


class KnownAnswers(Struct, frozen=True, array_like=True, tag="given"):
    """What a mistake answers in a check that is known to see it.

    names    : of the mistakes that answer so, likeliest first, with a blank between two
    answers  : digests of all answers together: for each of OTHERS in full, then with less and less of a history; nothing
               for what is as the right answers are, and for what is never the same again
    words    : digest of what the exception says that ended it
    told     : features that are not as the right answers', from `told_apart`, packed
    length   : how many answers there are of which features are made
    meets    : where no feature tells it from the right code, what it answers in many draws, but for histories
    """

    check: str
    names: str
    answers: list[str]
    words: str = ""
    told: str = ""
    length: int = 0
    meets: str = ""

    def agrees(self, own: Digest, much: int, other: int = 0) -> bool:
        """Whether a submission's answers, of which so much of a history was compared, are these."""
        place = len(OTHERS) * much + other
        told = self.answers[place] if place < len(self.answers) else ""
        return bool(told) and own.agrees(Digest.read(told))


class OpenAnswers(Struct, frozen=True, array_like=True, tag="open"):
    """What a mistake with an open number answers in a check when another number stands in it.

    open    : the number that the bank has
    numbers : number -> answers as of `KnownAnswers`, with a blank between two
    much    : how much of a history they hold
    """

    check: str
    name: str
    open: Number
    numbers: dict[str, str]
    much: int = ALL_OF_HISTORY

    def forms(self, m: KnownMistake) -> Iterator[tuple[KnownMistake, KnownAnswers]]:
        """The mistake with each of the numbers, and what it answers then."""
        for number, answers in self.numbers.items():
            name = f"{self.name}{FILLED}{number}"
            told = (with_number(text, self.open, float(number)) for text in (m.hint, m.title))
            yield (
                KnownMistake(name, m.alike, *told),
                KnownAnswers(self.check, name, [""] * len(OTHERS) * self.much + answers.split()),
            )


class AllAnswers(Struct, frozen=True, array_like=True, tag="all"):
    """What mistakes answer to all questions of a check, even where the check would have failed before: for mistakes that
    another check's answers do not tell apart.

    names   : as of `KnownAnswers`
    answers : a digest of all of them together
    """

    check: str
    names: str
    answers: str


Line = KnownMistake | RightAnswers | KnownAnswers | OpenAnswers | AllAnswers


class AnswerTable:
    """The table of one stage, as it is asked.

    mistakes : by name, each with its hint; those with another number too
    right    : by check
    known    : what mistakes answer, by check
    all      : what mistakes answer to all questions, by check and name
    fails    : the checks that see a mistake, by its name
    """

    def __init__(self, made_of: str, lines: Iterable[Line]):
        self.made_of, self.lines = made_of, list(lines)
        bank = [line for line in self.lines if isinstance(line, KnownMistake)]
        told = {m.group: (m.hint, m.title) for m in bank if m.hint}
        self.mistakes = {m.name: KnownMistake(m.name, m.alike, *told[m.group]) for m in bank}
        self.right = {line.check: line for line in self.lines if isinstance(line, RightAnswers)}
        self.known: dict[str, list[KnownAnswers]] = {check: [] for check in self.right}
        self.all: dict[tuple[str, str], str] = {}
        self.fails: dict[str, set[str]] = {}
        for line in self.lines:
            if isinstance(line, AllAnswers):
                self.all |= {(line.check, name): line.answers for name in line.names.split()}
            elif isinstance(line, KnownAnswers):
                self._know(line)
            elif isinstance(line, OpenAnswers):
                for form, known in line.forms(self.mistakes[line.name]):
                    self.mistakes[form.name] = form
                    self._know(known)

    def _know(self, line: KnownAnswers) -> None:
        self.known[line.check].append(line)
        for name in line.names.split():
            self.fails.setdefault(self.mistakes[name].name, set()).add(line.check)

    def text(self) -> str:
        """The file: the head, the mistakes as the bank has them, then a line a pair of check and mistake, in order."""
        bank = [_text(line) for line in self.lines if isinstance(line, KnownMistake)]
        others = sorted(_text(line) for line in self.lines if not isinstance(line, KnownMistake))
        return "\n".join([msgspec.json.encode(TableHead(_ABOUT, self.made_of)).decode(), *bank, *others, ""])


def _text(line: Line) -> str:
    """Without the last fields where they are as if not told."""
    values = list(msgspec.to_builtins(line))
    while not values[-1]:
        values.pop()
    return msgspec.json.encode(values).decode()


def read_table(stage: Stage) -> AnswerTable | None:
    """The table of a stage; None if it has none, or one of another version of the course's engine."""
    try:
        return _parsed((stage.folder / TABLE).read_bytes())
    except (OSError, msgspec.MsgspecError, KeyError):
        return None


def has_tables(course: Course) -> bool:
    """Whether mistakes can be recognised in any stage."""
    return any((stage.folder / TABLE).is_file() for stage in course.stages)


def tables_of(course: Course, stages: Collection[str]) -> dict[str, AnswerTable]:
    """The tables of some stages, as far as they can be read."""
    chosen = (stage for stage in course.stages if stage.id in stages)
    return {stage.id: table for stage in chosen if (table := read_table(stage)) is not None}


@lru_cache(maxsize=64)
def _parsed(content: bytes) -> AnswerTable:
    head, _, rest = content.partition(b"\n")
    lines = msgspec.json.Decoder(Line).decode_lines(rest)
    return AnswerTable(msgspec.json.decode(head, type=TableHead).made_of, lines)


def made_of(course: Course, stage: Stage) -> str:
    """What a table of today is made of: reference, toolbox, checks and mistakes, as a fingerprint."""
    folders = [(course.reference, "*.py"), (course.tasks / TOOLBOX, "*.py"), (stage.folder, "*.py")]
    files = [path for folder, pattern in folders if folder is not None for path in sorted(folder.glob(pattern))]
    return fingerprint.of_text(_FORM, *(text for path in files for text in (path.name, path.read_text("utf-8"))))[:16]


def stale_tables(course: Course) -> list[str]:
    """Ids of the stages that know mistakes, and have no table, or one that is not of today."""
    known = {stage.id: (read_table(stage), made_of(course, stage)) for stage in course.stages if load(stage.folder)}
    return [stage for stage, (table, today) in known.items() if table is None or table.made_of != today]
