"""The benchmarks' own machinery: verdicts, baselines, files. Nothing here measures anything."""

import ast
import importlib.util
import json
import re
import sys
import types

import pytest

pytest.importorskip("pyperf")

from benchmarks import __main__ as bench
from benchmarks import baseline, results
from benchmarks.bench_arithmetic import operations
from benchmarks.ratio import Curve, Options, Ratio, Timing, alternate, exponent
from grader.paths import ROOT

SLOW = Ratio("training: reference / Keras fit", 0.4, 0.25, "how", timings=(Timing("reference", (2.0, 3.0, 2.5)),))
FAST = Ratio("training: reference / PyTorch", 0.5, 0.6, "how", timings=(Timing("PyTorch", (5.0,)),))
SHARE = Ratio("arithmetic: share", 0.6, 0.55, "how", most=False)
ABSENT = Ratio("training: reference / none", None, 0.5, "not installed here")


def test_a_target_is_the_most_or_the_least():
    assert (SLOW.met, FAST.met, SHARE.met, ABSENT.met) == (False, True, True, None)
    assert Ratio("x", 0.5, 0.55, most=False).met is False
    assert Ratio("x", 0.5).met is None


def test_worse_follows_the_direction_of_the_target():
    assert SLOW.worse_than(0.3, 0.2)
    assert not SLOW.worse_than(0.35, 0.2)
    assert SHARE.worse_than(0.9, 0.2)
    assert not SHARE.worse_than(0.5, 0.2)
    assert not ABSENT.worse_than(0.0, 0.2)


def test_alternate_takes_turns():
    order = []
    timings = alternate({"a": lambda: order.append("a") or 1.0, "b": lambda: order.append("b") or 2.0}, 3)
    assert order == ["a", "b"] * 3
    assert (timings["a"].median, timings["b"].values) == (1.0, (2.0, 2.0, 2.0))


def test_exponent_of_a_power_law():
    assert exponent([(n, 3 * n**1.5) for n in (10.0, 20.0, 80.0)]) == pytest.approx(1.5)


def test_operations_of_one_image_by_hand():
    assert operations((3, 2, 1), images=1, epochs=1) == 2 * 3 * (6 + 2)
    assert operations((3, 2, 1), images=1, epochs=1, with_dx=False) == 2 * (3 * 8 - 6)


def test_files_hold_every_ratio_and_the_machine(tmp_path):
    curve = Curve("training: time", "images", "seconds", {"time": [(1, 1.0), (2, 2.1)]}, "how <b>", {"time": 1.07})
    results.write([SLOW, FAST, SHARE, ABSENT], [curve], tmp_path)
    record = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert [r["met"] for r in record["ratios"]] == [False, True, True, None]
    assert record["ratios"][0]["timings"] == {"reference": [2.0, 3.0, 2.5]}
    assert record["machine"]["cores"] >= 1
    assert "numpy" in record["machine"]["versions"]
    page = (tmp_path / "bench.html").read_text(encoding="utf-8")
    for text in (SLOW.name, "missed", "not measured", "at least 0.55", "to the power 1.07", "how &lt;b&gt;"):
        assert text in page
    assert "http://" not in page
    assert "https://" not in page


def test_pyperf_reads_the_timings(tmp_path):
    import pyperf

    results.write([SLOW, FAST], [], tmp_path)
    suite = pyperf.BenchmarkSuite.load(str(tmp_path / "pyperf.json"))
    assert {b.get_name(): b.median() for b in suite.get_benchmarks()} == {"training: reference": 2.5, "training: PyTorch": 5.0}


def test_the_table_names_each_verdict():
    from rich.console import Console

    console = Console(width=160, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(results.table([SLOW, SHARE, ABSENT]))
    text = console.export_text()
    for word in ("0.40", "at most 0.25", "missed", "at least 0.55", "met", "not measured", "not installed here"):
        assert word in text


def test_baseline_keeps_what_was_not_measured_and_names_what_got_worse(tmp_path):
    file = tmp_path / "baseline.json"
    baseline.save([SLOW, SHARE], "a machine", file)
    baseline.save([FAST, Ratio("worker: start", 9.0, 15, unit="ms")], "a machine", file)
    assert set(baseline.load(file)["ratios"]) == {SLOW.name, SHARE.name, FAST.name}
    assert baseline.worse([SLOW, FAST, SHARE, ABSENT], file=file) == []
    slower = Ratio(FAST.name, 0.7, 0.6)
    assert baseline.worse([slower], file=file) == [f"{FAST.name}: 0.70, the baseline is 0.50"]


@pytest.mark.parametrize("content", [None, "{"])
def test_without_a_baseline_the_check_says_how_to_make_one(tmp_path, content):
    file = tmp_path / "baseline.json"
    if content:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(SystemExit, match="--save-baseline"):
        baseline.load(file)


def test_modules_come_in_order_and_unknown_ones_are_named():
    assert bench.modules([])[:2] == ["training", "arithmetic"]
    assert bench.modules(["scaling", "training"]) == ["training", "scaling"]
    with pytest.raises(SystemExit, match="no benchmark speed"):
        bench.modules(["speed"])


def test_one_broken_benchmark_leaves_the_others_their_say(monkeypatch):
    def broken(options):
        yield SLOW
        raise RuntimeError("no such file")

    for name, function in (("one", broken), ("two", lambda options: iter([SHARE]))):
        module = types.ModuleType(f"benchmarks.bench_{name}")
        module.ratios = function
        monkeypatch.setitem(sys.modules, module.__name__, module)
    ratios, curves = bench.run(["one", "two"], Options(quick=True), lambda name: None)
    assert [r.name for r in ratios] == [SLOW.name, "one: not measured", SHARE.name]
    assert "RuntimeError: no such file" in ratios[1].how
    assert curves == []


def programs():
    """Programs for other processes that stand as text in the benchmarks, with the module that each is in."""
    for file in sorted((ROOT / "benchmarks").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if re.search(r"^(from|import) grader", text, re.MULTILINE):
                yield file.name, text


def imported_of_the_grader(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "grader":
            yield from ((node.module, alias.name) for alias in node.names)


def test_programs_that_stand_as_text_import_what_is_there():
    asked = {(file, *pair) for file, text in programs() for pair in imported_of_the_grader(text)}
    assert len({file for file, _, _ in asked}) >= 2
    for _, module, name in sorted(asked):
        there = hasattr(importlib.import_module(module), name) or importlib.util.find_spec(f"{module}.{name}")
        assert there, f"from {module} import {name}"
