"""The whole hearing: every witness, every case, and what to print about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from grader.checks.api import Student

from .agreement import Comparison, compare, offers
from .cases import usual_cases
from .extremes import compare_extremes

DTYPES = ("float64", "float32")


@dataclass
class Hearing:
    """What one witness said in one type.

    rows : name of the case -> its rows
    """

    witness: str
    dtype: str
    rows: dict[str, list[Comparison]] = field(default_factory=dict)
    note: str = ""

    @property
    def agrees(self) -> bool:
        return all(row.agrees for rows in self.rows.values() for row in rows)

    def worst(self) -> dict[str, Comparison]:
        """The row of each kind that came closest to its tolerance, or went furthest beyond it."""
        worst: dict[str, Comparison] = {}
        for rows in self.rows.values():
            for row in rows:
                kept = worst.get(row.kind)
                if kept is None or _share(row) > _share(kept):
                    worst[row.kind] = row
        return worst


def witnesses() -> tuple[list[ModuleType], list[str]]:
    """The witnesses that are installed, and a sentence for each that is not. TensorFlow and mpmath must be."""
    from . import exact, tensorflow_witness

    try:
        from . import torch_witness
    except ImportError:
        absent = "PyTorch is not installed and was not asked: pip install torch adds it as a second witness."
        return [tensorflow_witness, exact], [absent]
    return [tensorflow_witness, torch_witness, exact], []


def hear(student: Student, asked: list[ModuleType], tell: Callable[[str], None] = lambda _: None) -> Iterator[Hearing]:
    """Ask every witness about every case, in both types."""
    for dtype in DTYPES:
        if not offers(student, dtype):
            yield Hearing("", dtype, note=f"{dtype} was not compared: MLP takes no dtype={dtype!r}, which is optional.")
            continue
        for witness in asked:
            hearing = Hearing(f"{witness.name} {witness.version}", dtype)
            for case in usual_cases(dtype) if hasattr(witness, "evaluate") else []:
                tell(f"{witness.name}: {case}")
                hearing.rows[str(case)] = compare(student, case, witness)
            hearing.rows["extreme logits"] = compare_extremes(student, dtype, witness)
            yield hearing


def tell(student: Student, asked: list[ModuleType], absent: list[str]) -> bool:
    """Ask, and print what came out and who was not there to be asked; whether all agree."""
    console, agree = Console(), True
    with console.status("asking") as status:
        for hearing in hear(student, asked, status.update):
            agree = agree and hearing.agrees
            console.print(show(hearing))
    for sentence in absent:
        console.print(sentence)
    console.print("All agree." if agree else "[bold red]Not all agree: see the rows marked DIFFERS.[/]")
    return agree


def show(hearing: Hearing) -> Group:
    """A summary by quantity; where something differs, the first such case layer by layer."""
    if hearing.note:
        return Group(Text(hearing.note), Text(""))
    count = sum(map(len, hearing.rows.values()))
    title = f"{hearing.witness}, {hearing.dtype}: {count} comparisons in {len(hearing.rows)} cases"
    parts: list[Any] = [_table(title, [(row.kind, row) for row in _summed(hearing.worst())])]
    for case, rows in hearing.rows.items():
        if not all(row.agrees for row in rows):
            parts.append(_table(f"Differs: {case}", [(f"{row.where}: {row.what}", row) for row in rows]))
            break
    return Group(*parts, Text(""))


def _share(row: Comparison) -> float:
    return row.difference / row.tolerance if row.tolerance else (0.0 if row.agrees else float("inf"))


def _summed(worst: dict[str, Comparison]) -> list[Comparison]:
    """The layers' kinds and the network's own, the parameters' many rows reduced to the worst of each length."""
    kept: dict[str, Comparison] = {}
    for row in worst.values():
        key = row.kind
        if row.where == "weights" and "after" in row.what:
            key = "weights after" + row.what.partition("after")[2]
        elif row.where == "network" and row.what[0] == "d" and row.what[-1].isdigit():
            key = "network dW, db"
        other = kept.get(key)
        if other is None or _share(row) > _share(other):
            kept[key] = row
    return list(kept.values())


def _table(title: str, lines: list[tuple[str, Comparison]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, min_width=len(title))
    table.add_column("quantity")
    table.add_column("largest difference", justify="right")
    table.add_column("allowed", justify="right")
    table.add_column("")
    for name, row in lines:
        verdict = "agrees" if row.agrees else f"DIFFERS {row.note}".rstrip()
        style = "" if row.agrees else "bold red"
        table.add_row(name, f"{row.difference:.1e}", f"{row.tolerance:.0e}", verdict, style=style)
    return table
