"""`train`: train a submission on MNIST, as its own `main` does it."""

import importlib
import sys
import traceback
from pathlib import Path
from types import TracebackType

import click

from grader.paths import STUDENT
from grader.verbs._course import course_here


@click.command("train")
@click.option(
    "--student",
    type=click.Path(path_type=Path),
    default=lambda: course_here().reference or STUDENT,
    help="Folder to train: the reference, or student/ where a course came without it.",
)
@click.option("--data", default=None, help="A folder of IDX files, an .npz, or keras (default: data/mnist.npz).")
@click.option("--out", type=click.Path(path_type=Path), default=Path("plots"), help="Where plots and weights go.")
@click.option("--seed", type=int, default=0, help="Seed of the weights and of the order of the images.")
def command(student: Path, data: str | None, out: Path, seed: int) -> int:
    """Train on MNIST: a line an epoch, then plots and the trained weights.

    All three ways to import work, whatever the folder is called. This runs the submission's code as you, without the
    grader's confinement. Exit status 2 if the training cannot be run, or stops with an exception.
    """
    from grader.errors import Refusal
    from grader.submission import read_submission
    from grader.worker.inside.loader import Finder

    submission = read_submission(student)
    folder = str(submission.folder)
    source = str(course_here().data / "mnist.npz") if data is None else data
    arguments = ["--data", source, "--out", str(out), "--seed", str(seed)]
    with Finder(submission.modules, submission.problems, folder, confined=False).active():
        try:
            module = importlib.import_module("student.train")
            main = getattr(module, "main", None)
            if main is None:
                raise Refusal(f"{student}/train.py has no main(). Remedy: copy it from the skeleton's train.py.")
            main(arguments)
        except NotImplementedError as todo:
            raise Refusal(f"{todo}. It has to be written before anything can be trained.") from todo
        except Refusal:
            raise
        except (Exception, SystemExit) as error:
            return _stopped(error, folder)
    return 0


def _stopped(error: BaseException, folder: str) -> int:
    """Say why a training ended: the sentence it ended with, or the learner's own lines of the traceback."""
    if isinstance(error, SystemExit):
        if isinstance(error.code, str):
            click.echo(f"error: {error.code}", err=True)
        return 2 if error.code else 0
    shown: TracebackType | None = error.__traceback__
    while shown is not None and not shown.tb_frame.f_code.co_filename.startswith(folder):
        shown = shown.tb_next
    traceback.print_exception(type(error), error, shown or error.__traceback__, file=sys.stderr)
    return 2
