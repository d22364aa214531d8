"""The verbs. Each lives in a module of its own under `grader/verbs/`, imported only when it is called.

Exit status of every verb: 0 done; 1 below full marks (with --strict) or a difference found; 2 a request that cannot be
carried out, with cause and remedy on stderr; 3 the grader's own fault; 130 interrupted.
"""

import errno
import gc
import importlib
import io
import os
import sys
import tomllib
from pathlib import Path

import click

from grader.errors import GraderError, Refusal
from grader.threads import one_thread

_LINES = tomllib.loads(Path(__file__).with_name("verbs").joinpath("verbs.toml").read_text("utf-8"))
#: verb -> (group heading, one line)
VERBS: dict[str, tuple[str, str]] = {verb: (group, line) for group, lines in _LINES.items() for verb, line in lines.items()}


def module_of(verb: str) -> Path:
    """The file in which a verb lives."""
    name = verb.replace("-", "_") + ("_" if verb == "class" else "")
    return Path(__file__).with_name("verbs") / f"{name}.py"


class Verbs(click.Group):
    """A group that imports a verb's module only when the verb is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [verb for verb in VERBS if module_of(verb).exists()]  # a learner's kit has the learner's verbs alone

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS or not module_of(cmd_name).exists():
            return None
        command: click.Command = importlib.import_module(f"grader.verbs.{module_of(cmd_name).stem}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.list_commands(ctx):
            import difflib

            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            known = f" Did you mean {near[0]}?" if near else ""
            raise Refusal(f"unknown verb {args[0]!r}.{known} Remedy: python -m grader --help lists the verbs.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        there = self.list_commands(ctx)
        for heading in dict.fromkeys(VERBS[verb][0] for verb in there):
            with formatter.section(heading):
                formatter.write_dl([(verb, VERBS[verb][1]) for verb in there if VERBS[verb][0] == heading])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        formatter.write_text(
            "Exit status: 0 done; 1 below full marks (--strict) or a difference found; "
            "2 cannot be carried out; 3 the grader's own fault; 130 interrupted."
        )


def _choose(ctx: click.Context, option: click.Parameter, folder: str) -> None:
    """Remember the course for this process and those that it starts; in a copy that a class is graded from, the copy is it."""
    if folder and "CHAIN_RULE_COURSE_COPY" not in os.environ:
        os.environ["CHAIN_RULE_COURSE"] = os.path.abspath(folder)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--course", metavar="FOLDER", expose_value=False, callback=_choose, help="The course; else the one around here.")
def commands() -> None:
    """Chain Rule: learn by writing, one checked function after another."""


def _of_a_file(error: OSError) -> str:
    """What is wrong with a file or the disk, and the remedy; raises the error if it is about neither."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)  # the system does not say in which file
    if not error.filename and not full:
        raise error
    remedy = "make room on the disk" if full else "name another folder, or change its permissions"
    where = f"{error.filename2 or error.filename}: " if error.filename else ""
    return f"{where}{error.strerror}. Remedy: {remedy}."


def main(arguments: list[str] | None = None) -> None:
    """Run one verb from the command line."""
    one_thread()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a pipe on Windows, or the locale C, has no ✓
    gc.set_threshold(200_000)  # a start makes many objects and no garbage: to look for it took an eighth of a grade
    try:
        name = "chain-rule" if Path(sys.argv[0]).stem == "chain-rule" else "python -m grader"
        status = commands.main(arguments, obj=arguments or sys.argv[1:], prog_name=name, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except GraderError as error:
        click.echo(f"error: {error.sentence()}", err=True)
        sys.exit(error.exit_status)
    except OSError as error:
        click.echo(f"error: {_of_a_file(error)}", err=True)
        sys.exit(Refusal.exit_status)
    except (click.Abort, KeyboardInterrupt) as stopped:
        if isinstance(stopped.__cause__, EOFError):  # no end of somebody's input, which has no cause: for grader.bootstrap
            raise stopped.__cause__ from None
        click.echo("Stopped.", err=True)
        sys.exit(130)
    sys.exit(status if isinstance(status, int) else 0)
