"""What a worker withholds, in words: for the terminal, the report and results.json."""

from typing import Any

from grader.worker.inside.probes import PROBES


def summary(measured: dict[str, Any], sandbox: str, mode: str) -> dict[str, Any]:
    """The measurements of one worker as a record.

    measured : {"probes": attempt -> withheld, "layers": layer -> what was done}; what was not tried is not withheld
    returns  : level "full", "partial" or "process"; complete; probes; layers; summary, one line
    """
    probes = {probe.name: bool(measured["probes"].get(probe.name)) for probe in PROBES}
    open_ways = {probe.name: probe.remedy for probe in PROBES if not probes[probe.name]}
    held = len(probes) - len(open_ways)
    layers = ["separate process", "plain-data protocol", "time limits", "output limit"]
    layers += [str(text) for text in measured["layers"].values() if not str(text).startswith("off")]
    missing = {str(name): str(text)[5:] for name, text in measured["layers"].items() if str(text).startswith("off")}
    line = f"{held} of {len(probes)} forbidden actions blocked"
    if open_ways:
        line += f"; NOT blocked here: {', '.join(open_ways)}"
    level = "full" if not open_ways else "process" if held <= 1 else "partial"
    return {
        "level": level,
        "complete": not open_ways,
        "requested": sandbox,
        "mode": mode,
        "probes": probes,
        "layers": layers,
        "missing": missing,
        "remedies": open_ways,
        "summary": line,
    }
