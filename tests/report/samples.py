"""Reports made by code, for the tests of rendering: what an engine could hand over, from best to most hostile.

`make(name, out)` writes the evidence and the history beside the report and returns the `Report`. The stages carry the
course's ids and points; promises and numbers are samples, each array worked out here from the mistake that it shows.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from grader.records import Card, CheckResult, Mistake, NextStep, Report, SourceLines, StageResult

FINISHED = "2026-11-23T09:30:00+00:00"
HINTS = [
    "What does one row of the result depend on, and what must it not depend on?",
    "The handout's picture of one layer shows which arrows meet in each number. Follow them back.",
    "Take two examples and one weight: x = [[2], [3]], dout = [[1], [10]]. The weight met both: 2 * 1 + 3 * 10 = 32.",
]
#: id, title, needs, functions, and per check: id, promise, points (core checks first).
STAGES: list[tuple[str, str, list[str], list[str], list[tuple[str, str, int]]]] = [
    ("01_linear", "Linear layer", [], ["layers.Linear.forward", "layers.Linear.backward"], [
        ("check_linear_forward_adds_the_bias", "Linear.forward returns x @ W + b.", 3),
        ("check_linear_backward_gives_dW", "Linear.backward sets dW to the gradient of the loss by W.", 3),
        ("check_linear_backward_gives_db", "Linear.backward sets db, summed over the batch.", 2),
        ("check_linear_init_is_he", "A new Linear has weights of standard deviation sqrt(2 / in).", 2)]),
    ("02_relu", "ReLU", [], ["layers.ReLU.forward", "layers.ReLU.backward"], [
        ("check_relu_forward_keeps_positive", "ReLU.forward keeps what is above zero and returns 0 for the rest.", 3),
        ("check_relu_backward_masks", "ReLU.backward passes the gradient where the input was above zero, and only there.", 3)]),
    ("03_softmax", "Softmax", [], ["losses.softmax"], [
        ("check_softmax_rows_sum_to_one", "Each row of softmax(logits) sums to 1.", 4),
        ("check_softmax_handles_large_logits", "softmax is finite for any finite logits.", 4),
        ("check_softmax_keeps_dtype", "softmax keeps the type of its input.", 2)]),
    ("04_cross_entropy", "Cross-entropy", ["03_softmax"], ["losses.SoftmaxCrossEntropy.forward", "losses.SoftmaxCrossEntropy.backward"], [
        ("check_loss_of_equal_scores", "Equal scores for C classes cost log(C) nats.", 5),
        ("check_loss_gradient", "backward returns (softmax(logits) - onehot(labels)) / N.", 5)]),
    ("05_gradient_check", "Gradient check", [], ["gradcheck.numerical_gradient", "gradcheck.relative_error"], [
        ("check_numerical_gradient_of_a_cubic", "numerical_gradient of x**3 is 3 x**2 + eps**2.", 5),
        ("check_relative_error_is_symmetric", "relative_error(a, b) equals relative_error(b, a).", 3)]),
    ("06_network", "The network", ["01_linear", "02_relu"], ["network.MLP.__init__", "network.MLP.forward", "network.MLP.parameters"], [
        ("check_mlp_alternates_layers", "MLP puts a ReLU between each two Linear layers, and none after the last.", 4),
        ("check_mlp_parameters_are_live", "Changing an array of parameters() changes the network.", 4)]),
    ("07_backprop", "Backpropagation", ["06_network"], ["network.MLP.backward", "network.MLP.gradients"], [
        ("check_backprop_matches_numeric_gradient", "The gradients of MLP.backward equal the slopes measured one number at a time.", 8),
        ("check_backprop_returns_dx", "MLP.backward returns the gradient of the loss by the input.", 4)]),
    ("08_sgd", "Gradient descent", [], ["optim.SGD.step"], [
        ("check_sgd_steps_in_place", "SGD.step moves every parameter by -lr times its gradient, in place.", 6)]),
    ("09_minibatches", "Mini-batches", [], ["data.minibatches"], [
        ("check_minibatches_cover_each_example_once", "Each example comes exactly once an epoch, image and label together.", 8)]),
    ("10_training_loop", "The training loop", ["04_cross_entropy", "07_backprop", "08_sgd", "09_minibatches"], ["train.accuracy", "train.train"], [
        ("check_accuracy_counts", "accuracy is the share of examples whose predicted class is the true one.", 4),
        ("check_train_walks_one_step_a_batch", "One epoch of train equals the same steps, done one at a time.", 8)]),
    ("11_overfit", "A hundred images by heart", ["10_training_loop"], ["train.train"], [
        ("check_train_overfits_a_hundred_images", "train learns 100 images to 100 % training accuracy.", 4)]),
    ("12_mnist", "Handwritten digits", ["10_training_loop"], ["train.HYPERPARAMETERS"], [
        ("check_mnist_reaches_96_percent", "With your HYPERPARAMETERS at least 96 % of unseen digits are read.", 6)]),
]  # fmt: skip
CHECKS = [check[0] for stage in STAGES for check in stage[4]]

Outcome = dict[str, Any]  # what to change in a CheckResult that is otherwise "todo"


def passed(**more: Any) -> Outcome:
    return {"state": "pass", "seconds": 0.004, **more}


def stages_of(outcomes: dict[str, Outcome]) -> list[StageResult]:
    """All stages, with each check as `outcomes` says; checks that it does not name are a TODO."""
    stages = []
    for id, title, needs, functions, specs in STAGES:
        checks = []
        for position, (check_id, promise, most) in enumerate(specs):
            change = {"state": "todo", "message": f"`{functions[0]}` is still a TODO.", **outcomes.get(check_id, {})}
            if change["state"] == "pass" and "message" not in outcomes[check_id]:
                change["message"] = ""
            points = most if change["state"] == "pass" else 0
            checks.append(CheckResult(id=check_id, promise=promise, points=points, max_points=most, functions=functions,
                                      core=position == 0, hints=HINTS, **change))  # fmt: skip
        states = {check.state for check in checks}
        state = next((s for s in ("fail", "error", "blocked", "todo") if s in states), "pass")
        points = sum(check.points for check in checks)
        most = sum(check.max_points for check in checks)
        stages.append(StageResult(id=id, title=title, state=state, points=points, max_points=most, checks=checks,
                                  needs=needs, seconds=0.02 * len(checks)))  # fmt: skip
    return stages


def report_of(outcomes: dict[str, Outcome], **more: Any) -> Report:
    stages = stages_of(outcomes)
    return Report(
        score=sum(stage.points for stage in stages),
        max_score=sum(stage.max_points for stage in stages),
        stages=stages,
        **{
            "student": "ada",
            "finished": FINISHED,
            "seconds": 4.2,
            "sandbox": {"level": "strict", "summary": "network, files and processes are closed to the submission",
                        "probes": {"open a socket": True, "read the course's data": True, "start a process": True}},
            "seed": {"value": 0},
            "environment": {"python": "3.11.2", "numpy": "2.4.6", "blas": "openblas 0.3.30", "threads": 1, "platform": "Linux x86_64"},
            "fingerprints": {"submission": "9f2c4a1be07d", "course": "51d0c9a2f3e4", "data": "ba891046e650"},
            "limits": {"calibration": 1.07, "unit_seconds": 2.0, "training_seconds": 30.0, "memory_mb": 1024},
            **more,
        },
    )  # fmt: skip


def save(out: Path, stage: str, check: str, **arrays: np.ndarray) -> dict[str, str]:
    """Store arrays as the engine would, and return what a card says of them (`__` stands for the `:` of a role)."""
    folder = out / "evidence"
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / f"{stage}.{check}.npz", **arrays)
    return {name.replace("__", ":"): name for name in arrays}


def write_history(out: Path, scores: Iterable[int], last_states: dict[str, str] | None = None) -> None:
    """Earlier runs, one a minute; `last_states` are the stages of the last of them."""
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for i, score in enumerate(scores):
        stages = {stage[0]: {"state": "todo"} for stage in STAGES} | {
            k: {"state": v} for k, v in (last_states or {}).items()
        }
        rows.append({"finished": f"2026-11-22T10:{i:02d}:00+00:00", "score": score, "max_score": 100, "stages": stages})
    (out / "history.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def curves(epochs: int = 10, goal: float = 0.9712, seed: int = 3) -> dict[str, Any]:
    """A history that looks like a training, with the band that the reference's seeds span."""
    rng = np.random.default_rng(seed)
    t = np.arange(1, epochs + 1)
    noise = lambda: rng.normal(0, 0.0008, epochs)  # noqa: E731
    shape = 1 - np.exp(-t / 1.9)
    val_acc, train_acc = goal - 0.06 * (1 - shape) + noise(), 0.999 - 0.085 * (1 - shape) + noise()
    val_loss, train_loss = 0.1 + 0.25 * (1 - shape) + noise(), 0.01 + 0.38 * (1 - shape) + noise()
    spread = 0.0025
    band = {name: {"low": (v - s).tolist(), "high": (v + s).tolist()} for name, v, s in (
        ("val_acc", 0.971 - 0.055 * (1 - shape), spread), ("train_acc", 0.999 - 0.08 * (1 - shape), spread),
        ("val_loss", 0.1 + 0.22 * (1 - shape), 0.012), ("train_loss", 0.01 + 0.34 * (1 - shape), 0.012))}  # fmt: skip
    history = {"train_loss": train_loss, "train_acc": train_acc, "val_loss": val_loss, "val_acc": val_acc}
    return {
        "history": {k: [float(x) for x in v] for k, v in history.items()},
        "reference": band,
        "goal": 0.96,
        "stage": "12_mnist",
    }


def mnist_evidence(out: Path) -> dict[str, str]:
    """A confusion matrix, mistaken "digits" (strokes drawn by arithmetic) and first-layer weights."""
    rng = np.random.default_rng(12)
    true = np.repeat(np.arange(10), 1000)
    said = np.where(rng.random(10_000) < 0.029, rng.integers(0, 10, 10_000), true)
    flip = (true == 4) & (rng.random(10_000) < 0.03)
    said[flip] = 9
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (true, said), 1)
    grid = np.mgrid[0:28, 0:28]
    images = []
    for k in range(18):
        a, b = rng.uniform(6, 10), rng.uniform(5, 9)
        ring = np.hypot((grid[0] - 14) / a, (grid[1] - 14) / b)
        images.append(np.clip(1.6 - 5 * np.abs(ring - 0.9), 0, 1) * (grid[0] > 4 + k % 9))
    wrong = np.flatnonzero(true != said)[:18]
    weights = rng.normal(0, 0.03, (784, 128)) + np.exp(
        -np.hypot(grid[0] - 14, grid[1] - 14).reshape(784, 1) / 7
    ) * rng.normal(0, 0.2, 128)
    return save(out, "12_mnist", "check_mnist_reaches_96_percent", confusion=confusion,
                mistake_images=(np.array(images) * 255).astype(np.uint8), mistake_true=true[wrong], mistake_said=said[wrong],
                mistake_confidence=np.sort(rng.uniform(0.8, 1, 18))[::-1], weights=weights.astype(np.float16))  # fmt: skip


def all_right(out: Path) -> Report:
    """Every promise holds."""
    outcomes = {check: passed() for check in CHECKS}
    outcomes["check_mnist_reaches_96_percent"] = passed(
        notes=["97.1 % of the hidden digits are read: 1.1 points above the 96 % that are asked for."],
        card=Card(evidence=mnist_evidence(out)), seconds=3.2)  # fmt: skip
    outcomes["check_relu_backward_masks"] = passed(printed="mask [True False True]\nthree entries pass")
    write_history(out, [0, 10, 16, 26, 36, 44, 52, 72, 86, 94], {s[0]: "pass" for s in STAGES[:11]})
    return report_of(outcomes, curves=curves())


def untouched(out: Path) -> Report:
    """The skeleton as it is handed out."""
    outcomes: dict[str, Outcome] = {}
    for id, _, needs, functions, specs in STAGES:
        for check, _, _ in specs:
            if needs:
                outcomes[check] = {
                    "state": "blocked",
                    "message": "",
                    "blocked_by": f"{needs[0]}: {first_check(needs[0])}",
                }
            else:
                outcomes[check] = {
                    "message": f"`{functions[0]}` is still a TODO (student/{functions[0].split('.')[0]}.py, line 12)."
                }
    text = "`layers.Linear.forward` is still a TODO (student/layers.py, line 29). It is the next thing to write."
    return report_of(
        outcomes,
        next=NextStep("01_linear", "check_linear_forward_adds_the_bias", text, "student/layers.py", 29),
        seconds=0.8,
    )


def first_check(stage_id: str) -> str:
    return next(stage[4][0][0] for stage in STAGES if stage[0] == stage_id)


def linear_db_mistake(out: Path) -> Outcome:
    """db as the mean over the batch."""
    dout = np.random.default_rng(1).normal(size=(5, 3))
    evidence = save(out, "01_linear", "check_linear_backward_gives_db", expected=dout.sum(0), given=dout.mean(0))
    with np.printoptions(precision=4):
        card = Card(
            ran="layer = student.layers.Linear(4, 3, rng(1))\nlayer.forward(x)       # x: normal, shape (5, 4)\n"
                "layer.backward(dout)   # dout: normal, shape (5, 3)\nlayer.db",
            should="layer.db equals dout.sum(axis=0)", gave=f"layer.db is {dout.mean(0)}; it should be {dout.sum(0)}",
            looks_like="Every entry is exactly 1/5 of what it should be, and the batch has 5 rows.",
            printed="dout (5, 3)\n[[ 0.3  0.8  0.3]\n [-1.3  0.9  0.4]]",
            source=[SourceLines("layers.py", 36, ["    def backward(self, dout):", "        self.dW = self.x.T @ dout",
                                "        self.db = dout.mean(axis=0)", "        return dout @ self.W.T"], [38], "Linear.backward")],
            evidence=evidence)  # fmt: skip
    hint = "The loss already averages over the batch. `db` collects what every row asks of the bias: does a sum or a mean do that?"
    return {"state": "fail", "message": "layer.db is not the gradient of the loss by b.", "card": card,
            "mistake": Mistake("averages_the_bias_gradient", hint, ["divides_db_by_the_batch"]), "seconds": 0.003}  # fmt: skip


def softmax_mistake(out: Path) -> Outcome:
    """exp without a shift."""
    scale = np.array([1, 10, 100, 300, 500, 700, 709, 720, 800, 1000.0])
    logits = np.array([0.2, 1.0, -0.5])
    with np.errstate(all="ignore"):
        e = np.exp(scale[:, None] * logits)
        given = e / e.sum(1, keepdims=True)
    shifted = np.exp(scale[:, None] * (logits - logits.max()))
    evidence = save(out, "03_softmax", "check_softmax_handles_large_logits", scale=scale, softmax=given,
                    softmax_expected=shifted / shifted.sum(1, keepdims=True),
                    given=np.array([[np.nan, np.nan]]), expected=np.array([[0.26894142, 0.73105858]]))  # fmt: skip
    card = Card(ran="student.losses.softmax(np.array([[1000., 1001.]]))", should="every entry is finite, and each row sums to 1",
                gave="softmax([[1000., 1001.]]) returned [[nan nan]]", looks_like="exp(1000) is more than a float can hold: inf / inf is nan.",
                source=[SourceLines("losses.py", 6, ["def softmax(logits):", "    e = np.exp(logits)",
                                    "    return e / e.sum(axis=1, keepdims=True)"], [7], "softmax")], evidence=evidence)  # fmt: skip
    hint = "exp of anything above 709 overflows. What can you subtract from a whole row without changing its softmax?"
    return {"state": "fail", "message": "softmax([[1000., 1001.]]) returned [[nan nan]].", "card": card,
            "mistake": Mistake("forgets_the_shift", hint)}  # fmt: skip


def backprop_mistake(out: Path) -> Outcome:
    """A ReLU that lets every gradient pass: the last layer is right, the others are not."""
    rng = np.random.default_rng(7)
    arrays = {}
    for name, shape, slip in (("dW1", (6, 5), 1.0), ("dW2", (5, 4), 0.6), ("dW3", (4, 3), 0.0)):
        numeric = rng.normal(size=shape)
        arrays[f"numeric__{name}"] = numeric
        arrays[f"analytic__{name}"] = numeric + slip * rng.normal(size=shape) * (rng.random(shape) < 0.5)
    evidence = save(out, "07_backprop", "check_backprop_matches_numeric_gradient", **arrays)
    card = Card(ran="model = student.network.MLP((6, 5, 4, 3), rng(2))\nmodel.forward(x)\nmodel.backward(dlogits)\nmodel.gradients()",
                should="each gradient equals the slope of the loss, measured by nudging one number at a time",
                gave="dW1 differs by a relative error of 0.41, dW2 by 0.28; dW3 agrees to 3e-10",
                looks_like="The last layer is right and those before it are not: look at what is handed from layer to layer.", evidence=evidence)  # fmt: skip
    return {"state": "fail", "message": "dW1 and dW2 are not the slope of the loss; dW3 is.", "card": card,
            "mistake": Mistake("passes_every_gradient", "Which inputs of the ReLU reached its output, and which did not?")}  # fmt: skip


def training_mistake(out: Path) -> Outcome:
    """The learning rate of a different optimiser."""
    card = Card(ran="history = student.train.train(model, x_train, y_train, x_val, y_val, **HYPERPARAMETERS, rng=rng(5))",
                should="at least 96 % of unseen digits are read", gave="91.8 % of the hidden digits are read",
                looks_like="The loss is still falling after the last epoch.", evidence=mnist_evidence(out))  # fmt: skip
    return {"state": "fail", "message": "91.8 % of the hidden digits are read; 96 % are asked for.", "card": card, "seconds": 3.1,
            "notes": ["91.8 % of the hidden digits are read: 4.2 points below the 96 % that are asked for."]}  # fmt: skip


def generic_failure(out: Path, stage: str, check: str, functions: list[str], seed: int) -> Outcome:
    """A failure with everything a card can hold, as big as the engine lets it become."""
    rng = np.random.default_rng(seed)
    expected = rng.normal(size=(12, 12)) * 10.0 ** rng.integers(-3, 4)
    given = np.where(rng.random((12, 12)) < 0.4, expected * 64, expected)
    evidence = save(out, stage, check, expected=expected, given=given)
    source = [SourceLines(f"{functions[0].split('.')[0]}.py", 10, [f"    line_{i} = compute(line_{i - 1}, axis={i % 2})" for i in range(12)],
                          [14, 15], functions[0].partition(".")[2])] * 2  # fmt: skip
    card = Card(ran="\n".join(f"x{i} = np.array([[{i}.25, -{i}.5], [{i}.125, 0.0625]])" for i in range(8)) + f"\nstudent.{functions[0]}(x0, x1)",
                should="the result has one row per example and equals x @ W + b", gave="the result is 64 times as large in 58 of 144 entries; worst at [3, 7]",
                looks_like="The ratio is exactly 64, and the batch has 64 rows.", printed="\n".join(f"epoch {i} loss {1 / (i + 1):.6f}" for i in range(20)) + "\n… 480 more lines",
                source=source, evidence=evidence)  # fmt: skip
    return {"state": "fail", "message": f"`{functions[0]}` gave numbers that are 64 times as large.", "card": card,
            "mistake": Mistake("forgets_the_mean", "The loss is a mean over the batch. Where does the division by its size happen?")}  # fmt: skip


def one_mistake_a_stage(out: Path) -> Report:
    """Everything fails, with all that a card can carry."""
    special: dict[str, Callable[[Path], Outcome]] = {
        "check_linear_backward_gives_db": linear_db_mistake,
        "check_softmax_handles_large_logits": softmax_mistake,
        "check_backprop_matches_numeric_gradient": backprop_mistake,
        "check_mnist_reaches_96_percent": training_mistake,
    }
    outcomes = {}
    for seed, (stage, _, _, functions, specs) in enumerate(STAGES):
        for check, _, _ in specs:
            outcomes[check] = (
                special[check](out) if check in special else generic_failure(out, stage, check, functions, seed)
            )
    write_history(out, [4, 3, 0], {"01_linear": "pass"})
    text = "Stage 01, Linear layer: db is the mean over the batch where it should be the sum."
    return report_of(
        outcomes,
        curves=curves(goal=0.92),
        next=NextStep("01_linear", "check_linear_backward_gives_db", text, "student/layers.py", 38),
    )


def mid_course_outcomes(out: Path) -> dict[str, Outcome]:
    done = ("01_linear", "02_relu", "05_gradient_check", "06_network", "08_sgd")
    outcomes: dict[str, Outcome] = {}
    for id, _, needs, _, specs in STAGES:
        for check, _, _ in specs:
            if check == "check_softmax_handles_large_logits":
                outcomes[check] = softmax_mistake(out)
            elif check == "check_backprop_matches_numeric_gradient":
                outcomes[check] = backprop_mistake(out)
            elif id in (*done, "03_softmax", "07_backprop"):
                outcomes[check] = passed()
            elif id == "04_cross_entropy":
                outcomes[check] = {
                    "state": "blocked",
                    "message": "",
                    "blocked_by": "03_softmax: check_softmax_handles_large_logits",
                }
            elif needs:
                outcomes[check] = {
                    "state": "blocked",
                    "message": "",
                    "blocked_by": f"{needs[0]}: {first_check(needs[0])}",
                }
    return outcomes


def mid_course(out: Path) -> Report:
    """A learner on the way: stages done, failures in two, others waiting."""
    write_history(out, [0, 0, 10, 13, 16, 22, 30, 30], {"01_linear": "pass", "02_relu": "pass"})
    text = "In `losses.softmax`, large logits give nan. Every later loss rests on this."
    step = NextStep("03_softmax", "check_softmax_handles_large_logits", text, "student/losses.py", 7)
    return report_of(mid_course_outcomes(out), next=step)


def syntax_error(out: Path) -> Report:
    """One file that Python cannot read; the others are graded as usual."""
    outcomes: dict[str, Outcome] = {
        check: passed()
        for stage in STAGES
        if stage[0] in ("03_softmax", "05_gradient_check", "08_sgd")
        for check, _, _ in stage[4]
    }
    source = [
        SourceLines(
            "layers.py",
            24,
            [
                "    def forward(self, x):",
                "        self.x = x",
                "        return (x @ self.W + self.b",
                "",
                "    def backward(self, dout):",
            ],
            [26],
        )
    ]
    card = Card(
        ran="from student import layers",
        should="layers.py can be imported",
        gave="SyntaxError: '(' was never closed (layers.py, line 26)",
        source=source,
    )
    for stage in STAGES:
        if stage[0] in ("01_linear", "02_relu"):
            for check, _, _ in stage[4]:
                outcomes[check] = {
                    "state": "error",
                    "message": "layers.py, line 26: '(' was never closed.",
                    "card": card,
                }
        elif stage[2]:
            for check, _, _ in stage[4]:
                outcomes[check] = {
                    "state": "blocked",
                    "message": "",
                    "blocked_by": f"{stage[2][0]}: {first_check(stage[2][0])}",
                }
    text = "Python cannot read layers.py: in line 26 a bracket is opened and never closed."
    return report_of(
        outcomes,
        next=NextStep("01_linear", first_check("01_linear"), text, "student/layers.py", 26),
        extra={"problems": {"layers.py": "'(' was never closed (line 26)."}},
    )


NASTY = [
    "<script>alert(1)</script>", "</style><style>body{display:none}</style>", "</title><img src=x onerror=alert(2)>",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}", "&lt;b&gt; &amp; \"quotes\" 'single'", "\u202egnol\u202c \u2066left\u2069 \u200bzero", "\x1b[31mred\x1b[0m \x00 \x07 \x08 \r over",
    "javascript:alert(3)", "]]><svg onload=alert(4)>", "e" + "\u0301" * 200, "`<b>tick</b>` `unclosed", "-->\ud800<!--", "<a href='//example.org'>x</a>" * 3, "\u00ad\U000e0041\ufeff",
]  # fmt: skip


def hostile_text(out: Path) -> Report:
    """Markup, scripts, control and direction characters, and very long text, in every field that can carry text."""
    all_nasty = "\n".join(NASTY)
    long_line, many_lines = "A" * 100_000 + "<script>", "<b>line</b>\n" * 50_000
    outcomes = {}
    for i, (stage, _, _, functions, specs) in enumerate(STAGES):
        for check, _, _ in specs:
            nasty = NASTY[i % len(NASTY)]
            source = [SourceLines(f"lay{nasty}ers.py", 1, [*NASTY, long_line], [2], nasty)]
            card = Card(
                all_nasty,
                nasty,
                all_nasty,
                nasty,
                many_lines if i % 2 else long_line,
                source,
                {"given": nasty, nasty: "x", "expected": "given"},
            )
            outcomes[check] = {"state": "fail", "message": nasty + " " + all_nasty, "mistake": Mistake(nasty, all_nasty, NASTY), "card": card,
                               "notes": NASTY, "printed": many_lines, "blocked_by": nasty}  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    (out / "history.jsonl").write_text(
        '{"score": "<script>", "finished": 3}\nnot json\n[]\n{"score": 1e999, "max_score": 100}\n', "utf-8"
    )
    (out / "evidence").mkdir(exist_ok=True)
    (out / "evidence" / "01_linear.check_linear_forward_adds_the_bias.npz").write_bytes(b"PK\x03\x04 broken")
    next_step = NextStep("03_softmax", "check_softmax_rows_sum_to_one", all_nasty, NASTY[2], 3)
    return report_of(outcomes, student=all_nasty, next=next_step, notes=NASTY, environment={NASTY[0]: NASTY}, sandbox={"summary": NASTY[1], "probes": {NASTY[0]: True}},
                     fingerprints={NASTY[3]: NASTY[0]}, seed={"fingerprint": NASTY[0]}, extra={"problems": {NASTY[0]: NASTY[2]}},
                     curves={"history": {"val_acc": ["<script>", None, 0.5], "train_loss": "x"}, "reference": [], "goal": "<b>"})  # fmt: skip


GOLDEN: dict[str, Callable[[Path], Report]] = {
    "all_right": all_right,
    "untouched": untouched,
    "one_mistake_a_stage": one_mistake_a_stage,
    "syntax_error": syntax_error,
    "hostile_text": hostile_text,
    "mid_course": mid_course,
}


def make(name: str, out: Path) -> Report:
    """The sample report of that name, its evidence and history written below `out`."""
    return GOLDEN[name](out)


def without_surrogates(report: Report) -> Report:
    """The report as JSON can hold it: lone surrogates, which no engine lets through, become text."""
    return msgspec.convert(_replaced(msgspec.to_builtins(report)), Report)


def _replaced(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_replaced(name): _replaced(item) for name, item in value.items()}
    return [_replaced(item) for item in value] if isinstance(value, list) else value
