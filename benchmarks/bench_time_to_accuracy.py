"""Seconds of training until 96 % of the open validation images are right, each library with its best settings."""

from itertools import product
from statistics import median

from benchmarks.peers import ask, missing
from benchmarks.ratio import Options, Ratio, Timing

BATCHES, RATES, MOMENTA = (32, 64, 128), (0.05, 0.1, 0.2, 0.4), (0.0, 0.9)
QUICK = (32, 0.2, 0.0)  #: gets there with every library
FINALISTS, SEEDS, EPOCHS = 3, 5, 12
NEVER = 1e6  #: seconds of a training that does not get there


def best(name: str, options: Options) -> tuple[Timing, str]:
    """The whole grid with one seed, then the fastest settings with five: the best median, and its settings."""
    momenta = (0.0,) if name in ("reference", "fast") else MOMENTA
    grid = [
        {"batch_size": b, "lr": lr, "momentum": m, "epochs": EPOCHS, "accuracy": 0.96}
        for b, lr, m in product(BATCHES, RATES, momenta)
    ]
    if options.quick:
        grid = [setting for setting in grid if (setting["batch_size"], setting["lr"], setting["momentum"]) == QUICK]
    tried = [(answer["seconds"] or NEVER, setting) for answer, setting in zip(ask(name, *grid), grid)]
    finalists = sorted(tried, key=lambda pair: pair[0])[:FINALISTS]
    results = []
    for _, setting in finalists:
        answers = ask(name, *({**setting, "seed": seed} for seed in range(1, 1 + options.rounds(SEEDS))))
        results.append((tuple(a["seconds"] or NEVER for a in answers), setting))
    seconds, setting = min(results, key=lambda result: median(result[0]))
    text = f"batch {setting['batch_size']}, lr {setting['lr']}, momentum {setting['momentum']}"
    return Timing(name, seconds), text


def ratios(options: Options):
    """Of the reference and of `fast` beside each library; JAX is no part of the target."""
    own = {name: best(name, options) for name in ("reference", "fast")}
    others = {}
    for name in ("Keras", "PyTorch", "scikit-learn", "JAX"):
        if sentence := missing(name):
            yield Ratio(f"time to 96 %: fast / {name}", None, None, sentence)
            continue
        others[name], its = best(name, options)
        for mine, (timing, settings) in own.items():
            how = f"{mine} {timing.median:.2f} s ({settings}), {name} {others[name].median:.2f} s ({its})"
            yield Ratio(f"time to 96 %: {mine} / {name}", timing.median / others[name].median, None, how)
    others.pop("JAX", None)
    if not others:
        return
    fastest = min(others.values(), key=lambda timing: timing.median)
    grid = f"{len(BATCHES)} batch sizes, {len(RATES)} rates, momentum 0 and, where there is one, 0.9"
    how = f"each at the best of one grid ({grid}), median of {SEEDS} seeds, processor time; the best is {fastest.name}"
    for name, target in (("reference", None), ("fast", 0.65)):
        timing = own[name][0]
        title = f"time to 96 %: {name} / best of Keras, PyTorch, scikit-learn"
        yield Ratio(title, timing.median / fastest.median, target, how, timings=(timing, fastest))
