"""A TOML file as a record; what the record does not take, as a sentence: which key, what it is, what it has to be."""

import difflib
import re
import reprlib
import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from grader.errors import Refusal

Model = TypeVar("Model", bound=msgspec.Struct)

_KINDS: dict[object, str] = {
    float: "a number", int: "a whole number", str: "text", bool: "true or false", tuple: "a list",
    datetime: "a date with its time",
}  # fmt: skip


def read_toml(path: Path, model: type[Model], refusal: type[Refusal] = Refusal) -> Model:
    """The file as a record. Raises `refusal`, with cause and remedy; OSError as it comes."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        return msgspec.convert(table, model)
    except RecursionError:
        raise refusal(
            f"{path} cannot be read: it is nested too deeply. Remedy: remove the brackets that nothing needs."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise refusal(f"{path} cannot be read: {error}. Remedy: correct that line.") from None
    except msgspec.ValidationError as error:
        raise refusal(f"{path}: {explain(error, model, table)}") from None


def explain(error: msgspec.ValidationError, model: type, table: Mapping[str, Any]) -> str:
    """msgspec's message as a sentence. What has to hold beyond a type is said by its `Meta`: description or bounds.

    model : the Struct that the file was to become
    table : the file, parsed
    """
    text, _, where = str(error).partition(" - at `$")
    kind, value, name, each = _reached(where, model, table)
    if unknown := re.search("unknown field `(.+)`", text):
        known = [field for field in _fields(kind) if field != "file"]  # the policy's own path
        near = difflib.get_close_matches(unknown[1], known, n=1)
        meant = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(known)}."
        return f"{unknown[1]!r} {f'in [{name}]' if name else 'at the top'} is not known. {meant}"
    if missing := re.search("missing required field `(.+)`", text):
        return f"{f'{name}.' if name else ''}{missing[1]} is missing; it has to be {_wanted(_fields(kind)[missing[1]])}."
    return f"{name} is {reprlib.repr(value)}; {each or 'it'} has to be {_wanted(kind)}."


def _reached(where: str, model: type, table: Mapping[str, Any]) -> tuple[object, Any, str, str]:
    """What a path of msgspec's leads to: its type, its value, its name, and "each of ..." where it does not say which one."""
    kind: object = model
    value: Any = table
    name = each = ""
    for step in re.findall(r"\w+|\.\.\.", where):
        if step == "...":  # some value of a table
            kind = get_args(_bare(kind))[-1]
            unfit = [key for key, one in value.items() if not _fits(one, kind)] if isinstance(kind, type) else []
            name, value, each = (f"{name}.{unfit[0]}", value[unfit[0]], "") if unfit else (name, value, "each of its values")
        elif step.isdigit():
            kind, value = get_args(_bare(kind))[0], value[int(step)]
            own = value.get("id") if isinstance(value, dict) else None
            name = own if isinstance(own, str) else f"{name}[{step}]"
        else:
            kind, value = _fields(kind)[step], value[step]
            name = f"{name}.{step}" if name else step
    return kind, value, name, each


def _wanted(kind: object) -> str:
    if get_origin(kind) is Annotated:
        bare, meta, *_ = get_args(kind)
        return meta.description or f"{_wanted(bare)} between {meta.ge:g} and {meta.le:g}"
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(repr, get_args(kind)))}"
    if get_origin(kind) in (Union, UnionType):
        return " or ".join(_wanted(one) for one in get_args(kind) if one is not NoneType)
    return _KINDS.get(get_origin(kind) or kind, "a table")


def _fits(value: object, kind: type) -> bool:
    try:
        return msgspec.convert(value, kind) is not None
    except msgspec.ValidationError:
        return False


def _bare(kind: object) -> object:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _fields(kind: object) -> dict[str, object]:
    assert isinstance(kind, type)
    assert issubclass(kind, msgspec.Struct)
    return {field.name: field.type for field in msgspec.structs.fields(kind)}
