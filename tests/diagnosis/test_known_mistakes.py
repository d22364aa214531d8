"""Names from the tables alone: those that a replay gives, whatever the last bits of the answers, and none where none is due."""

import zlib
from functools import partial

import msgspec
import numpy as np
import pytest

from grader.check_tasks import subjects
from grader.check_tasks.numbers import other_numbers, usual_numbers
from grader.check_tasks.tables import text_of
from grader.checks.case import Case
from grader.course.course import Course
from grader.course.misconceptions import apply, load, parse
from grader.diagnosis import drawn_digests, known_mistakes
from grader.diagnosis.answer_table import (
    FILLED,
    TABLE,
    AnswerTable,
    KnownAnswers,
    KnownMistake,
    OpenAnswers,
    RightAnswers,
    read_table,
    stale_tables,
    tables_of,
)
from grader.diagnosis.digests import digest
from grader.diagnosis.known_mistakes import named_by_tables
from grader.diagnosis.runs import Runs
from grader.paths import REFERENCE
from grader.running import scores
from grader.running.context import Context
from grader.running.limits import Limits
from grader.running.runner import load_checks, run_check
from grader.running.state import RunState
from grader.submission import read_submission
from grader.worker.outside.local import LocalChannel, LocalPool
from tests.courses import HERE, copied
from tests.diagnosis.test_misnamings import BATCHES, CLIPPED, FORWARD, HOISTED, STEP, TRAIN

ANSWER = read_submission(REFERENCE)
KNOWN = {stage.id for stage in HERE.stages if load(stage.folder)}
BANK = {n: pair for n, pair in subjects.mutants(HERE, ANSWER).items() if zlib.crc32(n.encode()) % 5 == 1}


def graded(stage, submission, seed=0):
    """A context in which one stage was checked, and those before it hold."""
    earlier = {scores.key(c): scores.result(c, "pass") for s in HERE.stages for c in s.checks if s.id < stage}
    context = Context(HERE, submission, LocalPool(), seed, Limits(3.0), state=RunState(earlier))
    for check in HERE.stage(stage).checks:
        context.state.decide(check, run_check(check, load_checks(HERE.stage(stage))[check.id], context))
    return context


def mutant(stage, name):
    return subjects.mutants(HERE, ANSWER)[f"{stage}:{name}"][1]


def names(context):
    found = named_by_tables(context, tables_of(HERE, KNOWN))
    return {name for mistake in found.values() for name in (mistake.id, *mistake.alike)}


def of_body(target, body, stage, header="def f(logits):"):
    text = f'@held_out("{target}")\n{header}\n' + "\n".join(f"    {line}" for line in body.splitlines())
    return names(graded(stage, apply(ANSWER, parse(text, stage)[0])))


def noisy(value, seed=1, most=1e-13):
    """A value as another order of additions would give it."""
    rng, inner = np.random.default_rng(seed), partial(noisy, seed=seed, most=most)
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        return value * (1 + rng.uniform(-most, most, value.shape))
    if isinstance(value, float):
        return value * (1 + rng.choice((-most, most)))
    if isinstance(value, list | tuple):
        return [inner(item) for item in value]
    return {key: inner(item) for key, item in value.items()} if isinstance(value, dict) else value


def test_every_stage_that_knows_mistakes_has_a_table_of_today_and_all_are_small():
    assert stale_tables(HERE) == []
    assert sum((stage.folder / TABLE).stat().st_size for stage in HERE.stages if stage.id in KNOWN) <= 400_000


@pytest.mark.parametrize("stage", sorted({m.stage for m, _ in BANK.values()}))
def test_known_mistakes_have_their_names_under_noise_too(stage, monkeypatch):
    contexts = {n: (m, graded(stage, s)) for n, (m, s) in BANK.items() if m.stage == stage}
    plain = {n: names(context) for n, (_, context) in contexts.items()}
    assert {n for n, found in plain.items() if found and contexts[n][0].id not in found} == set()
    lines = [line for known in tables_of(HERE, KNOWN)[stage].known.values() for line in known]
    told = {name for line in lines for name in line.names.split()}  # where right answers are words alone, none is
    able = [bool(found) for n, found in plain.items() if contexts[n][0].name in told]
    assert sum(able) >= 0.9 * len(able) > 0
    for module in (known_mistakes, drawn_digests):
        monkeypatch.setattr(module, "digest", lambda value: digest(noisy(value)))
    assert {n: names(context) for n, (_, context) in contexts.items()} == plain


def test_another_form_of_a_known_mistake_has_its_name():
    body = "top = max(logits.ravel())\ne = np.exp(logits - top)\nreturn (e.T / e.sum(axis=1)).T"
    assert of_body("losses.softmax", body, "03_softmax") == {"shares_one_maximum"}


@pytest.mark.parametrize(
    "body",
    [
        "return np.cos(logits)",
        "e = np.exp(logits + 0.01 * logits**2)\nreturn e / e.sum(axis=1, keepdims=True)",
        "raise ZeroDivisionError",
        "e = np.exp(logits)\nreturn e / e.sum(axis=1, keepdims=True) + 1e-5",
    ],
)
def test_a_mistake_that_nobody_knows_has_no_name(body):
    assert of_body("losses.softmax", body, "03_softmax") == set()


def test_what_is_counted_is_heard_once_and_nothing_is_run_again_where_no_table_knows_it(monkeypatch):
    context, counted, run = graded("15_fast", mutant("15_fast", "makes_new_gradients")), [], Runs._run
    monkeypatch.setattr(Runs, "_run", lambda *a, **k: counted.append("again") or run(*a, **k))
    trained = LocalChannel._exchange
    monkeypatch.setattr(LocalChannel, "_exchange", lambda channel, frame: counted.append("asked") or trained(channel, frame))
    assert len(context.state.transcripts) == 2
    assert names(context) == {"makes_new_gradients"}
    assert counted == []


def test_an_exception_alone_is_a_name_only_in_the_same_words():
    step = "for layer in {}:\n    {} = layer.backward({})\nreturn {}"
    known = step.format("self.layers", "dlogits", "dlogits", "dlogits")
    other = step.format("reversed(self.layers)", "dlogits", "dlogits.T", "dlogits")
    header = "def f(self, dlogits):"
    assert of_body("network.MLP.backward", known, "07_backprop", header) == {"runs_from_first_to_last"}
    assert of_body("network.MLP.backward", other, "07_backprop", header) == set()


def test_what_is_drawn_in_another_way_is_matched_by_what_does_not_depend_on_the_draw():
    body = (
        "order, cuts = np.argsort(rng.random(len(x))), range(batch_size, len(x), batch_size)\n"
        "return list(zip(np.split(x[order], cuts), np.split(y, cuts)))"
    )
    header = "def f(x, y, batch_size, rng):"
    assert of_body("data.minibatches", body, "09_minibatches", header) == {"shuffles_x_alone"}


@pytest.mark.parametrize(("slip", "expected"), [("break", {"ends_the_epoch_after_one_batch"}), ("if start: break", set())])
def test_what_train_leaves_free_hides_no_mistake(slip, expected):
    body = f"""
history, loss, optimizer = {{}}, SoftmaxCrossEntropy(), SGD(lr)
for _ in range(epochs):
    order = rng.random(len(x_train)).argsort()
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        loss.forward(model.forward(x_train[rows]), y_train[rows])
        model.backward(loss.backward())
        optimizer.step(model.parameters(), model.gradients())
        {slip}
    for part, x, y in (("train", x_train, y_train), ("val", x_val, y_val)):
        logits = model.forward(x)
        history.setdefault(part + "_loss", []).append(float(loss.forward(logits, y)))
        history.setdefault(part + "_acc", []).append(float(np.mean(logits.argmax(axis=1) == y)))
return history"""
    assert of_body("train.train", body.strip(), "10_training_loop", TRAIN) == expected


def test_a_failed_check_that_heard_something_else_contradicts_a_name():
    """It returns something, if only a matrix: some checks cannot tell that from nothing, one can."""
    body = "self.x = x\nreturn np.matrix(x @ self.W + self.b)"
    assert of_body("layers.Linear.forward", body, "01_linear", "def f(self, x):") == set()


@pytest.mark.parametrize(("size", "expected"), [(10, {"divides_by_a_batch_size"}), (12, set()), (13.7, set())])
def test_a_step_divided_by_the_size_of_a_batch_is_no_mean_of_past_gradients(size, expected):
    body = f"for p, g in zip(params, grads):\n    p -= self.lr / {size} * g"
    assert of_body("optim.SGD.step", body, "08_sgd", STEP) == expected
    assert of_body("optim.SGD.step", body, "10_training_loop", STEP) <= {"scales_the_step"}  # which it does


@pytest.mark.parametrize("floor", ["1e-12", "1e-9", "1e-7", "3e-12"])
def test_what_is_clipped_is_not_added(floor):
    clipped = CLIPPED.format(f"np.clip(self.probabilities, {floor}, 1.0)")
    added = CLIPPED.format(f"self.probabilities + {floor}")
    usual = floor != "3e-12"  # no table knows that one
    target, stage = "losses.SoftmaxCrossEntropy.forward", "04_cross_entropy"
    assert of_body(target, clipped, stage, FORWARD) == ({"clips_before_the_log"} if usual else set())
    assert of_body(target, added, stage, FORWARD) == ({"adds_an_epsilon_in_the_log"} if usual else set())


def test_the_batch_that_never_comes_is_the_one_that_is_named():
    loop = "for i in range(1, len(x) // batch_size):\n    a, b = (i - 1) * batch_size, i * batch_size"
    body = f"{BATCHES}{loop}\n    yield x[a:b], y[a:b]"
    header = "def f(x, y, batch_size, rng):"
    assert of_body("data.minibatches", body, "09_minibatches", header) == {"skips_the_last_batch"}


@pytest.mark.parametrize(("size", "expected"), [(32, "ignores"), (64, "ignores"), (40, ""), (10_000, "hands_out")])
def test_a_batch_that_holds_all_rows_is_all_at_once_only_if_it_holds_a_thousand_too(size, expected):
    body = f"{BATCHES}for a in range(0, len(x), {size}):\n    yield x[a : a + {size}], y[a : a + {size}]"
    known = {"ignores": {"ignores_the_batch_size"}, "hands_out": {"hands_out_all_at_once"}, "": set()}
    assert of_body("data.minibatches", body, "09_minibatches", "def f(x, y, batch_size, rng):") == known[expected]


def test_stale_gradients_are_no_forgotten_update():
    """No check parts them; a probe does."""
    assert of_body("train.train", HOISTED, "10_training_loop", TRAIN) == {"keeps_the_first_gradients"}
    forgotten = HOISTED.replace("        optimizer.step(params, grads)\n", "")
    assert "forgets_the_update" in of_body("train.train", forgotten, "10_training_loop", TRAIN)


def test_what_is_told_of_another_number_says_that_number():
    (m,) = (m for m in load(HERE.stage("01_linear").folder) if m.name == "limits_the_output")
    found = named_by_tables(graded(m.stage, apply(ANSWER, m.filled(50))), tables_of(HERE, KNOWN))
    assert {(mistake.id, mistake.hint) for mistake in found.values()} == {(m.id, m.filled(50).hint)}
    assert m.hint != m.filled(50).hint


@pytest.mark.parametrize("m", [m for s in HERE.stages for m in load(s.folder) if m.open is not None], ids=lambda m: m.name)
def test_numbers_that_are_usual_fit_and_are_not_made_for_the_test(m):
    usual = usual_numbers(m)
    assert 7 <= len(usual) <= 10
    assert m.open not in usual
    assert all(type(number) is type(m.open) for number in usual)
    assert len(other_numbers(m)) == 5


def test_a_check_that_passes_contradicts_a_name():
    context = graded("03_softmax", mutant("03_softmax", "shares_one_maximum"))
    assert names(context) == {"shares_one_maximum"}
    for check in HERE.stage("03_softmax").checks:
        result = context.state.results["03_softmax", check.id]
        if result.state == "fail":
            context.state.decide(check, msgspec.structs.replace(result, state="pass"))
    assert names(context) == set()


@pytest.mark.parametrize("off", [0.0, 1e-12, 1e-9, 1e-7])
@pytest.mark.parametrize("stage", ["01_linear", "03_softmax", "04_cross_entropy", "07_backprop", "08_sgd"])
def test_right_answers_and_what_is_nearly_right_have_no_name(stage, off, monkeypatch):
    """As if all checks had failed: what is within a check's tolerance of the right value is no mistake that is known."""
    context = graded(stage, ANSWER)
    for check in HERE.stage(stage).checks:
        with context.pool.student(ANSWER) as student:
            load_checks(HERE.stage(stage))[check.id](student, Case(0, check.stage, check.id))
        context.state.decide(check, scores.result(check, "fail"))
        context.state.fail(check, student.transcript)
    for module in (known_mistakes, drawn_digests):
        monkeypatch.setattr(module, "digest", lambda value: digest(noisy(value, most=off)))
    assert context.state.transcripts.keys() == {scores.key(check) for check in HERE.stage(stage).checks}
    assert names(context) == set()


def test_with_another_seed_nothing_is_recognised():
    assert names(graded("03_softmax", mutant("03_softmax", "shares_one_maximum"), seed=1)) == set()


def test_a_table_is_read_as_it_was_written():
    table = read_table(HERE.stage("09_minibatches"))
    assert table.text() == (HERE.stage("09_minibatches").folder / TABLE).read_text(encoding="utf-8")
    bank = {m.name for m in load(HERE.stage("09_minibatches").folder)}
    assert {name.partition(FILLED)[0] for name in table.mistakes} == bank < set(table.mistakes)
    assert all(m.hint and m.title for m in table.mistakes.values())
    lines = table.text().splitlines()[len(bank) + 1 :]
    assert lines == sorted(lines)


def test_a_table_says_what_its_stage_answers_today():
    for stage in ("02_relu", "08_sgd"):
        assert text_of(HERE, ANSWER, HERE.stage(stage)) == read_table(HERE.stage(stage)).text()


def test_a_table_of_another_day_is_stale_where_that_can_be_told(tmp_path):
    check = HERE.stage("03_softmax").checks[0].id
    assert stale_tables(copied(tmp_path, "03_softmax", check)) == ["03_softmax"]
    without = Course(tmp_path, with_reference=False)
    assert set(tables_of(without, {"03_softmax", "02_relu"})) == {"02_relu", "03_softmax"}


@pytest.mark.parametrize("text", ["", "x", '{"about":"","made_of":""}\n["given","a","b",[],"",{}]\n'])
def test_a_table_that_cannot_be_read_is_none(tmp_path, text):
    (tmp_path / TABLE).write_text(text)
    assert read_table(msgspec.structs.replace(HERE.stage("02_relu"), folder=tmp_path)) is None


def test_a_hint_is_written_once():
    lines = [KnownMistake("a", "", "Hint.", "A"), KnownMistake("a__b", "", ""), KnownMistake("c", "twins", "Other.", "C")]
    told = [(m.title, m.hint) for m in AnswerTable("", lines).mistakes.values()]
    assert told == [("A", "Hint."), ("A", "Hint."), ("C", "Other.")]


def test_fields_that_say_nothing_are_not_written_and_come_back():
    lines = [
        KnownMistake("a", "", "Adds 0.1.", "0.1 added"),
        KnownAnswers("check_a", "a", ["x", "y"], "", "", 3),
        OpenAnswers("check_a", "a", 0.1, {"0.2": "z,w v"}, 1),
        RightAnswers("check_a", "u"),
    ]
    table = AnswerTable("", lines)
    assert table.text().splitlines()[1:] == [
        '["mistake","a","","Adds 0.1.","0.1 added"]',
        '["given","check_a","a",["x","y"],"","",3]',
        '["open","check_a","a",0.1,{"0.2":"z,w v"},1]',
        '["right","check_a","u"]',
    ]
    form = table.mistakes["a__=0.2"]
    assert (form.id, form.title, form.hint) == ("a", "0.2 added", "Adds 0.2.")
    assert table.known["check_a"][1].answers == ["", "", "z,w", "v"]
    assert table.fails == {"a": {"check_a"}, "a__=0.2": {"check_a"}}
