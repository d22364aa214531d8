"""The second course: its closed forms are right, its handouts too, and the engine grades it as it grades the first.

This is the fast part: `check-tasks` looks at every mistake and every right answer of it.
"""

import contextlib
import importlib
import io
import re
import sys
import xml.etree.ElementTree as ET
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec

import numpy as np
import pytest

from grader.check_tasks import subjects
from grader.check_tasks.backend import Job, VerifyContext, run_job
from grader.checks.case import Case
from grader.course import skeleton
from grader.course.course import Course
from grader.course.toolbox import shared
from grader.paths import ROOT
from grader.report.evidence import Curves
from grader.submission import Submission, read_submission
from grader.worker.bounds import TimeLimits
from grader.worker.outside.local import LocalPool
from tests.wording import banned_phrases, banned_words, texts_of

COURSE = Course(ROOT / "courses" / "attention")
TASKS = COURSE.tasks
STAGES = tuple(stage.id for stage in COURSE.stages)
HANDOUTS = {stage.id: stage.handout.read_text("utf-8") for stage in COURSE.stages}
#: A piece of code, and what the answer behind it says that it prints.
ASKED = re.compile(r"```python\n(.*?)```\n\n<details><summary>Answer</summary>\n\n```text\n(.*?)```\n", re.DOTALL)
SNIPPETS = [(stage, *found) for stage, text in HANDOUTS.items() for found in ASKED.findall(text)]
TEXTS = [*TASKS.glob("*/*.md"), *TASKS.glob("*/*.toml"), *TASKS.glob("*/*.py"), *TASKS.glob("*/pictures/*.py")]

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of right answers that hide keys in their own way
closed_form, networks, pictures = (shared(TASKS, name) for name in ("closed_form", "networks", "pictures"))


@pytest.fixture(scope="module")
def whole():
    """The reference's grade."""
    reference = read_submission(COURSE.folder / "reference")
    return run_job(Job("reference", reference, STAGES), VerifyContext(COURSE, reference))


@pytest.fixture(scope="module")
def bench(whole):
    """What other grades take over from it: stages that they need and cannot change."""
    return VerifyContext(COURSE, read_submission(COURSE.folder / "reference"), assumed=tuple(whole.checks))


# --- grades ---------------------------------------------------------------------------------------------------------


def test_the_reference_earns_everything(whole):
    assert [(r.id, r.message) for _, r in whole.checks if r.state != "pass"] == []
    assert sum(r.points for _, r in whole.checks) == COURSE.points == 100


def test_the_skeleton_earns_nothing_and_is_that_of_the_reference(bench):
    texts = skeleton.build(COURSE.folder / "reference", skeleton.read_claims(TASKS))
    assert texts == skeleton.read_sources(COURSE.folder / "student")
    blank = Submission("skeleton", {file.removesuffix(".py"): text for file, text in texts.items()})
    outcome = run_job(Job("skeleton", blank, STAGES), bench)
    assert {(r.state, r.points) for _, r in outcome.checks} == {("todo", 0)}


@pytest.mark.parametrize(
    "mistake",
    [
        "01_attention:masks_after_the_softmax",
        "02_attention_backward:forgets_the_row_term",
        "03_layer_norm:sums_over_the_batch_alone",
        "04_block:merges_in_the_reversed_order",
        "05_copy:forgets_to_shift",
    ],
)
def test_a_mistake_is_named_in_its_stage(bench, mistake):
    _, submission = subjects.mutants(COURSE, bench.reference)[mistake]
    stage, _, name = mistake.partition(":")
    outcome = run_job(Job(mistake, submission, (stage,), name_mistakes=True), bench)
    assert outcome.failed()
    assert {r.mistake.id for _, r in outcome.checks if r.state == "fail" and r.mistake} == {name}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_knows_at_least_five_mistakes(bench, stage):
    assert len({m.id for m, _ in subjects.mutants(COURSE, bench.reference).values() if m.stage == stage}) >= 5


def test_right_answers_come_in_three_styles_and_as_single_functions(bench):
    found = subjects.right_answers(COURSE, bench.reference)
    assert {"loops", "einsum", "batched_heads"} <= set(found)
    assert len(found) >= 9
    wanted = ("01_attention", "02_attention_backward", "03_layer_norm")
    for name in ("einsum", "batched_heads"):
        outcome = run_job(Job(name, found[name], wanted), bench)
        assert [(r.id, r.message) for _, r in outcome.checks if r.state != "pass"] == []


def test_a_training_shows_the_loss_and_what_is_copied(bench):
    said, training = [], shared(TASKS, "own_training")
    with LocalPool().student(bench.reference, TimeLimits(60.0, 60.0)) as student:
        plots, arrays, well = training.run(student, Case(0, "", "training"), None, 0, said.append)
    assert (plots, well, len(arrays)) == ([], True, len(networks.IN_COPIER))
    assert said[-5:] == [
        "fade|fade",
        "beef|beef",
        "abba|abba",
        "gggg|gggg",
        "100.0 % of the letters of 250 new texts are copied.",
    ]


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        ("01_attention", "9 %, 24 % and 67 %"),
        ("03_layer_norm", "1.00 and 1.00"),
        ("04_block", "2,160 parameters"),
        ("05_copy", "with beef"),
    ],
)
def test_after_a_stage_a_sentence_says_what_the_code_can_do(bench, stage, told):
    with LocalPool().student(bench.reference, TimeLimits(60.0, 60.0)) as student:
        assert told in getattr(shared(TASKS, "milestones"), f"after_{stage}")(student, None)


# --- closed forms ---------------------------------------------------------------------------------------------------


def slopes(loss, array):
    return networks.slopes_of_all(loss, array)


def near(found, measured):
    assert found.shape == measured.shape
    np.testing.assert_allclose(found, measured, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("mask", [None, np.array([[True, False, True, True], [False] * 4, [False, True, False, False]])])
def test_attention_goes_back_as_it_went(mask):
    rng = np.random.default_rng(0)
    q, k, v, dout = (rng.normal(size=shape) for shape in ((2, 3, 5), (2, 4, 5), (2, 4, 2), (2, 3, 2)))
    for array, found in zip((q, k, v), closed_form.attend_back(q, k, v, mask, dout)):
        near(found, slopes(lambda: float((dout * closed_form.attend(q, k, v, mask)).sum()), array))


def test_a_norm_goes_back_as_it_went():
    rng = np.random.default_rng(1)
    gamma, beta, x, dout = (rng.normal(size=shape) for shape in (4, 4, (2, 3, 4), (2, 3, 4)))
    for array, found in zip((gamma, beta, x), closed_form.norm_back(gamma, x, dout)):
        near(found, slopes(lambda: float((dout * closed_form.norm(gamma, beta, x)).sum()), array))


def test_a_whole_network_goes_back_as_it_went():
    """Heads and block are parts of it."""
    rng = np.random.default_rng(2)
    x, dlogits = rng.integers(0, 4, (2, 5)), rng.normal(size=(2, 5, 5))
    shapes = [(5, 4), (6, 4), 4, 4, (4, 5), 5, 4, 4, 4, 4, *[(4, 4)] * 4, (4, 3), 3, (3, 4), 4]
    parameters = [rng.normal(size=shape) for shape in shapes]
    found = closed_form.copier_back(parameters, 2, x, dlogits)
    assert len(found) == len(networks.IN_COPIER) == len(parameters)
    for array, gradient in zip(parameters, found):
        near(gradient, slopes(lambda: float((dlogits * closed_form.copier(parameters, 2, x)[0]).sum()), array))


def test_a_loss_goes_back_as_it_went():
    rng = np.random.default_rng(3)
    logits, tokens = rng.normal(size=(2, 6, 4)), rng.integers(0, 4, (2, 7))
    loss, dlogits = closed_form.copy_loss(logits, tokens)
    near(dlogits, slopes(lambda: closed_form.copy_loss(logits, tokens)[0], logits))
    assert closed_form.copy_loss(0 * logits, tokens)[0] == pytest.approx(np.log(4))
    assert loss > 0


# --- handouts -------------------------------------------------------------------------------------------------------


def missing(stage: str, *arrays: object) -> list[str]:
    """Those of some numbers, to three decimals, that do not stand in a handout."""
    stand = set(re.findall(r"-?\d+(?:\.\d*)?", HANDOUTS[stage]))
    stand = {f"{float(number):.3f}" for number in stand} | {"-0.000"}
    return [text for array in arrays for value in np.ravel(array) if (text := f"{value:.3f}") not in stand]


def test_the_worked_examples_of_attention():
    q, k = np.array([[[2.0, 0, 0, 0], [0, 1, 1, 0]]]), np.array([[[1.0, 0, 0, 1], [0, 2, 0, 0], [1, 0, 4, 0]]])
    v, mask = np.array([[[10.0, 0], [0, 10], [20, 20]]]), np.array([[True, True, False], [True, True, True]])
    exps = np.exp(q @ k.swapaxes(1, 2) / 2)
    assert missing("01_attention", exps, exps.sum(axis=2)) == []
    for one in (None, mask):
        assert missing("01_attention", closed_form.weights(q, k, one), closed_form.attend(q, k, v, one)) == []
    assert missing("02_attention_backward", *closed_form.attend_back(q, k, v, None, np.eye(2)[None])) == []


def test_the_worked_example_of_layer_norm():
    gamma, beta, x, dout = (np.array(row, float) for row in ([1, 2, 1, 2], [0, 0, 10, 0], [1, 1, 5, 5], [4, 1, 2, 1]))
    dgamma, _, dx = closed_form.norm_back(gamma, x, dout, eps=0.0)
    assert closed_form.norm(gamma, beta, x, eps=0.0).tolist() == [-1, -2, 11, 2]
    assert dgamma.tolist() == [-4, -1, 2, 1]
    assert missing("03_layer_norm", dx) == []


def test_the_worked_example_of_a_block():
    x, dout, eye = np.array([[[1.0, 2, 6], [0, 3, 0]]]), np.array([[[1.0, 0, 0], [0, 0, 1]]]), np.eye(3)
    W1, W2 = np.array([[1.0, 0], [0, 1], [1, -1]]), np.array([[1.0, 0, 1], [0, 1, 0]])
    norms, matrices = [np.ones(3), np.zeros(3)] * 2, [eye, eye, np.diag([1.0, 2, 1]), eye]
    parameters, mask = [*norms, *matrices, W1, np.zeros(2), W2, np.zeros(3)], closed_form.causal(2)
    out, h, z = closed_form.block(parameters, 1, x, mask)
    _, dx = closed_form.block_back(parameters, 1, x, mask, dout)
    n = closed_form.norm(np.ones(3), np.zeros(3), x)
    heads = closed_form.heads(matrices, 1, n, mask)
    assert missing("04_block", n, heads, h, z, out, dx) == []


@pytest.fixture
def student(monkeypatch):
    """The reference under the learner's name."""
    spec = ModuleSpec("student", None, is_package=True)
    spec.submodule_search_locations = [str(COURSE.folder / "reference")]
    for name in [name for name in sys.modules if name.partition(".")[0] == "student"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "student", module_from_spec(spec))
    yield importlib.import_module
    for name in [name for name in sys.modules if name.startswith("student.")]:
        del sys.modules[name]


@pytest.mark.parametrize(("stage", "code", "printed"), SNIPPETS, ids=[stage for stage, *_ in SNIPPETS])
def test_the_code_of_a_question_prints_what_the_answer_says(student, stage, code, printed):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {"__name__": "snippet"})
    assert out.getvalue() == printed


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(TASKS)))
def test_its_texts_are_worded_like_the_others(path):
    lines = enumerate(path.read_text("utf-8").splitlines(), 1)
    assert [(line, words) for line, text in texts_of(path) if (words := banned_words(text))] == []
    assert [(line, told) for line, text in [*texts_of(path), *lines] if (told := banned_phrases(text))] == []


# --- pictures -------------------------------------------------------------------------------------------------------


def drawn(wanted) -> ET.Element:
    return ET.fromstring(wanted.make()["svg"])


def test_weights_become_a_heat_map_with_a_cell_for_each():
    expected = np.full((2, 3), 1 / 3)
    (wanted,) = pictures.of_check(True, {"weights": expected * 1.5, "weights_expected": expected})
    assert len(drawn(wanted).findall("rect")) == 2 * 2 * expected.size  # a ground and a colour for each cell of both maps
    assert "The row of query 0 sums to 1.5 instead of 1." in wanted.finding
    assert list(pictures.of_check(False, {"weights": expected, "weights_expected": expected})) == []


def test_gradients_are_drawn_against_slopes_and_those_off_the_diagonal_are_counted():
    arrays = {
        "analytic:dq": np.arange(4.0),
        "numeric:dq": np.arange(4.0) * 2,
        "analytic:dv": np.ones(3),
        "numeric:dv": np.ones(3),
    }
    (wanted,) = pictures.of_check(True, arrays)
    assert len(list(drawn(wanted).iter("circle"))) == 7
    assert wanted.finding.endswith("dv lies on it. In dq, 3 of 4 entries lie off it.")


def test_a_training_is_drawn_batch_by_batch():
    wanted = pictures.of_training(Curves({"train_loss": [2.0, 0.5, 0.02]}, {}))
    assert len(drawn(wanted).find("polyline").get("points").split()) == 3
    assert wanted.finding == "The loss falls from 2 to 0.02 nats per letter in 3 batches."
    assert "does not fall" in pictures.of_training(Curves({"train_loss": [2.0, 2.5]}, {})).finding
    assert "1 of the losses are not finite" in pictures.of_training(Curves({"train_loss": [2.0, np.nan]}, {})).finding


@pytest.mark.parametrize("stage", STAGES)
def test_a_figure_is_what_would_be_drawn_now_and_told_in_words(stage):
    """After a change: make figures."""
    figures = shared(TASKS, "pictures.handouts").draw(stage=stage)
    assert figures == {f"{stage}/figures/{path.name}": path.read_text("utf-8") for path in (TASKS / stage / "figures").glob("*")}
    told = re.findall(r"!\[([^\]]*)\]\((figures/[a-z_]+\.svg)\)\n\n\*[^*]+\.\*\n", HANDOUTS[stage])
    assert {f"{stage}/{file}" for _, file in told} == set(figures)
    assert len(told) == HANDOUTS[stage].count("](figures/")
    assert all(len(alt.split()) >= 8 for alt, _ in told)
    for svg in figures.values():
        assert len(ET.fromstring(svg).findall(".//{*}rect")) > 30
        assert "prefers-color-scheme:dark" in svg


def test_the_map_on_the_first_page_is_that_of_a_trained_network(student):
    data, model, train = (student(f"student.{name}") for name in ("data", "model", "train"))
    text, stored = pictures.beginning.stored()
    rng = np.random.default_rng(1)
    network = model.Copier(8, 8, 16, 2, 32, rng)
    train.fit(network, [data.texts(32, 4, 8, rng) for _ in range(120)], 0.01)
    assert data.decode(train.write_copy(network, data.encode(text[:5]))[0]) == text[:4]
    letters, places, *_ = parameters = network.parameters()
    x = data.encode(text)
    h = closed_form.norm(*parameters[6:8], letters[x] + places[: x.shape[1]])
    found = closed_form.head_weights(parameters[10:14], 2, h, closed_form.causal(8))
    np.testing.assert_allclose([one[0] for one in found], stored, atol=0.05)
    assert data.ALPHABET == pictures.ALPHABET
