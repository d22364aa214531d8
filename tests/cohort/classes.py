"""Generated classes: right answers, half-finished ones, known mistakes, hostile code and broken archives, mixed."""

import gzip
import io
import random
import tarfile
import zipfile
from functools import partial
from pathlib import Path

from grader.cohort.choice import Handout
from grader.cohort.intake import take_in
from grader.cohort.package import read_package
from grader.course import misconceptions, skeleton
from grader.course.policy import Late
from grader.paths import REFERENCE, TASKS
from grader.submission import file_of, read_submission
from tests.courses import HERE

#: Where nothing was handed out, and only the names of the modules are known.
NOTHING_GIVEN = Handout(HERE.modules)
packaged = partial(read_package, handout=NOTHING_GIVEN)


def taken_in(submissions, store, roster=None, *, scratch=None, late=None, times=None):
    """`take_in` where nothing was handed out."""
    return take_in(submissions, store, scratch, NOTHING_GIVEN, late or Late(), roster, times)


#: What a submission does instead of what it should, in the body of a function that the first stages call.
HOSTILE = {
    "never ends": "while True:\n            pass",
    "ends the process": "import os\n        os._exit(0)",
    "asks to exit": "import sys\n        sys.exit(0)",
    "dies of a signal": "import os\n        os.kill(os.getpid(), 11)",
    "takes all memory": "return [b'x' * 10**9 for _ in range(10**6)]",
    "floods the output": "while True:\n            print('x' * 10**6)",
    "recurses": "return self.backward(dout)",
    "starts a process": "import os\n        os.fork()\n        return dout",
    "skips": "import unittest\n        raise unittest.SkipTest('not today')",
    "looks for the answer": "import reference.layers as r\n        return r.Linear.backward(self, dout)",
}


def archives() -> dict[str, bytes]:
    """Broken and hostile archives by what is the matter with them."""
    good = zip_of({"layers.py": b"x = 1\n"})
    return {
        "empty": b"",
        "truncated": good[: len(good) // 2],
        "no zip": b"PK\x03\x04" + b"nonsense" * 20,
        "a bomb": gzip.compress(b"\0" * 80_000_000),
        "nothing in it": zip_of({}),
        "another assignment": zip_of({"essay.py": b"print('hello')\n"}),
        "out of its folder": zip_of({"../../layers.py": b"x = 1\n"}),
    }


def zip_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tar_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


class Generator:
    """Makes submissions of every kind; the same seed makes the same class."""

    def __init__(self, seed: int = 0) -> None:
        self.dice = random.Random(seed)
        self.reference = read_submission(REFERENCE)
        self.claims = skeleton.read_claims(TASKS)
        self.skeleton = skeleton.build(REFERENCE, self.claims)
        self.bank = [m for stage in HERE.stages for m in misconceptions.load(stage.folder)]
        self.broken = archives()

    def right(self) -> dict[str, bytes]:
        return self._files(self.reference)

    def half_finished(self) -> dict[str, bytes]:
        """The bodies of the first few stages put back."""
        stages = sorted(set(self.claims.stages.values()))
        kept = stages[: self.dice.randrange(len(stages))]
        names = [name for name, stage in self.claims.stages.items() if stage in kept]
        sources = skeleton.read_sources(REFERENCE)
        texts = skeleton.put_back_all(self.skeleton, sources, names)
        return {file: text.encode() for file, text in texts.items()}

    def mistaken(self, many: int = 1) -> dict[str, bytes]:
        submission = self.reference
        for mistake in self.dice.sample(self.bank, many):
            submission = misconceptions.apply(submission, mistake)
        return self._files(submission)

    def hostile(self, kind: str = "") -> dict[str, bytes]:
        files = self.right()
        body = HOSTILE[kind or self.dice.choice(sorted(HOSTILE))]
        override = f"\n\ndef _hostile(self, dout):\n        {body}\n\n\nLinear.backward = _hostile\n"
        files["layers.py"] += override.replace("\n        ", "\n    ").encode()
        return files

    def something(self, draw: float) -> dict[str, bytes]:
        """Files of one kind, by a number up to 1: hostile, half-finished, with one mistake or two, right."""
        if draw < 0.16:
            return self.hostile()
        if draw < 0.30:
            return self.half_finished()
        return self.mistaken(self.dice.choice((1, 1, 1, 2))) if draw < 0.70 else self.right()

    def write(self, folder: Path, size: int) -> None:
        """A class of that size, in folders and archives."""
        folder.mkdir(parents=True)
        for number in range(size):
            name = f"student-{number:04d}"
            draw = self.dice.random()
            if draw < 0.08:
                kind = self.dice.choice(sorted(self.broken))
                (folder / f"{name}.zip").write_bytes(self.broken[kind])
                continue
            files = self.something(draw)
            if self.dice.random() < 0.97:  # a few hand in the same
                files["layers.py"] += f"\n# {name}\n".encode()
            self._hand_in(folder, name, files)

    def _hand_in(self, folder: Path, name: str, files: dict[str, bytes]) -> None:
        form = self.dice.randrange(4)
        if form == 0:
            (folder / f"{name}.zip").write_bytes(zip_of(files))
        elif form == 1:
            (folder / f"{name}.tar.gz").write_bytes(tar_of({f"{name}/{k}": v for k, v in files.items()}))
        else:
            place = folder / name / ("student" if form == 2 else "")
            place.mkdir(parents=True)
            for file, content in files.items():
                (place / file).write_bytes(content)

    @staticmethod
    def _files(submission) -> dict[str, bytes]:
        return {file_of(module): text.encode() for module, text in submission.modules.items()}
