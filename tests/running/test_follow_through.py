"""One mistake costs one stage: what is put in, when it counts, and what is told of it."""

import ast
import re
from dataclasses import replace

import numpy as np
import pytest

from grader.course.course import Course
from grader.course.skeleton import build, put_back_all, read_claims
from grader.course.substitutes import names_in, put_in, unit_of
from grader.diagnosis.name_mistakes import name_mistakes
from grader.paths import ROOT
from grader.running import follow_through, scores
from grader.running.session import run_stages
from grader.running.state import RunState
from grader.submission import Submission, read_submission
from grader.worker.outside.local import LocalPool
from grader.worker.outside.pool import WorkerPool
from tests.courses import HERE
from tests.running import toys
from tests.running.toys import RIGHT, read_course, run, states, submission

UNIT = [stage for stage in HERE.stages if stage.points and not stage.training]
REFERENCE = read_submission(HERE.reference)
LINEAR = ["layers.Linear"]


class CountingPool(LocalPool):
    """Counts the students that were asked for, with something put in and without."""

    def __init__(self):
        super().__init__()
        self.plain = self.put_in = 0

    def student(self, submission, *rest):
        self.put_in += submission.put_in is not None
        self.plain += submission.put_in is None
        return super().student(submission, *rest)


def graded(code, policy="full", stages=UNIT, pool=None):
    return run_stages(stages, pool or LocalPool(), code, course=HERE, follow_through=policy)


def points(session):
    """Stage -> (points, points alone)."""
    found = {}
    for (stage, _), result in session.results.items():
        earned, alone = found.get(stage, (0, 0))
        found[stage] = earned + result.points, alone + result.points_alone
    return found


def changed(module, old, new):
    assert old in REFERENCE.modules[module]
    return REFERENCE.replaced({module: REFERENCE.modules[module].replace(old, new)})


def worth(stage):
    return HERE.stage(stage).points


AVERAGED = changed("layers", "self.dW = self.x.T @ dout", "self.dW = self.x.T @ dout / len(dout)")


# --- the course's own: what is lost behind a mistake ------------------------------------------------------------------


def test_a_mistake_costs_its_own_stage():
    found = points(graded(AVERAGED))
    assert found.pop("01_linear") == (5, 5)
    assert {stage: earned for stage, (earned, _) in found.items()} == {s: worth(s) for s in found}
    assert [stage for stage, (earned, alone) in found.items() if alone < earned] == ["07_backprop", "10_training_loop"]


def test_a_pass_with_something_put_in_says_so_and_what_it_stood_behind():
    session = graded(AVERAGED)
    passed = session.results["07_backprop", "check_backprop_matches_closed_form"]
    assert (passed.state, passed.points, passed.points_alone, passed.substituted) == ("pass", 1, 0, LINEAR)
    assert passed.blocked_by == "01_linear: check_linear_backward_sums_dW_and_db"
    alone = session.results["07_backprop", "check_gradients_follow_parameters"]
    assert (alone.state, alone.points_alone, alone.substituted) == ("pass", 1, [])
    report = scores.report(UNIT, session.results)
    assert (report.score, report.score_alone, report.next.stage) == (89, 72, "01_linear")


def test_a_policy_may_show_it_only_or_leave_it():
    session = graded(AVERAGED, "shown")
    shown = session.results["07_backprop", "check_backprop_matches_closed_form"]
    assert (shown.state, shown.points, shown.points_alone, shown.substituted) == ("pass", 0, 0, LINEAR)
    assert scores.report(UNIT, session.results).score == 72
    off = graded(AVERAGED, "off")
    assert {points(off)[stage] for stage in ("06_network", "07_backprop", "10_training_loop")} == {(0, 0)}


@pytest.mark.parametrize("policy", ["off", "shown", "full"])
def test_right_answers_and_the_skeleton_earn_what_they_did(policy):
    pool = CountingPool()
    assert points(graded(REFERENCE, policy, pool=pool)) == {s.id: (s.points, s.points) for s in UNIT}
    assert pool.put_in == 0
    skeleton = blank()
    pool = CountingPool()
    session = graded(skeleton, policy, HERE.stages, pool)
    assert (pool.plain, pool.put_in) == (0, 0)  # nothing is run, let alone trained
    assert {result.state for result in session.results.values()} <= {"todo", "blocked"}


def blank():
    texts = build(HERE.reference, read_claims(HERE.tasks))
    return Submission("skeleton", {file.removesuffix(".py"): text for file, text in texts.items()})


@pytest.mark.parametrize("stage", UNIT, ids=lambda stage: stage.id)
def test_a_stage_that_alone_is_written_earns_its_points(stage):
    claims = read_claims(HERE.tasks)
    own = {f"{module}.py": text for module, text in REFERENCE.modules.items()}
    texts = put_back_all(build(HERE.reference, claims), own, claims.of_stage(stage.id))
    code = Submission("alone", {file.removesuffix(".py"): text for file, text in texts.items()})
    assert {s: p for s, (p, _) in points(graded(code)).items() if p} == {stage.id: stage.points}


FLOAT32 = changed("layers", "dtype=np.float64", "dtype=np.float32")
ROWS = REFERENCE.replaced(
    {
        "layers": REFERENCE.modules["layers"]
        .replace("np.zeros(out_features,", "np.zeros((1, out_features),")
        .replace("dout.sum(axis=0)", "dout.sum(axis=0, keepdims=True)")
    }
)
MAPPING = REFERENCE.replaced(
    {
        "network": "from collections import OrderedDict\n"
        + REFERENCE.modules["network"]
        .replace("self.layers = []", "self.layers = OrderedDict()")
        .replace("self.layers.append(ReLU())", "self.layers[f'relu{i}'] = ReLU()")
        .replace("self.layers.append(Linear(", "self.layers[f'linear{i}'] = (Linear(")
        .replace("in self.layers", "in self.layers.values()")
        .replace("reversed(self.layers)", "reversed(self.layers.values())")
    }
)


@pytest.mark.parametrize(
    ("code", "own"), [(FLOAT32, "01_linear"), (ROWS, "01_linear"), (MAPPING, "06_network")], ids=["float32", "rows", "map"]
)
def test_another_type_or_shape_loses_its_own_points_and_no_others(code, own):
    lost = {stage for stage, (earned, _) in points(graded(code)).items() if earned < worth(stage)}
    assert lost == {own}


def test_a_check_that_fails_because_of_a_side_condition_is_run_with_it_put_right():
    """ReLU is right but for its input, which it overwrites: no core check sees that, and nothing is blocked."""
    code = changed("layers", "return np.maximum(x, 0)", "return np.maximum(x, 0, out=x)")
    session = graded(code)
    assert session.results["02_relu", "check_relu_forward_zeroes_what_is_negative"].state == "pass"
    assert all(p == worth(s) for s, (p, _) in points(session).items() if s != "02_relu")


def test_a_single_stage_is_graded_as_within_the_whole():
    whole, single = graded(AVERAGED), graded(AVERAGED, stages=HERE.select(["07"]))
    assert points(single)["07_backprop"] == points(whole)["07_backprop"]
    assert {stage for stage, _ in single.results} == {"01_linear", "02_relu", "06_network", "07_backprop"}
    assert {stage for stage, _ in single.context.state.transcripts} == {"01_linear"}


def test_what_passes_asks_for_nothing_more_in_a_single_stage():
    pool = CountingPool()
    session = graded(REFERENCE, stages=HERE.select(["07"]), pool=pool)
    assert pool.plain == len(session.order)
    pool = CountingPool()
    broken = changed("optim", "p -= self.lr * g", "p += self.lr * g")
    assert pool.plain == 0
    session = graded(broken, stages=HERE.select(["08"]), pool=pool)
    assert (pool.plain, pool.put_in) == (1, 0)  # its side conditions wait for it, and it needs nobody


# --- what a failure with something put in says ------------------------------------------------------------------------


def test_an_own_mistake_behind_another_is_told_with_what_was_put_in():
    network = REFERENCE.modules["network"].replace("for layer in reversed(self.layers)", "for layer in self.layers")
    session = graded(AVERAGED.replaced({"network": network}))
    failed = session.results["07_backprop", "check_backprop_agrees_with_central_differences"]
    assert (failed.state, failed.points, failed.substituted) == ("fail", 0, LINEAR)
    name_mistakes(session, HERE.reference)
    names = {check: result.mistake.id for (_, check), result in session.results.items() if result.mistake}
    assert names[failed.id] == "runs_from_first_to_last"
    assert names["check_linear_backward_sums_dW_and_db"] == "averages_dW"
    assert scores.report(UNIT, session.results).next.stage == "01_linear"
    alone = scores.report(HERE.select(["07"]), session.results)
    assert alone.next is None or alone.next.check != failed.id


def test_a_failure_says_nothing_where_more_is_read_than_the_contract_has():
    layers = AVERAGED.modules["layers"].replace("        self.x = x\n", "        self.x = x\n        self.seen = True\n")
    network = REFERENCE.modules["network"].replace("dout = layer.backward(dout)", "dout = layer.backward(dout) * layer.seen")
    network = network.replace("self.layers.append(ReLU())", "self.layers.append(ReLU()); self.layers[-1].seen = True")
    session = graded(AVERAGED.replaced({"layers": layers, "network": network}))
    blocked = session.results["07_backprop", "check_backprop_agrees_with_central_differences"]
    assert (blocked.state, blocked.substituted) == ("blocked", [])
    assert "your code reads layers.Linear.seen, which the contract does not have" in blocked.message


@pytest.mark.parametrize("made", ["", "        self.db = self.dW\n", "        raise SystemExit\n"])
def test_what_the_learners_own_init_makes_stays_with_the_right_numbers_in_it(made):
    held = "        self.held = {'W': self.W, 'b': self.b, 'dW': self.dW, 'db': self.db}\n"
    ready = "self.db = np.zeros_like(self.b)\n"
    layers = AVERAGED.modules["layers"].replace(ready, ready + (held + made if made else held), 1)
    network = REFERENCE.modules["network"].replace("layer.dW, layer.db", "layer.held['dW'], layer.held['db']")
    network = network.replace("layer.W, layer.b", "layer.held['W'], layer.held['b']")
    found = points(graded(AVERAGED.replaced({"layers": layers, "network": network})))
    lost = {stage for stage, (earned, _) in found.items() if earned < worth(stage)} - {"01_linear"}
    # Two arrays in one memory, or an __init__ that ends halfway, are what the substitute stands in for: it takes neither.
    assert lost == ({"06_network", "07_backprop"} if "raise" in made else {"07_backprop"} if made else set())


def test_a_second_list_of_the_same_layers_costs_no_later_stage_a_point():
    network = REFERENCE.modules["network"].replace("if i > 0:", "if 0 < i < 2:")
    network = network.replace("for layer in self.layers if isinstance(layer, Linear)", "for layer in self.linears")
    kept = "        self.linears = [layer for layer in self.layers if isinstance(layer, Linear)]\n"
    network = network.replace("\n    def forward", f"{kept}\n    def forward", 1)
    found = points(graded(REFERENCE.replaced({"network": network})))
    assert {stage for stage, (earned, _) in found.items() if earned < worth(stage)} == {"06_network"}


def test_a_failure_says_nothing_where_what_was_put_in_is_never_called():
    own = AVERAGED.modules["layers"].replace("class Linear", "class Own") + "\n\nclass Linear(Own):\n    pass\n"
    network = REFERENCE.modules["network"].replace("import Linear, ReLU", "import Own as Linear, ReLU")
    session = graded(AVERAGED.replaced({"layers": own, "network": network}))
    blocked = session.results["07_backprop", "check_backprop_agrees_with_central_differences"]
    assert blocked.state == "blocked"
    assert "your code never calls layers.Linear" in blocked.message


@pytest.mark.parametrize("text", ["class Linear(:\n", "raise SystemExit(3)\n", "import nothing_of_that_name\n"])
def test_a_module_that_cannot_be_imported_is_replaced_by_its_names(text):
    found = points(graded(REFERENCE.replaced({"layers": text})))
    assert {s: earned for s, (earned, _) in found.items()} == {s: 0 if s in ("01_linear", "02_relu") else worth(s) for s in found}


# --- when it counts: a small course with a training -------------------------------------------------------------------

TOOLBOX = "def add(a, b):\n    return a + b\n\n\nSUBSTITUTES = {'layers.add': add}\n"
BY_ADDING = """
from layers import add

COUNT = []


def square(a):
    COUNT.append(a)
    total = 0.0
    for _ in range(int(a)):
        total = add(total, a)
    return total


def calls():
    return len(COUNT)
"""
WRONG = RIGHT["layers"].replace("a + b", "a - b")


@pytest.fixture
def course(tmp_path):
    tasks = toys.write_course(tmp_path / "tasks")
    (tasks / "toolbox").mkdir()
    (tasks / "toolbox" / "substitutes.py").write_text(TOOLBOX)
    return read_course(tasks)


@pytest.fixture
def half(course):
    """The same with so many points for `double` that who has these has half."""
    toml = course.tasks / "01_first" / "task.toml"
    toml.write_text(
        toml.read_text().replace('points = 1\nfunctions = ["layers.double"]', 'points = 9\nfunctions = ["layers.double"]')
    )
    return read_course(course.tasks)


def test_a_training_with_something_put_in_counts_from_half_of_the_points_on(half, course):
    wrong = submission(layers=WRONG, losses=BY_ADDING)
    trained = run(half, wrong, follow_through="full").results["03_third", "check_train_learns"]
    assert (trained.state, trained.points, trained.points_alone, trained.substituted) == ("pass", 3, 0, ["layers.add"])


def test_with_less_it_is_shown_and_does_not_count(course):
    wrong = submission(layers=WRONG, losses=BY_ADDING)
    trained = run(course, wrong, follow_through="full").results["03_third", "check_train_learns"]
    assert (trained.state, trained.points, trained.points_alone, trained.substituted) == ("pass", 0, 0, ["layers.add"])


@pytest.mark.parametrize("losses", [BY_ADDING.replace("total, a)", "total, 2 * a)"), "def square(a):\n    pass\n"])
def test_a_training_whose_own_function_is_wrong_is_not_run(half, losses):
    pool = CountingPool()
    session = run_stages(half.stages, pool, submission(layers=WRONG, losses=losses), course=half, follow_through="full")
    asked = pool.plain + pool.put_in
    assert session.results["03_third", "check_train_learns"].state == "blocked"
    unit = run_stages(
        half.select(["01", "02"]), pool, submission(layers=WRONG, losses=losses), course=half, follow_through="full"
    )
    assert pool.plain + pool.put_in == 2 * asked
    assert unit.complete


def test_where_a_limit_ended_a_check_before_nothing_is_tried_as_it_is(course):
    wrong, plain = submission(layers=WRONG, losses=BY_ADDING), []
    for ended in (False, True):
        pool, state = CountingPool(), RunState()
        if ended:
            state.cut_short(course.stage("01_first").checks[0])
        session = run_stages(course.select(["01", "02"]), pool, wrong, course=course, state=state, follow_through="full")
        assert session.results["02_second", "check_square_squares"].substituted == ["layers.add"]
        plain.append(pool.plain)
    assert plain[1] == plain[0] - 1


def test_what_a_check_is_for_is_never_put_in(course):
    session = run(course, submission(layers=WRONG), follow_through="full")
    assert states(session)["check_add_keeps_float32"] == "blocked"
    assert session.results["01_first", "check_add_adds"].state == "fail"
    trainings = [check for stage in HERE.stages for check in stage.checks if check.training]
    assert trainings
    assert all("train.train" in check.functions for check in trainings)


def test_settings_alone_earn_nothing():
    skeleton = blank()
    code = skeleton.replaced(
        {
            "train": re.sub(
                r"HYPERPARAMETERS = .*", 'HYPERPARAMETERS = {"epochs": 1, "batch_size": 9, "lr": 0.1}', skeleton.modules["train"]
            )
        }
    )
    pool = CountingPool()
    session = graded(code, stages=HERE.stages, pool=pool)
    assert (pool.plain, pool.put_in) == (0, 0)
    assert sum(result.points for result in session.results.values()) == 0


def test_refusing_a_function_to_have_a_faster_one_put_in_costs_more_than_it_earns():
    """Who raises in Linear loses all that it is worth; a training then still asks for half of the points alone."""
    refused = changed("layers", "        self.x = x\n", "        raise RuntimeError('no')\n")
    session = graded(refused)
    earned = points(session)
    assert earned["01_linear"][0] <= 3
    lost = sum(worth(s) - p for s, (p, _) in earned.items())
    assert lost >= max(worth(stage.id) for stage in HERE.stages if stage.training)
    alone = sum(alone for _, alone in earned.values())
    assert follow_through.OWN_SHARE == 0.5
    assert alone >= 0.5 * sum(stage.points for stage in UNIT)  # the rest is this learner's own


def test_one_early_mistake_asks_for_few_runs_more():
    right, wrong = CountingPool(), CountingPool()
    graded(REFERENCE, pool=right)
    graded(AVERAGED, pool=wrong)
    assert right.put_in == 0
    assert wrong.plain + wrong.put_in <= 1.2 * right.plain


# --- the texts --------------------------------------------------------------------------------------------------------


def test_what_can_be_put_in_is_claimed_by_a_stage_or_a_class_of_claims():
    claims, names = HERE.claimed_by(), names_in(HERE.tasks)
    assert all(any(unit_of(claim, [name]) for claim in claims) for name in names)
    right = put_in(HERE.tasks, names)
    assert set(right.texts) == {"substitutes", "closed_form"}
    assert not any(word in right.texts["substitutes"] for word in ("default_rng(", "case.", "reference", "grader.checks"))


def test_a_worker_gets_no_line_of_what_is_not_put_in():
    linear = put_in(HERE.tasks, ("layers.Linear",)).texts
    assert re.findall(r"(?:def|class) (\w+)", linear["closed_form"]) == ["affine", "affine_back"]
    classes = ["Linear", "__init__", "forward", "backward", "load_mnist"]
    assert re.findall(r"(?:def|class) (\w+)", linear["substitutes"]) == classes
    forward = put_in(HERE.tasks, ("network.MLP.forward",)).texts
    assert re.findall(r"(?:def|class) (\w+)", forward["substitutes"]) == ["MLP", "__init__", "forward", "_in_turn", "load_mnist"]
    assert "Linear" not in forward["substitutes"]
    assert re.findall(r"(?:def|class) (\w+)", forward["closed_form"]) == []


@pytest.mark.parametrize("kept", ["alpha", "lr"])
def test_a_step_alone_finds_the_rate_wherever_the_learner_keeps_it(kept):
    optim = (
        f"class SGD:\n    def __init__(self, lr):\n        self.{kept} = lr\n    def step(self, params, grads):\n        pass\n"
    )
    code = replace(REFERENCE.replaced({"optim": optim}), put_in=put_in(HERE.tasks, ("optim.SGD.step",)))
    with LocalPool().student(code) as student:
        held = student.put([np.ones(2)])
        student.optim.SGD(0.5).step(held, student.put([np.ones(2)]))
        assert student.fetch(held)[0].tolist() == [0.5, 0.5]


def test_copied_into_a_submission_the_texts_do_not_import():
    texts = put_in(HERE.tasks, names_in(HERE.tasks)).texts
    code = REFERENCE.replaced({**texts, "layers": f"from .substitutes import Linear, ReLU\n{REFERENCE.modules['layers']}"})
    first = graded(code, stages=HERE.select(["01"])).results["01_linear", "check_linear_forward_adds_the_bias"]
    assert first.state == "fail"
    assert "cannot be imported" in first.message
    flat = replace(code, modules={**code.modules, "layers": "import tasks.toolbox.substitutes"})
    session = graded(flat, stages=HERE.select(["01"]))
    assert "belongs to the course" in session.results["01_linear", "check_linear_forward_adds_the_bias"].message


STEALS = """
import gc
import types


def found(*names):
    functions = [held for held in gc.get_objects() if isinstance(held, types.FunctionType)]
    return [f for f in functions if f.__name__ in names and "toolbox" in f.__code__.co_filename]
"""


def test_code_beside_what_is_put_in_finds_nothing_else_to_answer_with():
    """It may call what stands in the place of its own: the points of that are lost, and nothing more is in the worker."""
    network = REFERENCE.modules["network"] + STEALS
    network = network.replace(
        "        dout = dlogits\n",
        "        raise ValueError(sorted({f.__name__ for f in found('backward', 'activations', 'descend', 'affine_back')}))\n",
    )
    with WorkerPool(HERE.withheld) as pool:
        session = graded(AVERAGED.replaced({"network": network}), stages=HERE.select(["07"]), pool=pool)
    failed = session.results["07_backprop", "check_backprop_agrees_with_central_differences"]
    assert (failed.state, failed.points, failed.substituted) == ("fail", 0, LINEAR)
    assert "ValueError: ['affine_back', 'backward']" in failed.message  # of Linear, both of them


@pytest.mark.parametrize("course", [HERE, Course(ROOT / "courses" / "attention")], ids=["main", "attention"])
def test_what_is_put_in_imports_nothing_that_no_worker_has(course):
    texts = put_in(course.tasks, names_in(course.tasks)).texts
    imports = [node for text in texts.values() for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    assert not [ast.unparse(node) for node in imports if str(node.module).startswith(("grader", "reference"))]
