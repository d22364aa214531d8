"""Slips in the training loop, as edits of a plain loop, and loops of other people that are right."""

# ruff: noqa: E501

from dataclasses import dataclass

PLAIN = """
def train(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    loss, optimizer, last, before, speed = SoftmaxCrossEntropy(), SGD(lr), 0.0, None, None
    history = {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}
    for _ in range(epochs):
        total_loss, correct = 0.0, 0
        total = None
        for xb, yb in minibatches(x_train, y_train, batch_size, rng):
            logits = model.forward(xb)
            total_loss += loss.forward(logits, yb) * len(yb)
            correct += np.count_nonzero(logits.argmax(axis=1) == yb)
            model.backward(loss.backward())
            optimizer.step(model.parameters(), model.gradients())
        history["train_loss"].append(total_loss / len(y_train))
        history["train_acc"].append(correct / len(y_train))
        history["val_loss"].append(SoftmaxCrossEntropy().forward(model.forward(x_val), y_val))
        history["val_acc"].append(accuracy(model, x_val, y_val))
    return history
"""

CORE = "train_descends_on_the_full_batch"
BATCHES = "train_steps_once_a_batch"
LATER = "train_keeps_descending"
MEASURES = "train_measures_what_it_says"
VALIDATES = "train_validates_after_each_epoch"
HISTORY = "train_keeps_a_history"
LEAK = "train_never_learns_from_validation"
RNG = "train_follows_its_rng"
DATA = "train_leaves_the_data_alone"


@dataclass(frozen=True)
class Edit:
    """One slip: each old piece of PLAIN becomes the new one. `fails`: checks of stage 10, without the prefix check_."""

    name: str
    fails: set[str]
    edits: tuple[tuple[str, str], ...]

    @property
    def code(self) -> str:
        text = PLAIN
        for old, new in self.edits:
            assert text.count(old) == 1, f"{self.name}: PLAIN has {text.count(old)} times {old!r}"
            text = text.replace(old, new)
        return text


def slip(name: str, fails: str, *pieces: str) -> Edit:
    return Edit(name, set(fails.split()), tuple(zip(pieces[::2], pieces[1::2])))


START = "    loss, optimizer"
EPOCH = "        total_loss, correct = 0.0, 0\n"
LOOP = "        for xb, yb in minibatches(x_train, y_train, batch_size, rng):\n"
ORDER = "minibatches(x_train, y_train, batch_size, rng)"
FORWARD = "            logits = model.forward(xb)\n"
BACK = "            model.backward(loss.backward())\n"
GRADIENT = "loss.backward()"
STEP = "            optimizer.step(model.parameters(), model.gradients())\n"
LOSS = 'history["train_loss"].append(total_loss / len(y_train))'
ACC = 'history["train_acc"].append(correct / len(y_train))'
VAL = '        history["val_loss"].append(SoftmaxCrossEntropy().forward(model.forward(x_val), y_val))\n'
VAL_ACC = "append(accuracy(model, x_val, y_val))"
RETURN = "    return history\n"
ADD = "total = [a + b for a, b in zip(total, model.gradients())] if total else [g.copy() for g in model.gradients()]\n"
SPEED = "speed = [0.9 * s + g for s, g in zip(speed or [0] * 9, model.gradients())]\n"
BEST = (
    "        if history['val_acc'][-1] == max(history['val_acc']):\n            best = [p.copy() for p in model.parameters()]\n"
)
WORSE = "        if len(history['val_loss']) > 1 and history['val_loss'][-1] > history['val_loss'][-2]:\n"
AGAIN = "            for curve in history.values():\n                curve.append(curve[-1])\n            continue\n"

SLIPS = [
    slip("no step", CORE, STEP, ""),
    slip("two steps", CORE, STEP, STEP + STEP),
    slip("uphill", CORE, "model.gradients())", "[-g for g in model.gradients()])"),
    slip("a step before backward", CORE, BACK + STEP, STEP + BACK),
    slip("the gradient of the batch before", CORE, BACK, BACK.replace(GRADIENT, "last + 0 * logits") + f"            last = {GRADIENT}\n"),
    slip("logits go back", CORE, GRADIENT, "logits"),
    slip("times the loss", CORE, GRADIENT, "loss.backward() * loss.forward(logits, yb)"),
    slip("always lr 0.1", CORE, "SGD(lr)", "SGD(0.1)"),
    slip("a sum for a mean", CORE, GRADIENT, "loss.backward() * len(yb)"),
    slip("one epoch too many", CORE, "range(epochs)", "range(epochs + 1)"),
    slip("always one epoch", f"{LATER} {BATCHES} {HISTORY} {VALIDATES} {MEASURES}", "range(epochs)", "range(1)"),
    slip("lr falls by itself", f"{LATER} {BATCHES} {VALIDATES}", EPOCH, EPOCH + "        optimizer.lr *= 0.95 if last else 1.0\n        last = 1.0\n"),
    slip("the short batch counts as a full one", BATCHES, GRADIENT, "loss.backward() * len(yb) / batch_size"),
    slip("the short batch makes no step", BATCHES, STEP, f"            if len(yb) == batch_size:\n    {STEP}"),
    slip("always batches of 32", f"{BATCHES} {RNG}", "batch_size, rng):\n            l", "32, rng):\n            l"),
    slip("everything at once", f"{BATCHES} {RNG}", "batch_size, rng):\n            l", "len(x_train), rng):\n            l"),
    slip("one row a step", CORE, "batch_size, rng):\n            l", "1, rng):\n            l"),
    slip("one step for a whole epoch", BATCHES, STEP, f"            {ADD}        optimizer.step(model.parameters(), total)\n"),
    slip("gradients gathered over batches", BATCHES, STEP, f"            {ADD}            optimizer.step(model.parameters(), [g + 0 for g in total])\n"),
    slip("labels turned by one", CORE, FORWARD, FORWARD + "            yb = np.roll(yb, 1)\n"),
    slip("labels of one place further", f"{BATCHES} {MEASURES}", FORWARD, FORWARD + "            yb = np.roll(yb, 1) if len(yb) < len(y_train) else yb\n"),
    slip("momentum", f"{LATER} {BATCHES} {VALIDATES}", STEP, f"            {SPEED}            optimizer.step(model.parameters(), [s + 0 for s in speed])\n"),
    slip("weight decay", CORE, STEP, STEP + "            for p in model.parameters():\n                p *= 0.99\n"),
    slip("clips at length 0.1", CORE, "model.gradients())", "[g / max(1.0, 10 * np.linalg.norm(g)) for g in model.gradients()])"),
    slip("looks at the validation set in between", CORE, BACK, "            model.forward(x_val)\n" + BACK),
    slip("the order of the file", RNG, ORDER, "[(x_train[i : i + batch_size], y_train[i : i + batch_size]) for i in range(0, len(x_train), batch_size)]"),
    slip("one order for all epochs", RNG, START, f"    kept = list({ORDER})\n{START}", LOOP, "        for xb, yb in kept:\n"),
    slip("batches for the first epoch only", f"{LATER} {BATCHES} {VALIDATES} {MEASURES}", START, f"    kept = iter(list({ORDER}))\n{START}", LOOP, "        for xb, yb in kept:\n"),
    slip("a generator of its own", RNG, ORDER, ORDER.replace("rng", "np.random.default_rng(0)")),
    slip("everybody's generator", RNG, ORDER, ORDER.replace("rng", "np.random.default_rng(np.random.randint(10**6))")),
    slip("learns from the validation set too", CORE, START, "    x_train, y_train = np.vstack([x_train, x_val]), np.append(y_train, y_val)\n" + START),
    slip("stops when validation gets worse", f"{LEAK} {VALIDATES} {LATER}", EPOCH, WORSE + AGAIN + EPOCH),
    slip("keeps the best by validation", f"{LEAK} {LATER}", RETURN, "    for p, b in zip(model.parameters(), best):\n        p[...] = b\n" + RETURN, VAL_ACC + "\n", VAL_ACC + "\n" + BEST),
    slip("the loss of the last batch", MEASURES, LOSS, 'history["train_loss"].append(loss.forward(logits, yb))'),
    slip("the sum of the losses", MEASURES, LOSS, 'history["train_loss"].append(total_loss)'),
    slip("divided by whole batches only", MEASURES, LOSS, 'history["train_loss"].append(total_loss / (len(y_train) // batch_size * batch_size))'),
    slip("never set back", MEASURES, EPOCH, "        total_loss, correct = (total_loss, correct) if history['val_acc'] else (0.0, 0)\n"),
    slip("validates before the epoch", VALIDATES, VAL, "", EPOCH, VAL + EPOCH),
    slip("validates on the first rows", MEASURES, VAL_ACC, "append(accuracy(model, x_val[:batch_size], y_val[:batch_size]))"),
    slip("the best accuracy so far", VALIDATES, VAL_ACC, 'append(max([accuracy(model, x_val, y_val), *history["val_acc"]]))'),
    slip("training accuracy of the validation set", MEASURES, "correct / len(y_train)", "accuracy(model, x_val, y_val)"),
    slip("percent", MEASURES, "correct / len(y_train)", "100 * correct / len(y_train)"),
    slip("strings", CORE, "correct / len(y_train)", 'f"{correct / len(y_train):.2f}"'),
    slip("no val_loss", f"{HISTORY} {MEASURES} {VALIDATES}", VAL, ""),
    slip("no key for val_loss", CORE, '"val_loss": [], ', "", VAL, ""),
    slip("the model comes back", CORE, RETURN, "    return model\n"),
    slip("nothing comes back", CORE, RETURN, "    print(history)\n"),
    slip("one list for all", f"{HISTORY} {MEASURES} {VALIDATES}", '{"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}', 'dict.fromkeys(("train_loss", "train_acc", "val_loss", "val_acc"), [])'),
    slip("a history that lives on", f"{HISTORY} {MEASURES}", "    history = {", "    global history\n    history = history if 'history' in globals() else {"),
    slip("scales the caller's images", DATA, START, "    x_train *= 1.0 + 1e-9\n" + START),
    slip("sorts the caller's rows", DATA, START, "    order = np.argsort(y_train)\n    x_train[:], y_train[:] = x_train[order].copy(), y_train[order].copy()\n" + START),
    slip("standardises the training set alone", CORE, START, "    x_train = (x_train - x_train.mean()) / x_train.std()\n" + START),
    slip("the loss before training in every epoch", MEASURES, EPOCH, EPOCH + "        first = first if history['val_acc'] else SoftmaxCrossEntropy().forward(model.forward(x_train), y_train)\n", LOSS, 'history["train_loss"].append(first)'),
    slip("an invented history", MEASURES, LOSS, 'history["train_loss"].append(2.3 / (1 + len(history["train_loss"])))'),
]  # fmt: skip

RIGHT = {
    "float32 inside, running means by batch, a defaultdict, more keys, prints": '''
from collections import defaultdict
def train(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, momentum=0.0, verbose=True):
    history, kept = defaultdict(list), [p.astype(np.float32) for p in model.parameters()]
    x32 = np.asarray(x_train, dtype=np.float32)
    for epoch in range(epochs):
        losses, hits = [], []
        for xb, yb in list(minibatches(x32, y_train, batch_size, rng)):
            for p, k in zip(model.parameters(), kept):
                p[...] = k
            criterion = SoftmaxCrossEntropy()
            logits = model.forward(xb)
            losses.append(np.float32(criterion.forward(logits, yb)))
            hits.append((logits.argmax(1) == yb).mean())
            model.backward(criterion.backward())
            kept = [np.float32(k - np.float32(lr) * np.float32(g)) for k, g in zip(kept, model.gradients())]
        for p, k in zip(model.parameters(), kept):
            p[...] = k
        history["train_loss"].append(np.mean(losses))
        history["train_acc"].append(np.mean(hits))
        history["val_loss"].append(np.float64(SoftmaxCrossEntropy().forward(model.forward(x_val), y_val)))
        history["val_acc"].append(accuracy(model, x_val, y_val))
        history["seconds"].append(None)
        if verbose:
            print(epoch, history["val_acc"][-1])
    return history
''',
    "measured at the end, arithmetic of its own, an optimiser for each epoch": '''
def train(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    curves = {name: [] for name in ("train_loss", "train_acc", "val_loss", "val_acc", "lr")}
    for _ in range(epochs):
        order = rng.permutation(len(x_train))
        while len(order):
            rows, order = order[:batch_size], order[batch_size:]
            p = softmax(model.forward(x_train[rows]))
            model.backward((p - np.eye(p.shape[1])[y_train[rows]]) / len(rows))
            SGD(lr).step(model.parameters(), [g.copy() for g in model.gradients()])
        for part, x, y in (("train", x_train, y_train), ("val", x_val, y_val)):
            curves[part + "_loss"].append(SoftmaxCrossEntropy().forward(model.forward(x), y))
            curves[part + "_acc"].append(accuracy(model, x, y))
        curves["lr"].append(lr)
    return curves
from .losses import softmax
''',
    "validates in shuffled batches with the same rng": '''
def train(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, **unused):
    out = dict(train_loss=[], train_acc=[], val_loss=[], val_acc=[])
    for _ in range(epochs):
        loss, total = SoftmaxCrossEntropy(), np.zeros(2)
        for xb, yb in minibatches(x_train, y_train, batch_size, rng):
            scores = model.forward(xb)
            total += len(yb) * np.array([loss.forward(scores, yb), np.mean(scores.argmax(1) == yb)])
            model.backward(loss.backward())
            for p, g in zip(model.parameters(), model.gradients()):
                p -= lr * g
        seen = np.zeros(2)
        for xb, yb in minibatches(x_val, y_val, 5, rng):
            scores = model.forward(xb)
            seen += len(yb) * np.array([SoftmaxCrossEntropy().forward(scores, yb), np.mean(scores.argmax(1) == yb)])
        for name, value in zip(out, [*total / len(x_train), *seen / len(x_val)]):
            out[name].append(value)
    return out
''',
}  # fmt: skip
