"""What a run leaves behind: a table for the terminal, bench.json, pyperf.json, and bench.html in the report's style."""

import base64
import io
import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import pyperf
from rich.table import Table

from benchmarks.ratio import Curve, Ratio

SCHEMA = 1
PACKAGES = ("numpy", "scikit-learn", "torch", "tensorflow-cpu", "tensorflow", "keras")


def machine() -> dict[str, Any]:
    """Processor, cores, versions and load: without them no figure means anything."""
    import numpy as np

    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    blas = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    found = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "blas": f"{blas.get('name', '?')} {blas.get('version', '')}".strip(),
        "versions": versions,
        "load": [round(value, 2) for value in os.getloadavg()] if hasattr(os, "getloadavg") else [],
    }
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    found["summary"] = f"{found['cores']} cores, {found['processor']}; Python {found['python']}; {packages}; {found['blas']}"
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def shown(value: float | None, unit: str = "") -> str:
    """A figure with as many digits as it is known to."""
    if value is None:
        return "-"
    text = f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
    return f"{text} {unit}".strip()


def verdict(ratio: Ratio) -> str:
    """The word beside a ratio."""
    if ratio.value is None:
        return "not measured"
    return {True: "met", False: "missed", None: ""}[ratio.met]


def goal(ratio: Ratio) -> str:
    if ratio.target is None:
        return ""
    return f"{'at most' if ratio.most else 'at least'} {shown(ratio.target, ratio.unit)}"


def table(ratios: list[Ratio]) -> Table:
    """Each ratio beside its target."""
    made = Table(box=None, pad_edge=False)
    for title, side in (("ratio", "left"), ("measured", "right"), ("target", "left"), ("", "left"), ("how", "left")):
        made.add_column(title, justify=side, overflow="fold")
    styles = {"met": "green", "missed": "bold red", "not measured": "yellow", "": ""}
    for ratio in ratios:
        word = verdict(ratio)
        made.add_row(
            ratio.name, shown(ratio.value, ratio.unit), goal(ratio), f"[{styles[word]}]{word}[/]" if word else "", ratio.how
        )
    return made


def write(ratios: list[Ratio], curves: list[Curve], out: Path) -> dict[str, Any]:
    """Write the three files; returns what bench.json holds."""
    out.mkdir(parents=True, exist_ok=True)
    record = {
        "schema": SCHEMA,
        "machine": machine(),
        "ratios": [
            {
                "name": r.name, "value": r.value, "target": r.target, "unit": r.unit, "met": r.met, "how": r.how,
                "most": r.most, "timings": {t.name: list(t.values) for t in r.timings},
            }
            for r in ratios
        ],
        "curves": [
            {"name": c.name, "x": c.x, "y": c.y, "series": dict(c.series), "how": c.how, "exponents": dict(c.exponents)}
            for c in curves
        ],
    }  # fmt: skip
    (out / "bench.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _write_pyperf(ratios, out / "pyperf.json")
    (out / "bench.html").write_text(page(record, ratios, curves), encoding="utf-8")
    return record


def _write_pyperf(ratios: list[Ratio], path: Path) -> None:
    timings = {f"{r.name.partition(':')[0]}: {t.name}": t for r in ratios for t in r.timings if min(t.values) > 0}
    records = []
    for name, timing in timings.items():
        run = pyperf.Run(timing.values, metadata={"name": name, "unit": "second"}, collect_metadata=False)
        records.append(pyperf.Benchmark([run]))
    if records:
        pyperf.BenchmarkSuite(records).dump(str(path), replace=True)


def page(record: dict[str, Any], ratios: list[Ratio], curves: list[Curve]) -> str:
    """bench.html: one file, in the style of the report."""
    from grader.course.course import Course
    from grader.paths import ENGINE
    from grader.report.pages import environment

    made = environment(Path(__file__).resolve().parent)
    rows = [
        {
            "name": r.name, "value": shown(r.value, r.unit), "goal": goal(r), "verdict": verdict(r), "how": r.how,
            "state": {"met": "pass", "missed": "fail"}.get(verdict(r), "blocked"),
        }
        for r in ratios
    ]  # fmt: skip
    pictures = [{"name": c.name, "uri": curve_picture(c), "how": c.how, "exponents": c.exponents} for c in curves]
    bars = timing_picture(ratios)
    return made.get_template("bench.html.j2").render(
        about=Course(ENGINE).about, machine=record["machine"], rows=rows, pictures=pictures, bars=bars
    )


def timing_picture(ratios: list[Ratio]) -> str:
    """Bars of the training times, shortest first; empty if there are none."""
    seconds = {t.name: t.median for r in ratios if r.name.startswith("training:") for t in r.timings}
    if not seconds:
        return ""
    names = sorted(seconds, key=lambda name: -seconds[name])
    figure, axes = _figure(6.4, 0.5 + 0.45 * len(names))
    bars = axes.barh(names, [seconds[n] for n in names], color=["#0b7a75" if n == "reference" else "#c9bfae" for n in names])
    axes.bar_label(bars, [f"{seconds[n]:.2f} s" for n in names], padding=4, color="#808080")
    axes.set_xlim(0, 1.15 * max(seconds.values()))
    axes.set_xlabel("seconds for ten epochs")
    return _uri(figure)


def curve_picture(curve: Curve) -> str:
    """A curve on logarithmic axes."""
    figure, axes = _figure(4.6, 3.0)
    for name, points in curve.series.items():
        axes.loglog(*zip(*points), "o-", color="#0b7a75", markersize=4, label=name)
    axes.set(xlabel=curve.x, ylabel=curve.y)
    axes.grid(alpha=0.25)
    return _uri(figure)


def _figure(width: float, height: float):
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    grey = "#808080"  # readable on light and on dark paper
    style = {"text.color": grey, "axes.labelcolor": grey, "axes.edgecolor": grey, "xtick.color": grey, "ytick.color": grey}
    with plt.rc_context(style):
        figure, axes = plt.subplots(figsize=(width, height), layout="constrained")
    figure.patch.set_alpha(0)
    axes.patch.set_alpha(0)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _uri(figure) -> str:
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", transparent=True)
    plt.close(figure)
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
