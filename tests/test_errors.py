"""Whose fault an end is, and the sentence and exit status that say so."""

import ast
import errno
import importlib
import io
import re
import sys

import click
import pytest

from grader import cli, errors
from grader.paths import ENGINE

LINE = re.compile(r"^( {4,})(\w+)(?: +(\d))?(?: +(\S.*))?$", re.M)


def drawn() -> list[tuple[str, str, str]]:
    """(class, its base, its module) of each line of the tree, from the module's docstring."""
    above: list[tuple[int, str]] = []
    lines = []
    for indent, name, _, rest in LINE.findall(errors.__doc__ + "\n"):
        above = [(depth, base) for depth, base in above if depth < len(indent)]
        module = rest if rest.startswith("grader.") else "grader.errors"
        lines.append((name, above[-1][1] if above else "Exception", module))
        above.append((len(indent), name))
    return lines


TREE = drawn()


@pytest.mark.parametrize(("name", "base", "module"), TREE)
def test_the_tree_shows_each_class_under_its_base(name, base, module):
    kind = getattr(importlib.import_module(module), name)
    assert kind.__bases__[0].__name__ == base
    written = re.search(rf"^ +{name} +(\d) ", errors.__doc__, re.M)
    if written:
        assert kind.exit_status == int(written[1])


def test_no_class_is_missing_in_the_tree():
    names = {name for name, _, _ in TREE}
    found = set()
    for path in (ENGINE / "grader").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and names & {ast.unparse(base).rpartition(".")[2] for base in node.bases}:
                found.add(node.name)
    assert found == names - {"GraderError"}


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (errors.Refusal("why. Remedy: what"), 2, "error: why. Remedy: what"),
        (errors.Fault("why"), 3, "error: the grade could not be made: why"),
        (FileNotFoundError(2, "No such file or directory", "here"), 2, "error: here: No such file or directory. Remedy"),
        (IsADirectoryError(21, "Is a directory", "here"), 2, "error: here: Is a directory. Remedy: name another"),
        (OSError(errno.ENOSPC, "No space left on device"), 2, "error: No space left on device. Remedy: make room on the disk."),
        (OSError(errno.ENOSPC, "No space left", "from", None, "to"), 2, "error: to: No space left. Remedy: make room"),
        (click.UsageError("no such option"), 2, "no such option"),
        (KeyboardInterrupt(), 130, "Stopped."),
    ],
)
def test_the_command_line_says_why_and_ends_with_the_status(monkeypatch, capsys, error, status, sentence):
    def fails(*_, **__):
        raise error

    monkeypatch.setattr(cli.commands, "main", fails)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == status
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_what_a_terminal_cannot_show_is_escaped(monkeypatch, encoding):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding))
    monkeypatch.setattr(cli.commands, "main", lambda *_, **__: print("✓ done", flush=True))
    with pytest.raises(SystemExit):
        cli.main()
    assert sys.stdout.buffer.getvalue() == b"\\u2713 done\n"


@pytest.mark.parametrize("error", [ZeroDivisionError(), OSError("no file has to do with it")])
def test_what_nobody_foresaw_is_not_hidden(monkeypatch, error):
    def fails(*_, **__):
        raise error

    monkeypatch.setattr(cli.commands, "main", fails)
    with pytest.raises(type(error)):
        cli.main()
