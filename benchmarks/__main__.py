"""`python -m benchmarks`: run everything in this folder, print each ratio beside its target, write JSON and a page.

python -m benchmarks                        everything; build/bench/{bench.json, bench.html, pyperf.json}
python -m benchmarks training arithmetic    some modules, by name
python -m benchmarks --check                compare with baseline.json; exit status 1 if a ratio got worse
python -m benchmarks --save-baseline        keep these ratios as the new baseline
"""

import argparse
import importlib
import sys
from pathlib import Path

from benchmarks.ratio import Curve, Options, Ratio

HERE = Path(__file__).resolve().parent
ORDER = ("training", "arithmetic", "time_to_accuracy", "worker", "commands", "watch", "report", "class", "scaling")


def modules(names: list[str]) -> list[str]:
    """The benchmark modules in order, known ones first; all of them if none is named."""
    found = {path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py")}
    if unknown := set(names) - found:
        sys.exit(f"error: there is no benchmark {', '.join(sorted(unknown))}. There are: {', '.join(sorted(found))}.")
    return [name for name in [*ORDER, *sorted(found - set(ORDER))] if name in (names or found)]


def run(names: list[str], options: Options, tell) -> tuple[list[Ratio], list[Curve]]:
    """All ratios and curves of some modules; one that breaks is reported as a ratio without a value."""
    ratios: list[Ratio] = []
    curves: list[Curve] = []
    for name in names:
        tell(name)
        try:
            for found in importlib.import_module(f"benchmarks.bench_{name}").ratios(options):
                (curves if isinstance(found, Curve) else ratios).append(found)
        except Exception as error:  # whatever it is, the other benchmarks still have something to say
            first = (str(error).splitlines() or [""])[0]
            ratios.append(Ratio(f"{name}: not measured", None, None, f"{type(error).__name__}: {first}"))
    return ratios, curves


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="which of: " + ", ".join(ORDER))
    parser.add_argument("--quick", action="store_true", help="one round each: to see that it runs")
    parser.add_argument("--check", action="store_true", help="compare with the baseline")
    parser.add_argument("--save-baseline", action="store_true", help="keep the ratios as the baseline")
    parser.add_argument("--out", type=Path, default=HERE.parent / "build" / "bench")
    options = parser.parse_args()
    from rich.console import Console

    from benchmarks import baseline, results

    console = Console()
    with console.status("measuring") as status:
        ratios, curves = run(modules(options.names), Options(options.quick), lambda name: status.update(name))
    console.print(results.table(ratios))
    record = results.write(ratios, curves, options.out)
    console.print(f"{record['machine']['summary']}; written to {options.out}")
    if options.save_baseline:
        baseline.save(ratios, record["machine"]["summary"])
        console.print(f"baseline saved: {baseline.FILE}")
    if options.check:
        worse = baseline.worse(ratios)
        for line in worse:
            console.print(f"[bold red]worse[/] {line}")
        console.print("Nothing got worse." if not worse else f"{len(worse)} got worse.")
        return 1 if worse else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
