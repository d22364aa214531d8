"""Fresh trainings of stated kinds, and what the diagnosis says of them.

    python -m tests.tasks.training_runs [--runs 200] [--healthy 50] [--seed 100000]

The kind of a run is set by its settings and by a stated outcome; a run that does not come out as stated is drawn again.
The rules were made on seeds below 100,000 and on narrower settings. Reported: how many get the word of their kind, another, and none.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

import reference.train
from reference.data import minibatches
from reference.network import MLP
from tests.courses import HERE
from tests.tasks.toolbox import images
from tests.tasks.toolbox import training_diagnosis as td

FRESH = 400_000
SIZES = ((784, 64, 32, 10), (784, 128, 64, 10), (784, 50, 10))


class Plan(NamedTuple):
    """One training to make.

    begin : changes the parameters before training, in place
    deal  : gives the batches; None are the reference's
    """

    examples: int
    epochs: int
    batch_size: int
    lr: float
    begin: Callable[[MLP, np.random.Generator], None] = lambda model, rng: None
    deal: Callable[..., Iterator] = minibatches
    moves: Callable[[MLP], list] = MLP.parameters


class Kind(NamedTuple):
    word: str  #: what should be said; "" is nothing
    says: str  #: and what its sentence has to hold
    draw: Callable[[np.random.Generator], Plan]
    outcome: Callable[[td.Training], bool]


def uniform_log(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def whole(rng: np.random.Generator, low: int, high: int) -> int:
    return int(rng.integers(low, high + 1))


def make(plan: Plan, rng: np.random.Generator) -> td.Training:
    """Train the reference's network as planned."""
    sizes = SIZES[whole(rng, 0, len(SIZES) - 1)]
    data = images.open(HERE.data)
    rows, others = rng.permutation(len(data.x_train))[: plan.examples], rng.permutation(len(data.x_val))[:1000]
    x, y, x_val, y_val = data.x_train[rows], data.y_train[rows], data.x_val[others], data.y_val[others]
    model = MLP(sizes, rng, dtype=np.float32)
    plan.begin(model, rng)
    start = [p.astype(np.float64) for p in model.parameters()]
    settings = {"epochs": plan.epochs, "batch_size": plan.batch_size, "lr": plan.lr}
    every, moving = MLP.parameters, {id(p) for p in plan.moves(model)}
    model.parameters = lambda: [p if id(p) in moving else p.copy() for p in every(model)]
    kept, reference.train.minibatches = reference.train.minibatches, plan.deal
    try:
        with np.errstate(all="ignore"):
            history = reference.train.train(model, x, y, x_val, y_val, rng=rng, **settings)
    finally:
        reference.train.minibatches = kept
    end = [p.astype(np.float64) for p in every(model)]
    return td.Training(settings, len(x), history, start, end, (x, y), (x_val, y_val))


# --- starts and batches that go wrong ---------------------------------------------------------------------------------


def zeros(model: MLP, rng: np.random.Generator) -> None:
    for p in model.parameters():
        p[...] = 0


def constants(model: MLP, rng: np.random.Generator) -> None:
    for p in model.parameters()[::2]:
        p[...] = 0.01


def dead(model: MLP, rng: np.random.Generator) -> None:
    model.parameters()[1][...] = -rng.uniform(20, 60)


def larger(factor: float) -> Callable[[MLP, np.random.Generator], None]:
    def begin(model: MLP, rng: np.random.Generator) -> None:
        for p in model.parameters()[::2]:
            p *= factor

    return begin


def shuffled_anew(x: np.ndarray, y: np.ndarray, size: int, rng: np.random.Generator) -> Iterator:
    return minibatches(x, rng.permutation(y), size, rng)


def shuffled_once(x: np.ndarray, y: np.ndarray, size: int, rng: np.random.Generator) -> Iterator:
    return minibatches(x, np.random.default_rng(0).permutation(y), size, rng)


def nothing(model: MLP) -> list:
    return []


def biases(model: MLP) -> list:
    return model.parameters()[1::2]


# --- kinds ------------------------------------------------------------------------------------------------------------


def some(rng: np.random.Generator) -> int:
    return whole(rng, 1500, 2500)


def full_batch(rng: np.random.Generator) -> Plan:
    examples = some(rng)
    return Plan(examples, whole(rng, 3, 25), whole(rng, examples, 5000), uniform_log(rng, 0.02, 0.5))


def few_steps(rng: np.random.Generator) -> Plan:
    examples, size = some(rng), whole(rng, 48, 700)
    return Plan(examples, whole(rng, 1, max(1, min(8, 299 // -(-examples // size)))), size, uniform_log(rng, 0.01, 0.2))


def small_rate(rng: np.random.Generator) -> Plan:
    examples, size = some(rng), whole(rng, 8, 48)
    return Plan(examples, max(-(-300 // -(-examples // size)), whole(rng, 3, 10)), size, uniform_log(rng, 3e-5, 8e-3))


def far_too_fast(rng: np.random.Generator) -> Plan:
    return Plan(some(rng), whole(rng, 2, 8), whole(rng, 8, 128), uniform_log(rng, 0.8, 60))


def hopeless(rng: np.random.Generator) -> Plan:
    begin = (zeros, constants, dead)[whole(rng, 0, 2)]
    moves = (MLP.parameters, MLP.parameters, nothing, biases)[whole(rng, 0, 3)]
    return Plan(some(rng), whole(rng, 3, 8), whole(rng, 8, 128), uniform_log(rng, 0.01, 0.3), begin, moves=moves)


def mixed_up(rng: np.random.Generator) -> Plan:
    deal = (shuffled_anew, shuffled_once)[whole(rng, 0, 1)]
    return Plan(some(rng), whole(rng, 4, 16), whole(rng, 8, 64), uniform_log(rng, 0.02, 0.3), deal=deal)


def too_few_images(rng: np.random.Generator) -> Plan:
    return Plan(whole(rng, 60, 700), whole(rng, 10, 50), whole(rng, 4, 48), uniform_log(rng, 0.03, 0.3))


def restless(rng: np.random.Generator) -> Plan:
    return Plan(some(rng), whole(rng, 5, 14), whole(rng, 4, 24), uniform_log(rng, 0.2, 1.2))


def too_large_a_start(rng: np.random.Generator) -> Plan:
    factor = uniform_log(rng, 3.5, 30)
    return Plan(some(rng), whole(rng, 3, 12), whole(rng, 8, 64), uniform_log(rng, 0.003, 0.2), larger(factor))


def sound(rng: np.random.Generator) -> Plan:
    return Plan(some(rng), whole(rng, 8, 20), whole(rng, 8, 64), uniform_log(rng, 0.03, 0.3))


def gap(t: td.Training) -> float:
    return t.after[1] - t.elsewhere[1]


def fall(t: td.Training) -> float:
    """How far the validation accuracy falls from one of the last four epochs to the next, at most."""
    return float(-np.diff(t.curve("val_acc")[-4:]).min(initial=0.0))


def jumps(t: td.Training) -> bool:
    return t.finite and t.elsewhere[1] > 0.5 and fall(t) >= 0.03 and gap(t) < 0.12


def settled(t: td.Training) -> bool:
    return t.after[1] >= 0.95 and gap(t) < 0.11 and t.elsewhere[1] >= 0.88 and fall(t) < 0.02


KINDS = {
    "full batch": Kind(td.SLOW, "full batch", full_batch, lambda t: t.after[1] < 0.88),
    "few steps": Kind(td.SLOW, "too few", few_steps, lambda t: t.after[1] < 0.90),
    "small rate": Kind(td.SLOW, "rate is too small", small_rate, lambda t: t.after[1] < 0.88),
    "diverged": Kind(td.DIVERGED, "", far_too_fast, lambda t: not t.finite or t.elsewhere[1] < 0.3),
    "stuck": Kind(td.STUCK, "", hopeless, lambda t: t.finite and t.elsewhere[1] < 0.2),
    "apart": Kind(td.APART, "", mixed_up, lambda t: t.finite and t.elsewhere[1] < 0.25),
    "overfits": Kind(td.OVERFITS, "", too_few_images, lambda t: t.after[1] >= 0.95 and gap(t) >= 0.13),
    "noisy": Kind(td.NOISY, "", restless, jumps),
    "large start": Kind(td.LARGE, "", too_large_a_start, lambda t: not t.finite or t.elsewhere[1] < 0.87),
}
HEALTHY = Kind("", "", sound, settled)


def fresh(kind: Kind, seed: int, tries: int = 30) -> tuple[Plan, td.Training]:
    """A training of a kind that came out as the kind states."""
    for k in range(tries):
        rng = np.random.default_rng([seed, k])
        plan = kind.draw(rng)
        made = make(plan, rng)
        with np.errstate(all="ignore"):
            if kind.outcome(made):
                return plan, made
    raise AssertionError(f"no training of seed {seed} came out as its kind states")


def verdict(kind: Kind, found: td.Finding | None) -> str:
    """right, wrong or silent."""
    if found is None:
        return "silent" if kind.word else "right"
    return "right" if found.kind == kind.word and kind.says in found.sentence else "wrong"


def judged(runs: int, healthy: int, seed: int) -> Iterator[tuple[str, str, Plan, td.Finding | None]]:
    """(kind, verdict, plan, finding) of so many runs of the kinds in turn, and of healthy ones."""
    names = [list(KINDS)[k % len(KINDS)] for k in range(runs)] + ["healthy"] * healthy
    for k, name in enumerate(names):
        kind = KINDS.get(name, HEALTHY)
        plan, made = fresh(kind, seed + k)
        found = td.diagnose(made)
        yield name, verdict(kind, found), plan, found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tasks.training_runs", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--healthy", type=int, default=50)
    parser.add_argument("--seed", type=int, default=FRESH)
    options = parser.parse_args()
    count: Counter[tuple[str, str]] = Counter()
    for name, word, plan, found in judged(options.runs, options.healthy, options.seed):
        count[name, word] += 1
        if word != "right":
            print(f"{name}: {word}: {plan[:4]} -> {found.text if found else 'nothing'}", flush=True)
    for name in [*KINDS, "healthy"]:
        print(f"{name:12}", *(f"{word} {count[name, word]:3}" for word in ("right", "wrong", "silent")))
    shares = {w: sum(count[name, w] for name in KINDS) / max(1, options.runs) for w in ("right", "wrong", "silent")}
    print("  ".join(f"{word} {share:.1%}" for word, share in shares.items()))
    good = shares["right"] >= 0.9 and shares["wrong"] <= 0.02 and shares["silent"] <= 0.08
    return 0 if good and not count["healthy", "wrong"] else 1


if __name__ == "__main__":
    sys.exit(main())
