"""Every page in every state as a picture for people to look at: `python -m tests.browser.screenshots FOLDER [NAME ...]`.

Each state is really graded, as a learner would; each page is taken 390 and 1280 pixels wide, in light and in dark. Names are
those of the files, without width and scheme: `untouched`, `fails-shape`, `class`, ...; all of them if none is given.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from playwright.sync_api import sync_playwright

from grader.cohort import page as class_page
from grader.comparison import page as comparison
from grader.comparison import probing
from grader.learner.instruments import measure, write_page
from grader.paths import BUILD, REFERENCE
from grader.records import Report
from grader.report import site
from grader.submission import Submission, read_submission
from grader.worker.outside.local import LocalPool
from tests.browser import install
from tests.browser.conftest import ARGUMENTS, UNFOLD, opened, screenshot
from tests.browser.submissions import SLIPS, SUBMISSIONS, Edit, edited, grade, stages
from tests.cohort.made import make_class
from tests.courses import HERE, with_stages
from tests.golden.submissions import with_bodies

WIDTHS, SCHEMES = (390, 1280), ("light", "dark")
RATES = "HYPERPARAMETERS = {{'epochs': {}, 'batch_size': {}, 'lr': {}}}"
SETTINGS = 'HYPERPARAMETERS = {"epochs": 10, "batch_size": 32, "lr": 0.2, "lr_decay": 0.8}'

#: Kinds of failure: the last stage that is written, and what stands in it instead.
FAILURES: dict[str, tuple[int, list[Edit]]] = {
    "named": (4, SLIPS["04_cross_entropy"]),
    "unnamed": (1, [("layers", "self.dW = self.x.T @ dout", "self.dW = 0.7 * (self.x.T @ dout) + 0.01")]),
    "shape": (1, [("layers", "self.db = dout.sum(axis=0)", "self.db = dout.sum(axis=1)")]),
    "type": (3, [("losses", "return exps / exps.sum(axis=1, keepdims=True)", "return {'probabilities': exps}")]),
    "nan": (3, SLIPS["03_softmax"]),
    "raises": (1, [("layers", "self.dW = self.x.T @ dout", "print(dout.shape)\n        self.dW = self.x @ dout")]),
    "unknown-name": (2, [("layers", "return dout * self.positive", "return dout * self.mask")]),
    "too-long": (9, [("data", "for start in range(0, len(x), batch_size):", "start = 0\n    while True:")]),
    "gradients": (7, SLIPS["07_backprop"]),
    "gradient-check": (5, SLIPS["05_gradient_check"]),
    "batches": (9, SLIPS["09_minibatches"]),
    "loop": (10, SLIPS["10_training_loop"]),
    "import": (1, [("layers", "import numpy as np", "import numpy as np\nimport torch")]),
}
SITE = ("index", "01_linear", "04_cross_entropy", "glossary")
#: Trainings that fail, each in its own way.
TRAININGS = {"slow": (2, 128, 0.02), "diverged": (2, 32, 60.0), "full-batch": (10, 20_000, 0.2)}


def partly(last: int, edits: list[Edit]) -> Submission:
    """Everything up to a stage written, with some lines replaced."""
    modules = dict(with_bodies(stages(*range(1, last + 1)), "ada").modules)
    for module, old, new in edits:
        assert old in modules[module], f"{module}.py no longer holds {old!r}"
        modules[module] = modules[module].replace(old, new, 1)
    return Submission("ada", modules)


def states() -> dict[str, Callable[[], Submission]]:
    """Name -> what is handed in, for every state of the report."""
    trainings = {
        f"training-{name}": lambda used=used: edited([("train", SETTINGS, RATES.format(*used))], "ada")
        for name, used in TRAININGS.items()
    }
    failures = {f"fails-{name}": lambda made=made: partly(*made) for name, made in FAILURES.items()}
    return {**SUBMISSIONS, "begun": lambda: partly(1, []), **failures, **trainings}


class Pages:
    """Makes each page below a folder when it is asked for; a state that another page shows is graded once."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._graded: dict[str, Path] = {}
        self._states = states()
        others = {"class": self._class, "compare": self._compare, "experiment": self._experiment}
        others |= {f"site-{page}": lambda page=page: self._site(page) for page in SITE}
        self.makers = {name: lambda name=name: self.report(name) / "report.html" for name in self._states} | others

    def report(self, name: str) -> Path:
        """The folder of a state's grade."""
        if name not in self._graded:
            self._graded[name], _ = grade(self._states[name](), self._scratch / name)
        return self._graded[name]

    def _class(self) -> Path:
        """A class of forty, who stand where some of the states do."""
        names = ["untouched", "begun", "syntax_error", "mid_course", "one_mistake_a_stage", "fails-shape", "all_right"]
        records = [msgspec.json.decode((self.report(name) / "results.json").read_bytes(), type=Report) for name in names]
        made = make_class(self._scratch / "class", 40, record_of=lambda number: records[number % len(records)])
        return class_page.write(made, HERE, made="2026-11-23T01:00:00+00:00")

    def _site(self, page: str) -> Path:
        return site.write(HERE, self._scratch / "site").with_name(f"{page}.html")

    def _compare(self) -> Path:
        sides = (partly(8, [*SLIPS["03_softmax"], *SLIPS["08_sgd"]]), read_submission(REFERENCE))
        some, out = with_stages(HERE.stages[:11]), self._scratch / "compare"
        asked = [probing.ask(side, some, LocalPool(), 0, out / str(i) / "evidence") for i, side in enumerate(sides)]
        return comparison.write(comparison.Sides(some, *sides, (asked[0], asked[1]), (out / "0", out / "1")), out)

    def _experiment(self) -> Path:
        found: list = []
        measure("experiments", HERE, REFERENCE, self._scratch, "off", choose=lambda all_of_them: all_of_them.EXPERIMENTS["batch-size"],
                keep=lambda _, plots, __: found.extend(plots))  # fmt: skip
        page = self._scratch / "experiment" / "batch-size.html"
        told = "Larger batches are faster per epoch, so they will learn more in the same number of epochs."
        return write_page(HERE, page, found, name="batch-size", question="What does the batch size do?", predicted=told)


def take(browser, page: Path, name: str, folder: Path) -> Iterator[Path]:
    """The pictures of one page."""
    contexts: list = []
    for width in WIDTHS:
        for scheme in SCHEMES:
            shown = opened(browser, contexts, page, width, scheme)
            yield folder / f"{name}-{width}-{scheme}.png"
            screenshot(shown, folder / f"{name}-{width}-{scheme}.png")
            if name in ("mid_course", "untouched", "class") and scheme == "light":
                shown.evaluate(UNFOLD)
                screenshot(shown, folder / f"{name}-unfolded-{width}.png")
    for context in contexts:
        context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=BUILD / "screenshots")
    parser.add_argument("names", nargs="*", help="of pages; all of them if none is given")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        pages = Pages(Path(scratch))
        if unknown := set(options.names) - set(pages.makers):
            parser.error(f"no page is called {', '.join(sorted(unknown))}. Remedy: one of {', '.join(pages.makers)}")
        browser = playwright.chromium.launch(executable_path=install.find(), args=ARGUMENTS)
        for name in options.names or pages.makers:
            page = pages.makers[name]()
            print(f"{name}: {len(list(take(browser, page, name, options.folder)))} pictures", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
