"""What a training left as evidence, as the report takes it."""

import json

import numpy as np

from grader.grading.curves import FILE, of_results
from tests.courses import HERE, with_stages

STAGE = HERE.stage("12_mnist")
CHECK = STAGE.checks[-1]


def kept(folder, **arrays):
    np.savez(folder / f"{STAGE.id}.{CHECK.id}.npz", **arrays)
    return of_results(with_stages([STAGE]), [(STAGE.id, CHECK.id)], folder)


def test_what_train_returned_and_what_was_counted_stand_apart(tmp_path):
    found = kept(tmp_path, **{"history:val_acc": [0.5, 99.0], "measured": 0.97, "goal": 0.96})
    assert found["history"] == {"val_acc": [0.5, 99.0]}
    assert found["measured"] == 0.97
    recorded = json.loads((STAGE.folder / FILE).read_text())
    assert found["reference"] == recorded["reference"]


def test_without_a_history_there_are_no_curves(tmp_path):
    assert kept(tmp_path, goal=0.96) == {}
    assert of_results(HERE, [], tmp_path) == {}


def test_the_gate_leaves_its_own_count(tmp_path):
    """End to end: a training whose history lies."""
    from grader.running.session import run_stages
    from grader.submission import read_submission
    from grader.worker.outside.local import LocalPool
    from tests.tasks.test_stages_11_to_12 import Few

    submission = read_submission(HERE.reference)
    lying = submission.modules["train"] + (
        "\n_honest = train\ndef train(*a, **k):\n    told = _honest(*a, **k)\n"
        "    told['val_acc'] = [99.0] * len(told['val_acc'])\n    return told\n"
    )
    session = run_stages(
        [STAGE], LocalPool(), submission.replaced({"train": lying}), course=HERE, data=Few(True), evidence=tmp_path
    )
    found = of_results(HERE, session.results, tmp_path)
    assert found["history"]["val_acc"][-1] == 99.0
    assert 0 < found["measured"] <= 1
