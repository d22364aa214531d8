"""The same training by the reference and by `fast`, beside Keras, PyTorch, scikit-learn and JAX."""

from benchmarks.peers import ask, missing
from benchmarks.ratio import Options, Ratio, alternate

TARGETS = {"Keras": 0.25, "PyTorch": 0.60, "scikit-learn": 0.50, "JAX": 1.3}  #: of fast, in batches of 64
OTHERS = (32, 128, 512)  #: sizes of batches that are measured, too
HOW = "20,000 images, 784-128-64-10, plain SGD, lr 0.1, batch {batch}, {epochs} epochs, float32, one thread, processor time; "
HOW += "median of {rounds} alternating runs; {mine:.2f} s and {other:.2f} s"
#: What `fast` does less than the reference -> the way of stage 15 that does it all the same.
WAYS = {
    "each bias added by itself": "adds_each_bias",
    "new arrays for gradients": "makes_new_gradients",
    "new arrays for batches": "makes_new_batches",
    "loss and hits in every batch": "measures_every_batch",
    "every gradient times lr": "multiplies_every_gradient",
    "a gradient by the images": "goes_on_to_the_images",
}


def ratios(options: Options):
    yield from _beside_others(options, 64, options.rounds(7), 1 if options.quick else 10)
    for batch in () if options.quick else OTHERS:
        yield from _beside_others(options, batch, 3, 3)
    yield from _ways(options)


def _beside_others(options: Options, batch: int, rounds: int, epochs: int):
    """Reference and fast, each beside each of the others, in batches of one size."""
    present = [name for name in TARGETS if not missing(name)]
    request, compiling = {"epochs": epochs, "batch_size": batch}, {}

    def seconds(name):
        answer = ask(name, request)[0]
        compiling[name] = answer["compiling"]
        return answer["seconds"]

    runs = {name: lambda name=name: seconds(name) for name in ("reference", "fast", *present)}
    timings = alternate(runs, rounds)
    size = "" if batch == 64 else f", batch {batch}"
    for mine, other in [("fast", "reference"), *((m, o) for m in ("fast", "reference") for o in TARGETS)]:
        target = TARGETS.get(other) if mine == "fast" and not size else None
        if other not in timings:
            yield Ratio(f"training{size}: {mine} / {other}", None, target, missing(other))
            continue
        a, b = timings[mine], timings[other]
        how = HOW.format(batch=batch, epochs=epochs, rounds=rounds, mine=a.median, other=b.median)
        if compiling[other]:
            how += f", and {compiling[other]:.1f} s of compiling before it"
        yield Ratio(f"training{size}: {mine} / {other}", a.median / b.median, target, how, timings=(a, b))


def _ways(options: Options):
    """`fast` with the dark pixels beside itself, and with one thing more beside that: the ways of stage 15 have all pixels."""
    settings = {"epochs": 1 if options.quick else 10}
    plain, whole = "the dark pixels", "fast"
    requests = {whole: settings, plain: {**settings, "dark": 2}}  # no batch has so many
    requests |= {words: {**settings, "way": way} for words, way in WAYS.items()}
    runs = {name: lambda request=request: ask("fast", request)[0]["seconds"] for name, request in requests.items()}
    timings = alternate(runs, options.rounds(7))
    for words, beside in [(plain, whole), *((words, plain) for words in WAYS)]:
        a, b = timings[words].median, timings[beside].median
        title = (
            f"training: fast with {words} / fast" if beside is whole else f"training: fast with all pixels, and {words} / without"
        )
        yield Ratio(title, a / b, None, f"{a:.2f} s and {b:.2f} s")
