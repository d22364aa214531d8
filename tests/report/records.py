"""A course in records, for the tests of rendering: its stages with sample promises, and results put into them."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from grader.records import CheckResult, Report, StageResult

FINISHED = "2026-11-23T09:30:00+00:00"
HINTS = [
    "What does one row of the result depend on, and what must it not depend on?",
    "The handout's picture of one layer shows which arrows meet in each number. Follow them back.",
    "Take two examples and one weight: x = [[2], [3]], dout = [[1], [10]]. The weight met both: 2 * 1 + 3 * 10 = 32.",
]

#: A stage: id, title, needs, functions; below it each check: id, promise, points (core checks first).
TABLE = """
01_linear | Linear layer |  | layers.Linear.forward layers.Linear.backward
    check_linear_forward_adds_the_bias | Linear.forward returns x @ W + b. | 3
    check_linear_backward_gives_dW | Linear.backward sets dW to the gradient of the loss by W. | 3
    check_linear_backward_gives_db | Linear.backward sets db, summed over the batch. | 2
    check_linear_init_is_he | A new Linear has weights of standard deviation sqrt(2 / in). | 2
02_relu | ReLU |  | layers.ReLU.forward layers.ReLU.backward
    check_relu_forward_keeps_positive | ReLU.forward keeps what is above zero and returns 0 for the rest. | 3
    check_relu_backward_masks | ReLU.backward passes the gradient where the input was above zero, and only there. | 3
03_softmax | Softmax |  | losses.softmax
    check_softmax_rows_sum_to_one | Each row of softmax(logits) sums to 1. | 4
    check_softmax_handles_large_logits | softmax is finite for any finite logits. | 4
    check_softmax_keeps_dtype | softmax keeps the type of its input. | 2
04_cross_entropy | Cross-entropy | 03_softmax | losses.SoftmaxCrossEntropy.forward losses.SoftmaxCrossEntropy.backward
    check_loss_of_equal_scores | Equal scores for C classes cost log(C) nats. | 5
    check_loss_gradient | backward returns (softmax(logits) - onehot(labels)) / N. | 5
05_gradient_check | Gradient check |  | gradcheck.numerical_gradient gradcheck.relative_error
    check_numerical_gradient_of_a_cubic | numerical_gradient of x**3 is 3 x**2 + eps**2. | 5
    check_relative_error_is_symmetric | relative_error(a, b) equals relative_error(b, a). | 3
06_network | The network | 01_linear 02_relu | network.MLP.__init__ network.MLP.forward network.MLP.parameters
    check_mlp_alternates_layers | MLP puts a ReLU between each two Linear layers, and none after the last. | 4
    check_mlp_parameters_are_live | Changing an array of parameters() changes the network. | 4
07_backprop | Backpropagation | 06_network | network.MLP.backward network.MLP.gradients
    check_backprop_matches_numeric_gradient | The gradients of MLP.backward equal the slopes measured one number at a time. | 8
    check_backprop_returns_dx | MLP.backward returns the gradient of the loss by the input. | 4
08_sgd | Gradient descent |  | optim.SGD.step
    check_sgd_steps_in_place | SGD.step moves every parameter by -lr times its gradient, in place. | 6
09_minibatches | Mini-batches |  | data.minibatches
    check_minibatches_cover_each_example_once | Each example comes exactly once an epoch, image and label together. | 8
10_training_loop | The training loop | 04_cross_entropy 07_backprop 08_sgd 09_minibatches | train.accuracy train.train
    check_accuracy_counts | accuracy is the share of examples whose predicted class is the true one. | 4
    check_train_walks_one_step_a_batch | One epoch of train equals the same steps, done one at a time. | 8
11_overfit | A hundred images by heart | 10_training_loop | train.train
    check_train_overfits_a_hundred_images | train learns 100 images to 100 % training accuracy. | 4
12_mnist | Handwritten digits | 10_training_loop | train.HYPERPARAMETERS
    check_mnist_reaches_96_percent | With your HYPERPARAMETERS at least 96 % of unseen digits are read. | 6
"""

Spec = tuple[str, str, list[str], list[str], list[tuple[str, str, int]]]


def read(table: str) -> list[Spec]:
    specs: list[Spec] = []
    for line in table.strip().split("\n"):
        cells = [cell.strip() for cell in line.split("|")]
        if line.startswith(" "):
            specs[-1][4].append((cells[0], cells[1], int(cells[2])))
        else:
            specs.append((cells[0], cells[1], cells[2].split(), cells[3].split(), []))
    return specs


STAGES = read(TABLE)
CHECKS = [check[0] for stage in STAGES for check in stage[4]]

Outcome = dict[str, Any]  # what to change in a CheckResult that is otherwise "todo"


def passed(**more: Any) -> Outcome:
    return {"state": "pass", "seconds": 0.004, **more}


def helped(*names: str, counted: bool = True, **more: Any) -> Outcome:
    """Passes with a correct version of the named functions, which counts or is only shown."""
    return passed(substituted=list(names), points_alone=0, **({} if counted else {"points": 0}), **more)


def stages_of(outcomes: dict[str, Outcome]) -> list[StageResult]:
    """All stages, with each check as `outcomes` says; checks that it does not name are a TODO."""
    stages = []
    for id, title, needs, functions, specs in STAGES:
        checks = []
        for position, (check_id, promise, most) in enumerate(specs):
            change = {"state": "todo", "message": f"`{functions[0]}` is still a TODO.", **outcomes.get(check_id, {})}
            if change["state"] == "pass" and "message" not in outcomes[check_id]:
                change["message"] = ""
            points = change.pop("points", most if change["state"] == "pass" else 0)
            checks.append(
                CheckResult(
                    id=check_id,
                    promise=promise,
                    points=points,
                    max_points=most,
                    functions=functions,
                    core=position == 0,
                    hints=HINTS,
                    **change,
                )
            )
        states = {check.state for check in checks}
        state = next((s for s in ("fail", "error", "blocked", "todo") if s in states), "pass")
        points = sum(check.points for check in checks)
        most = sum(check.max_points for check in checks)
        stages.append(
            StageResult(
                id=id,
                title=title,
                state=state,
                points=points,
                max_points=most,
                checks=checks,
                needs=needs,
                seconds=0.02 * len(checks),
            )
        )
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
            "sandbox": {
                "level": "strict",
                "summary": "network, files and processes are closed to the submission",
                "probes": {"open a socket": True, "read the course's data": True, "start a process": True},
            },
            "seed": {"value": 0},
            "environment": {
                "python": "3.11.2",
                "numpy": "2.4.6",
                "blas": "openblas 0.3.30",
                "threads": 1,
                "platform": "Linux x86_64",
            },
            "fingerprints": {"submission": "9f2c4a1be07d", "course": "51d0c9a2f3e4", "data": "ba891046e650"},
            "limits": {"calibration": 1.07, "unit_seconds": 2.0, "training_seconds": 30.0, "memory_mb": 1024},
            **more,
        },
    )


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
        stages = {stage[0]: {"state": "todo"} for stage in STAGES} | {k: {"state": v} for k, v in (last_states or {}).items()}
        rows.append({"finished": f"2026-11-22T10:{i:02d}:00+00:00", "score": score, "max_score": 100, "stages": stages})
    (out / "history.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def first_check(stage_id: str) -> str:
    return next(stage[4][0][0] for stage in STAGES if stage[0] == stage_id)
