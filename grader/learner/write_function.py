"""One function of a submission, written from a notebook's cell: exchanged by its source span, with a way back."""

import ast
from pathlib import Path

from grader.course import source_spans
from grader.course.course import Course
from grader.course.skeleton import pristine, read_claims, restore_stub
from grader.course.source_spans import SkeletonError
from grader.errors import Refusal
from grader.files import write_atomically

UNDO = "undo"  #: in a course's memory: each name's module as it was before that name was last written


def write(course: Course, folder: Path, name: str, cell: str) -> str:
    """Put a cell's definition into its module, or add it there; returns a sentence on what was done.

    name   : "module.function", "module.Class.method" or "module.NAME"
    cell   : the definition alone, a method without the indentation of its class
    raises : Refusal; then nothing was written
    """
    path, here = _module(folder, name), name.rpartition(".")[2]
    try:
        tree = ast.parse(cell)
    except SyntaxError as error:  # the name stands on the cell's first line
        raise Refusal(
            f"{name} was not written: syntax error in line {(error.lineno or 0) + 1} of the cell: {error.msg}."
        ) from None
    node = source_spans.find(tree, f"cell.{here}")
    if node is None or len(tree.body) != 1:
        raise Refusal(
            f"{name} was not written: the cell must define {here} and nothing else. "
            f"Remedy: write imports into {path.name}, and give each helper a cell of its own."
        )
    text = _as_in_module(cell, node, name, path.read_text(encoding="utf-8", errors="replace"))
    skeleton = pristine(course, read_claims(course.tasks)).get(path.name, "")
    given, told = (source_spans.find(source_spans.parse(source), name) for source in (skeleton, text))
    if given is not None and ast.dump(given) == ast.dump(told):
        return f"{name} was not written: the cell is still as it was given."
    return _put(course, path, name, text)


def undo(course: Course, folder: Path, name: str) -> str:
    """Put back what a name was before it was last written; doing so twice leaves everything as it is.

    raises : Refusal if nothing is kept
    """
    path, kept = _module(folder, name), course.memory / UNDO / f"{name}.py"
    if not kept.is_file():
        raise Refusal(f"There is nothing to undo: {name} was not written from a notebook.")
    return _put(course, path, name, kept.read_bytes().decode("utf-8"))


def _module(folder: Path, name: str) -> Path:
    path = folder / f"{name.partition('.')[0]}.py"
    if not all(part.isidentifier() for part in name.split(".")) or "." not in name or not path.is_file():
        raise Refusal(f"{name!r} is not a function in {folder.name}/. Remedy: module.function or module.Class.method.")
    return path


def _as_in_module(cell: str, node: ast.stmt, name: str, source: str) -> str:
    """The cell as a module: a method in its class, indented as in the source, but for strings of several lines."""
    _, *owner, _ = name.split(".")
    if not owner:
        return cell
    there = source_spans.find(source_spans.parse(source), name)
    prefix = source.split("\n")[there.lineno - 1][: there.col_offset] if there else "    "
    texts = [text for text in ast.walk(node) if isinstance(text, ast.Constant | ast.JoinedStr) and text.col_offset > 4]
    kept = {line for text in texts for line in range(text.lineno + 1, (text.end_lineno or 0) + 1)}
    lines = [line if i in kept or not line.strip() else prefix + line for i, line in enumerate(cell.split("\n"), 1)]
    return "\n".join([f"class {owner[0]}:", *lines])


def _put(course: Course, path: Path, name: str, text: str) -> str:
    """Exchange the definition by that of another text of its module, and keep the module as it was."""
    old, place = path.read_bytes(), f"{path.parent.name}/{path.name}"
    try:
        new = restore_stub(old.decode("utf-8"), text.rstrip(), name)
        first, last = source_spans.definition_span(source_spans.need(new, name))
    except (SkeletonError, UnicodeDecodeError) as error:
        raise Refusal(f"{name} was not written: {error} Remedy: correct {path.name} in an editor.") from None
    if new.encode() == old:
        return f"{name} in {place} is the same already."
    write_atomically(course.memory / UNDO / f"{name}.py", old)
    write_atomically(path, new.encode())
    return f"{name} was written to {place}, lines {first + 1} to {last}. %undo {name} puts back what was there."
