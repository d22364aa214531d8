"""A class as one meets it: functions in many styles, a few mistakes made by many, some who copied from one another."""

import re
import textwrap
from collections import defaultdict
from pathlib import Path

from grader.course.misconceptions import RIGHT, Misconception, parse
from grader.course.source_spans import definition_span, need, replace_lines
from grader.submission import Submission, read_submission
from tests.cohort.classes import Generator
from tests.courses import HERE

GRADED = [stage.id for stage in HERE.stages if stage.points and not stage.training]
COMMON = 0.6  #: share of the usual form of a function, beside what chance gives it
ZIPF = 1.2
#: Size of a ring -> the right answer that its students have from one another.
RINGS = {2: "slots", 4: "columns", 12: "tape", 40: "closures"}
REWRITTEN = 6  #: functions
#: What stands alone in whatever answer, so that a copy can have it in another form -> its functions.
ALONE = {
    "losses.softmax": 1, "losses.SoftmaxCrossEntropy": 2, "gradcheck.relative_error": 1, "gradcheck.numerical_gradient": 1,
    "data.minibatches": 1, "train.accuracy": 1, "layers.ReLU": 2, "optim.SGD": 2,
}  # fmt: skip
APPEALING = slice(3, None, 10)  #: of the students, by number


def name_of(number: int) -> str:
    return f"student-{number:04d}"


def appeal_of(name: str) -> str:
    return f"I am {name}, and 03_softmax is right."


def owner(target: str) -> str:
    """The class or function that a target is in: "layers.Linear" of "layers.Linear.forward"."""
    return ".".join(target.split(".")[:2])


def with_form(code: Submission, form: Misconception) -> Submission:
    """A submission in which a definition stands in another form, as if it had been written so."""
    text, path = code.modules[form.module], form.target.split(".")[1:]
    written = re.sub(rf"\b{form.name}\b", path[-1], form.source)
    lines = textwrap.indent(written, "    " * (len(path) - 1)).split("\n")
    text = replace_lines(text, definition_span(need(text, form.target)), lines)
    first, _ = definition_span(need(text, owner(form.target)))
    return code.replaced({form.module: replace_lines(text, (first, first), ["import numpy as np", form.helpers, "", ""])})


class UsualClass(Generator):
    """Right, unfinished and mistaken answers in styles that are drawn a function at a time, hostile code, broken archives.

    Which mistakes are made follows Zipf's law. `rings` has, after `write`, the names of those who copied.
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        whole = {target for target in (each.target for each in self.bank) if target.rpartition(".")[2][0].isupper()}
        self.bank = [each for each in self.bank if each.stage in GRADED and each.target not in whole]
        self.dice.shuffle(self.bank)
        self.weights = [1 / place**ZIPF for place in range(1, len(self.bank) + 1)]
        forms = parse((HERE.folder / RIGHT / "forms.py").read_text("utf-8"), "forms")
        #: Of a function; of a class that has no forms of its methods, or can be taken whole.
        self.forms: dict[str, list[Misconception]] = defaultdict(list)
        for form in sorted(forms, key=lambda form: -len(form.target.split("."))):
            inner = any(target.startswith(f"{form.target}.") for target in self.forms)
            if not form.slow and (form.target in ALONE or not inner):
                self.forms[form.target].append(form)
        self.rings: list[list[str]] = []

    def styled(self, but: set[str]) -> Submission:
        """A right answer of which everything but some classes and functions is in a style of its own."""
        code = self.reference
        for target, forms in self.forms.items():
            if owner(target) not in but and self.dice.random() > COMMON:
                code = with_form(code, self.dice.choice(forms))
        return code

    def right(self) -> dict[str, bytes]:
        return self._files(self.styled(set()))

    def mistaken(self, many: int = 1) -> dict[str, bytes]:
        made: dict[str, Misconception] = {}
        while len(made) < many:
            mistake = self.dice.choices(self.bank, self.weights)[0]
            made.setdefault(owner(mistake.target), mistake)
        code = self.styled(set(made))
        for mistake in made.values():
            code = with_form(code, mistake)
        return self._files(code)

    def copied(self, answer: str) -> dict[str, bytes]:
        """Somebody else's answer, of which a few functions were written anew."""
        code = read_submission(HERE.folder / RIGHT / answer)
        names = self.dice.sample(sorted(ALONE), len(ALONE))
        while sum(ALONE[name] for name in names) > REWRITTEN:
            names.pop()
        for name in names:
            code = with_form(code, self.dice.choice(self.forms[name]))
        return self._files(code)

    def write(self, folder: Path, size: int) -> None:
        """A class of that size; the rings are in a class that is 25 times as large as the largest of them."""
        folder.mkdir(parents=True)
        names = [name_of(number) for number in range(size)]
        answer: dict[str, str] = {}
        for ring in RINGS if size >= 25 * max(RINGS) else ():
            self.rings.append(sorted(self.dice.sample([name for name in names if name not in answer], ring)))
            answer |= dict.fromkeys(self.rings[-1], RINGS[ring])
        for name in names:
            self._student(folder, name, answer.get(name), name in names[APPEALING])

    def _student(self, folder: Path, name: str, answer: str | None, appeals: bool) -> None:
        draw = self.dice.random() if answer is None else 1.0
        if draw < 0.08:
            (folder / f"{name}.zip").write_bytes(self.broken[self.dice.choice(sorted(self.broken))])
            return
        files = self.something(draw) if answer is None else self.copied(answer)
        files["layers.py"] += f"\n# {name}\n".encode()
        if appeals:
            files["appeal.txt"] = appeal_of(name).encode()
        self._hand_in(folder, name, files)
