"""Tables, pictures, sentences and the comparison with the last grade, piece by piece."""

import io
import json
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from benchmarks import beginning
from grader.errors import Refusal
from grader.records import CheckResult, Report, StageResult
from grader.report import pages, stored, tables, words
from grader.report.evidence import Curves
from grader.report.stored import Run, history, progress
from grader.report.svg import drawing_code
from tests.courses import HERE
from tests.report import samples
from tests.tasks.toolbox import figures, findings, images, pictures, pixels


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_pair_marks_what_differs():
    expected, given = tables.pair(np.array([[1.0, -2.0], [0.5, np.nan]]), np.array([[1.0, 2.0], [0.5, np.nan]]))
    assert texts(expected) == [["1", "-2"], ["0.5", "nan"]]
    assert texts(given) == [["1", "2"], ["0.5", "nan"]]
    assert [[cell.off for cell in row] for row in given.rows] == [[False, True], [False, False]]
    assert [[cell.shade for cell in row] for row in expected.rows] == [["u3", "d6"], ["u2", "u0"]]


def test_pair_shows_enough_digits_to_tell_apart():
    expected, given = tables.pair(np.array([0.123456789]), np.array([0.123456999]))
    assert texts(expected) != texts(given)


def test_pair_of_two_shapes_marks_nothing():
    expected, given = tables.pair(np.ones((2, 3)), np.ones(2))
    assert (expected.shape, given.shape) == ("shape (2, 3)", "shape (2,)")
    assert not any(cell.off for row in given.rows for cell in row)


@pytest.mark.parametrize(
    ("shape", "fits"), [((12, 12), True), ((13, 1), False), ((1, 13), False), ((12,), True), ((), True), ((2, 2, 2), False)]
)
def test_tables_hold_up_to_twelve_by_twelve(shape, fits):
    assert (tables.values(np.zeros(shape), "x") is not None) is fits


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.True_, "True"),
        (np.int64(-12), "-12"),
        (1e-7, "1e-07"),
        (np.float32(0.5), "0.5"),
        (np.inf, "inf"),
        (123456.0, "1.235e+05"),
    ],
)
def test_numbers_are_short(value, text):
    assert tables.number(value) == text


def test_confusion_table_names_its_axes():
    table = pictures.confusion(np.eye(10, dtype=int) * 7)
    assert table.columns == table.heads == [str(d) for d in range(10)]
    assert texts(table)[3][3] == "7"


def decode(file):
    """Pixels of a PNG as matplotlib reads them: (H, W, 4) in 0..1."""
    from matplotlib.image import imread

    return imread(io.BytesIO(file), format="png")


def test_png_is_what_it_was_made_of():
    palette = np.array([(255, 0, 0, 255), (0, 255, 0, 128), (0, 0, 255, 0)], np.uint8)
    indices = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)
    assert np.array_equal(np.rint(decode(pixels.png(indices, palette)) * 255).astype(np.uint8), palette[indices])


def test_digit_is_ink_on_nothing():
    import base64

    image = np.zeros((28, 28), np.uint8)
    image[3, 4] = 255
    seen = decode(base64.b64decode(pixels.digit(image).partition(",")[2]))
    assert seen.shape == (28, 28, 4)
    assert seen[3, 4, 3] == 1
    assert seen[..., 3].sum() == 1
    assert pixels.digit(image) == pixels.digit(image / 255.0)


def test_weights_become_one_image_of_tiles():
    columns = np.zeros((784, 5))
    columns[:, 4] = 1.0
    seen = decode(pixels.weights(columns))
    assert seen.shape == (58, 118, 4)
    assert np.all(seen[30:, :28, 3] == 1)
    assert seen[:30, :, 3].sum() == 0
    assert seen[30:, 28:, 3].sum() == 0


def test_smoothing_averages_with_neighbours_and_keeps_the_sum():
    tile = np.zeros((1, 28, 28))
    tile[0, 10, 10] = 16.0
    seen = pixels.smooth(tile)
    assert np.array_equal(seen[0, 9:12, 9:12], [[1, 2, 1], [2, 4, 2], [1, 2, 1]])
    assert seen.sum() == 16


def test_the_first_layer_is_shown_before_and_after_training_by_its_largest_units():
    before, after = np.zeros((784, 20)), np.zeros((784, 20))
    after[:, 19], before[0, 19] = np.linspace(-1, 1, 784), 1.0
    (wanted,) = pictures.of_check(False, {"weights_before": before, "weights": after})
    tiles = wanted.make()["tiles"]
    assert [tile.alt for tile in tiles] == ["weights before training", "weights after it"]
    assert "The 16 units with the largest weights" in wanted.finding
    assert "was 0.00 before training; now it is 1.00." in wanted.finding
    (alone,) = pictures.of_check(False, {"weights": after})
    assert "side by side is 1.00." in alone.finding
    assert not list(pictures.of_check(False, {"weights": after, "weights_before": before[:, :3]}))
    assert "All weights of these 16 units are zero" in next(pictures.of_check(False, {"weights": before * 0})).finding


def test_what_the_first_page_shows_is_of_the_courses_own_images():
    """The trained network's answers are measured by benchmarks.beginning; what can be known at once is held here."""
    told, mnist = pictures.beginning.measured(), images.open(HERE.data)
    place = {beginning.png_of(pictures, mnist.x_val[k]): k for k in range(300)}
    assert all(mnist.y_val[place[digit["png"]]] == digit["true"] for digit in told["digits"])
    assert [digit["true"] == digit["said"] for digit in told["digits"]] == [True] * 24 + [False]
    assert told["shares"].index(max(told["shares"])) == told["digits"][told["drawn"]]["said"]
    assert sum(told["shares"]) == pytest.approx(1, abs=1e-3)
    assert told["images"] == len(mnist.y_val)
    nearest = np.mean(beginning.nearest(mnist) == mnist.y_val)
    assert told["right"]["the nearest mean image"] == pytest.approx(nearest, abs=1e-3)


def test_findings_of_gradients_name_the_worst_entry():
    numeric = np.arange(6.0).reshape(2, 3) + 1
    analytic = numeric.copy()
    analytic[1, 2] = -6
    sentence = findings.gradients([("dW1", analytic, numeric), ("db1", numeric[0], numeric[0])])
    assert "db1 lies on the diagonal" in sentence
    assert "In dW1, 1 of 6 entries lie off it; the furthest is [1, 2]: -6 where the slope is 6." in sentence


def test_findings_of_gradients_count_what_is_not_finite():
    sentence = findings.gradients([("dx", np.array([np.nan, 1.0]), np.ones(2))])
    assert "1 of 2 entries" in sentence
    assert "[0]: nan" in sentence


def test_findings_of_curves():
    curves = Curves.of(samples.curves())
    sentence = findings.learning_curves(curves)
    first, last = (100 * curves.history["val_acc"][i] for i in (0, -1))
    assert f"rises from {first:.1f} % to {last:.1f} % in 10 epochs" in sentence
    assert "the goal of 96 % is reached" in sentence
    low, high = (100 * side[-1] for side in curves.band["val_acc"])
    assert f"the reference ends between {low:.1f} % and {high:.1f} %" in sentence


def test_curves_do_not_depend_on_those_drawn_before():
    whole = Curves.of(samples.curves())
    bare = Curves({"val_loss": [2.0, float("nan"), 1.5], "val_acc": [0.5]}, {})
    first = figures.learning_curves(whole)
    assert figures.learning_curves(bare) != first
    assert figures.two_trainings(bare, whole)
    assert figures.learning_curves(whole) == first


def test_findings_of_curves_that_turn():
    history = {"train_loss": [1, 0.5, 0.3, 0.2, 0.1], "val_loss": [1, 0.5, 0.6, 0.8, 0.9], "val_acc": [0.5, 0.5, 0.5, 0.5, 0.5]}
    sentence = findings.learning_curves(Curves.of({"history": history}))
    assert "stays near 50.0 %" in sentence
    assert "lowest after epoch 2" in sentence


def test_findings_of_confusion():
    counts = np.diag(np.full(10, 90))
    counts[4, 9], counts[9, 4] = 10, 5
    sentence = findings.confusion(counts)
    assert "900 of 915 validation digits are read right" in sentence
    assert "4 read as 9 (10 times of 100) and 9 read as 4 (5 times of 95)" in sentence
    assert "The hardest digit is 4: 90.0 % are read." in sentence
    assert findings.confusion(np.eye(10, dtype=int)) == "All 10 digits are read as what they are."


def test_findings_of_softmax():
    scale = np.array([1.0, 100.0, 1000.0])
    good = np.array([[0.5, 0.5], [0.1, 0.9], [0.0, 1.0]])
    bad = np.where(scale[:, None] > 500, np.nan, good)
    assert (
        "finite up to logits times 100; from 1000 on there is nan. They should stay finite and go to 0, 1."
        in findings.softmax_growth(scale, bad, good)
    )
    assert "from 1 on the row sums to 2" in findings.softmax_growth(scale, good * 2, None)


def test_curves_take_what_is_no_curve_for_none():
    assert Curves.of({}) is None
    assert Curves.of({"history": {"val_acc": [], "train_acc": [None]}}) is None
    curves = Curves.of(
        {"history": {"val_acc": [0.5, None, float("inf")]}, "reference": {"val_acc": {"low": [1], "high": [1, 2]}}}
    )
    assert curves.history["val_acc"][0] == 0.5
    assert not np.isfinite(curves.history["val_acc"][1:]).any()
    assert (curves.band, curves.goal) == ({}, None)


def run(score, finished="2026-11-22T10:00:00+00:00", most=100, submission="", **states):
    return Run(score, most, finished, {stage: {"state": state} for stage, state in states.items()}, submission)


def test_progress_compares_with_the_last_run_over_the_same_stages():
    report = samples.report_of({check: samples.passed() for check in samples.CHECKS[:4]})
    told = progress(report, [run(3), run(6, s01_linear="fail"), run(5, most=10), run(90, report.finished)])
    assert told.delta == report.score - 6
    assert told.scores == [3, 6, report.score]
    assert progress(report, []) is None
    assert progress(report, [run(5, most=10)]) is None


def test_progress_names_stages_that_changed():
    report = samples.report_of({check: samples.passed() for check in samples.CHECKS[:4]})
    before = run(0, **{"01_linear": "fail", "02_relu": "pass", "08_sgd": "todo"})
    assert progress(report, [before]).lines == ["Now done: 01 Linear layer.", "No longer complete: 02 ReLU."]


def test_progress_leaves_out_the_same_files_graded_before():
    report = samples.report_of({})
    same = run(0, "2026-11-22T11:00:00+00:00", submission=report.fingerprints["submission"])
    assert progress(report, [same]) is None
    assert progress(report, [run(4), same]).delta == -4


def test_history_takes_lines_that_are_no_run_for_none(tmp_path):
    lines = [
        "",
        "not json",
        "[]",
        '{"score": "3", "max_score": 1}',
        '{"score": 3, "max_score": 9, "stages": {"a": 3}}',
        json.dumps({"score": 3, "max_score": 9, "stages": {"b": {"state": "fail"}, "c": {}}}),
    ]
    (tmp_path / "history.jsonl").write_text("\n".join(lines))
    (known,) = history(tmp_path)
    assert (known.score, known.max_score, known.states) == (3, 9, {"b": "fail", "c": ""})
    assert history(tmp_path / "none") == []


def test_words_of_the_ladder(tmp_path):
    stages = samples.stages_of(samples.mid_course_outcomes(tmp_path))
    lines = {stage.id: words.stage_line(stage, stages) for stage in stages}
    assert lines["01_linear"] == "done"
    assert lines["03_softmax"] == "2 of 3 checks pass"
    assert lines["04_cross_entropy"] == "waits for 03 Softmax"
    assert lines["09_minibatches"] == "to do"


def test_words_of_a_block_without_its_cause():
    check = CheckResult("c", "p", "blocked", 0, 1, blocked_by="09_gone: check_gone")
    assert words.blocked_line(check, []) == "Not checked yet: needs 09_gone: check_gone."
    stage = StageResult("03_softmax", "Softmax", "fail", 0, 1, [])
    blocked = msgspec.structs.replace(check, blocked_by="03_softmax: check_gone")
    assert words.blocked_line(blocked, [stage]) == "Not checked yet: needs 03 Softmax."


@pytest.mark.parametrize(("value", "text"), [(0.0004, "0.4 ms"), (0.0123, "12 ms"), (3.44, "3.4 s"), (125, "2 min 5 s")])
def test_times_are_short(value, text):
    assert words.seconds(value) == text


def test_stored_grades_are_read_or_refused(tmp_path):
    with pytest.raises(Refusal, match=r"does not exist\. Remedy: grade first"):
        stored.read(tmp_path)
    path = tmp_path / "results.json"
    path.write_text('{"score": "x"}')
    with pytest.raises(Refusal, match="contains no grade"):
        stored.read(tmp_path)
    report = samples.report_of({})
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(report, schema=99)))
    with pytest.raises(Refusal, match="later version"):
        stored.read(tmp_path)
    path.write_bytes(msgspec.json.encode(report))
    assert stored.read(tmp_path) == report
    assert isinstance(stored.read(tmp_path), Report)


def test_own_lines_are_bodies_of_what_a_check_is_about():
    from grader.running.failures import MOST_OWN_LINES, own_lines

    text = (
        'def f(x):\n    """One."""\n    # 1. Why.\n    y = x\n    return y\n\n\ndef g():\n    return 1\n\n\nLONG = 1\n\n\ndef long():\n'
        + "    x = 1\n" * 40
    )
    found = own_lines({"m": text, "broken": "def f(:"}, ["m.f", "m.g", "m.absent", "gone.f", "broken.f", "m.LONG", "m.long"])
    assert [(lines.file, lines.function, lines.first, lines.lines, lines.marked) for lines in found] == [
        ("m.py", "f", 3, ["    # 1. Why.", "    y = x", "    return y"], []),
        ("m.py", "g", 9, ["    return 1"], []),
    ]
    assert MOST_OWN_LINES < 40


def test_the_mark_of_the_drawing_code_is_of_the_code_wherever_it_lies(tmp_path):
    folder = Path(pictures.__file__).parent
    shutil.copytree(folder, tmp_path / "moved", ignore=shutil.ignore_patterns("__pycache__"))
    assert drawing_code(tmp_path / "moved") == drawing_code(folder)
    with open(tmp_path / "moved" / "figures.py", "a", encoding="utf-8") as file:
        file.write("\n")
    assert drawing_code(tmp_path / "moved") != drawing_code(folder)


def helped(state, points, most, *names, **more):
    return CheckResult("c", "p", state, points, most, points_alone=0, substituted=list(names), **more)


def test_words_of_what_passes_with_a_substitute():
    own = CheckResult("c", "p", "pass", 4, 4)
    counted = helped("pass", 6, 6, "layers.Linear", "losses.softmax")
    shown = helped("pass", 0, 2, "layers.ReLU")
    assert words.with_help(own) == ""
    assert words.with_help(counted) == "Passes with a correct Linear and softmax."
    assert words.with_help(shown) == "Passes with a correct ReLU: shown, not counted."
    assert words.with_help(helped("fail", 0, 2, "layers.ReLU")) == "Fails too with a correct ReLU."
    assert words.with_help(helped("blocked", 0, 2, "layers.ReLU")) == ""
    stage = StageResult("07_backprop", "Backpropagation", "pass", 10, 12, [own, counted, shown])
    assert words.with_help(stage).startswith("With a correct Linear, softmax and ReLU, your backprop passes 3 of 3 checks")
    assert words.shown_state(stage) == words.shown_state(counted) == "helped"
    assert words.shown_state(own) == "pass"
    assert words.shown_state(StageResult("s", "S", "fail", 6, 10, [counted])) == "fail"
    many = helped("pass", 1, 1, "a.B", "a.C", "a.D.e", "b.f")
    assert words.a_correct([many]) == "a correct B, C and 2 more"


def test_words_of_a_score_with_substitutes():
    own = StageResult("01_a", "A", "pass", 4, 4, [CheckResult("c", "p", "pass", 4, 4)])
    counted = StageResult("02_b", "B", "pass", 6, 6, [helped("pass", 6, 6, "layers.Linear")])
    shown = StageResult("03_c", "C", "pass", 0, 2, [helped("pass", 0, 2, "layers.ReLU")])
    assert words.beside_score([own]) == ""
    assert words.beside_score([own, counted, shown]) == "4 on its own, 6 more with a correct Linear"
    assert words.beside_score([own, counted], {"02_b": 0.25}) == "4 on its own, 1.5 more with a correct Linear"
    assert words.beside_score([own, shown]) == "2 points more with a correct ReLU: shown, not counted"


def test_a_number_stays_on_its_line_and_text_stays_text():
    assert pages.inline("<b> 1e-06, `3 * 2.5e+10`") == (
        '&lt;b&gt; <span class="whole">1e-06</span>, <code>3 * <span class="whole">2.5e+10</span></code>'
    )
    assert pages.prose("a\n\n1e-5") == '<p>a</p><p><span class="whole">1e-5</span></p>'
