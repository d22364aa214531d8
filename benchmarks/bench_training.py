"""Ten epochs of the same training: the reference beside Keras, PyTorch and scikit-learn."""

from benchmarks.peers import ask, missing
from benchmarks.ratio import Options, Ratio, alternate

TARGETS = {"Keras": 0.25, "PyTorch": 0.60, "scikit-learn": 0.75}
HOW = "20,000 images, 784-128-64-10, plain SGD, lr 0.1, batch 64, 10 epochs, float32; median of {rounds} alternating runs"


def ratios(options: Options):
    present = [name for name in TARGETS if not missing(name)]
    rounds, epochs = options.rounds(5), 1 if options.quick else 10
    runs = {name: lambda name=name: ask(name, {"epochs": epochs})[0]["seconds"] for name in ("reference", *present)}
    timings = alternate(runs, rounds)
    own = timings["reference"]
    for name, target in TARGETS.items():
        title = f"training: reference / {name}"
        if name not in present:
            yield Ratio(title, None, target, missing(name))
            continue
        other = timings[name]
        how = HOW.format(rounds=rounds) + f"; {own.median:.2f} s and {other.median:.2f} s"
        yield Ratio(title, own.median / other.median, target, how, timings=(own, other))
