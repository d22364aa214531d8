"""Stage 14: the injector keeps what the handout says, the reference finds every fault, and answers without measuring earn 0."""

import contextlib
import dataclasses
import runpy
import sys
from functools import lru_cache

import msgspec
import numpy as np
import pytest

from grader.checks.compare import Unmet
from grader.course.stage import load_stage
from grader.diagnosis.facts import facts_of
from grader.paths import REFERENCE, TASKS
from grader.running.context import Context
from grader.running.runner import execute, load_checks, run_check
from grader.submission import Submission, read_submission
from grader.worker.outside.local import LocalChannel, LocalPool
from reference.faults import find_fault
from reference.gradcheck import numerical_gradient, relative_error
from tests.courses import with_stages
from tests.hostile.harness import ATTACKS
from tests.tasks.toolbox import faulty, injector

STAGE = msgspec.structs.replace(load_stage(TASKS / "14_faults"), needs=())
COURSE, FUNCTIONS = with_stages([STAGE]), load_checks(STAGE)
ALL = [(sizes, fault) for sizes in injector.SIZES for fault in injector.faults(sizes)]
norm = np.linalg.norm


@lru_cache
def fitting(sizes: tuple[int, ...], count: int) -> list:
    """Networks without a fault, one for each of so many seeds."""
    found = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        network = injector.numbers(rng, sizes, None)
        while not injector.fits(network):
            network = injector.numbers(rng, sizes, None)
        found.append(network)
    return found


@pytest.mark.parametrize(("sizes", "fault"), ALL, ids=lambda part: getattr(part, "says", None))
def test_a_fault_shows_in_its_own_array_and_in_no_other(sizes, fault):
    for network in fitting(sizes, 20):
        errors = injector.errors(dataclasses.replace(network, fault=fault))
        assert errors.pop(fault.answer) > 1e-2
        assert max(errors.values()) < 1e-6


@pytest.mark.parametrize("sizes", injector.SIZES)
def test_a_network_is_away_from_every_corner(sizes):
    for network in fitting(sizes, 20):
        assert len(network.x) >= 5
        hidden, z = [], network.x
        for W, b in zip(network.parameters[:-2:2], network.parameters[1:-2:2]):
            hidden.append(z @ W + b)
            z = np.maximum(hidden[-1], 0)
        assert all(np.abs(z).min() > 1e-3 and 0.2 <= np.mean(z > 0) <= 0.8 for z in hidden)


def measured(network) -> list[tuple[np.ndarray, np.ndarray]]:
    """What backward gives, and what is measured, for every rule of a network that is right."""
    model, loss = network.shells()
    inputs = [network.x.copy()]
    for layer in model.layers:
        inputs.append(layer.forward(inputs[-1]))
    logits = inputs.pop()
    loss.forward(logits, network.y)
    dout = loss.backward()
    pairs = [(dout, numerical_gradient(lambda z: loss.forward(z, network.y), logits.copy()))]
    for layer, x in zip(model.layers[::-1], inputs[::-1]):
        dx = layer.backward(dout)
        pairs += [(np.copy(getattr(layer, f"d{name}")), slopes(layer, name, x, dout)) for name in "Wb" if hasattr(layer, name)]
        pairs.append((dx, numerical_gradient(lambda z, layer=layer, dout=dout: np.sum(dout * layer.forward(z)), x.copy())))
        dout = dx
    return pairs


def slopes(layer, name: str, x: np.ndarray, dout: np.ndarray) -> np.ndarray:
    held = getattr(layer, name)  # the reference nudges it in place, and puts it back
    return numerical_gradient(lambda _: np.sum(dout * layer.forward(x)), held)


def test_of_sixty_right_networks_the_worst_entry_accuses_some_and_the_norm_none():
    worst, norms = [], []
    for network in [network for sizes in injector.SIZES for network in fitting(sizes, 20)]:
        pairs = measured(network)
        worst.append(max(relative_error(given, slope) for given, slope in pairs))
        norms.append(max(norm(given - slope) / (norm(given) + norm(slope)) for given, slope in pairs))
    assert len(norms) == 60
    assert max(norms) < 1e-9
    assert 1 <= sum(error > 1e-5 for error in worst) <= 4  # the handout says one: rounding is another library's affair
    assert "1 of 60 did, with a tolerance of 1e-5." in (TASKS / STAGE.id / "README.md").read_text("utf-8")


@pytest.mark.parametrize("kind", injector.KINDS)
def test_the_reference_finds_every_fault_and_accuses_no_right_twin(kind):
    for seed in range(3):
        networks = injector.networks(kind, 1000 + seed)
        assert sum(network.fault is None for network in networks) == 3
        for network in networks:
            x, y = network.x.copy(), network.y.copy()
            assert find_fault(*network.shells(), x, y) == network.expected
            assert network.calls <= network.measured()
            np.testing.assert_array_equal(x, network.x)


def test_twins_hold_the_same_numbers_and_come_in_any_order():
    first = set()
    for seed in range(8):
        networks = injector.networks("dW", seed)
        assert networks[0].parameters[0].tolist() == injector.networks("dW", seed)[0].parameters[0].tolist()
        first.add(networks[0].fault is None)
        faulty_ones = [network for network in networks if network.fault]
        assert len({network.fault.place for network in faulty_ones}) >= 2
        for one in faulty_ones:
            assert sum(other.parameters is one.parameters and other.x is one.x for other in networks) == 2
    assert first == {True, False}


def variant(code: str) -> Submission:
    """The reference with a find_fault below its own."""
    right = read_submission(REFERENCE)
    return right.replaced({"faults": f"{right.modules['faults']}\n\n{code}\n"}, "variant")


def grade(code: str, seed: int = 0, only: str = "") -> dict:
    """Results by check."""
    context = Context(COURSE, variant(code), LocalPool(), seed=seed)
    for check in STAGE.checks:
        if only in check.id:
            context.state.decide(check, run_check(check, FUNCTIONS[check.id], context))
    context.close()
    return {name.removeprefix("check_find_fault_sees_"): result for (_, name), result in context.state.results.items()}


ALWAYS = "def find_fault(model, loss, x, y): return {}"


@pytest.mark.parametrize(
    "code",
    [
        ALWAYS.format("None"),
        ALWAYS.format("('loss', 'backward')"),
        ALWAYS.format("('model', 'backward')"),
        *(ALWAYS.format(f"(f'layers[{{len(model.layers) - 1}}]', '{part}')") for part in ("dW", "db", "dx")),
        ALWAYS.format("(f'layers[{y.sum() % len(model.layers)}]', ('dW', 'db', 'dx')[len(x) % 3])"),
        """
def find_fault(model, loss, x, y):
    loss.forward(model.forward(x), y)
    if model.backward(loss.backward()).shape != x.shape:
        return 'model', 'backward'
    for k, layer in enumerate(model.layers):
        if hasattr(layer, 'W') and (layer.dW.shape, layer.db.shape) != (layer.W.shape, layer.b.shape):
            return f'layers[{k}]', 'dW'
""",
    ],
)
def test_who_measures_nothing_passes_no_check(code):
    for seed in (0, 1):
        context = Context(COURSE, variant(code), LocalPool(), seed=seed)
        results = [execute(check, FUNCTIONS[check.id], context) for check in STAGE.checks]
        assert [result.state for result in results] == ["fail"] * 7


def test_the_reference_earns_all_seven_points():
    for seed in (0, 7):
        assert sum(result.points for result in grade("", seed).values()) == 7


def test_a_card_makes_the_network_again(monkeypatch):
    told = grade(ALWAYS.format("None"), only="last_bias")["the_last_bias"].card
    assert told.gave == "find_fault returned None."
    assert "find_fault should return ('layers[" in told.should
    *lines, call = told.ran.splitlines()
    assert call.startswith("faults.find_fault(model, loss, ")
    place: dict = {}
    for name in [name for name in sys.modules if name.partition(".")[0] == "tasks"]:  # another test's, of that name
        monkeypatch.delitem(sys.modules, name)
    exec("\n".join(line for line in lines if "student" not in line), place)
    names = call.removesuffix(")").split("(")[1].split(", ")
    assert str(find_fault(*(place[name] for name in names))) in told.should


def test_forward_and_backward_are_called_so_often_and_no_more():
    code = "def find_fault(model, loss, x, y):\n    while True:\n        model.forward(x)"
    result = grade(code, only="last_bias")["the_last_bias"]
    assert result.state == "fail"
    assert "called them more than" in result.message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("model.backward(x)", "model.forward should be called before model.backward, on the same rows."),
        ("loss.backward()", "loss.forward should be called before loss.backward."),
        ("model.forward(x[0])", "model.forward should be given an array of the shape"),
        ("model.forward(x[:0])", "model.forward was given an array of shape (0,"),
        ("model.forward(np.ones((100_001, x.shape[1]), np.float32))", "model.forward should be given at most 100,000 rows"),
        ("model.forward([1.0])", "model.forward was given a list"),
        ("model.layers[0].forward(x); model.layers[0].backward(x[:1])", "model.layers[0].backward should be given an array"),
        ("model.layers[2].W = 3; model.layers[2].forward(x)", "model.layers[2].W should be given"),
        ("loss.forward(np.ones((2, 3)), np.array([0, 7]))", "loss.forward should be given"),
        ("loss.forward(np.ones((2, len(set(y)) + 9)), y)", "loss.forward should be given an array"),
        ("model.forward(x); model.layers[0].forward(x[:2]); model.backward(x)", "on the same rows"),
    ],
)
def test_a_call_that_the_contract_does_not_have_is_the_learners_failure(line, said):
    code = f"def find_fault(model, loss, x, y):\n    {line}\n"
    result = grade(code, only="last_bias")["the_last_bias"]
    assert result.state == "fail"
    assert said in f"{result.message} {result.card.should}"


def test_where_one_network_ends_in_an_exception_the_card_is_about_that_one():
    code = "_right = find_fault\ndef find_fault(model, loss, x, y):\n    return [_right(model, loss, x, y)][len(x) - 5]"
    card = grade(code, only="last_bias")["the_last_bias"].card
    assert "IndexError" in card.gave
    assert "each" not in card.ran
    assert card.ran.splitlines()[-1].startswith("faults.find_fault(model")


def test_networks_that_are_not_asked_for_are_not_passed_over():
    code = """
_right = find_fault
def find_fault(model, loss, x, y):
    import sys
    for value in sys._getframe(1).f_locals.values():  # of who goes through the networks
        if hasattr(value, "__next__"):
            list(value)
        elif isinstance(value, list):
            value.clear()
    return _right(model, loss, x, y)
"""
    assert grade(code, only="last_bias")["the_last_bias"].state == "fail"


ODD = [None, True, 0, 1, 2, 99, -1, 10**30, 1.5, "model", "loss", "forward", "backward", [], [[]], (), {}, np.ones((5, 4)),
       np.ones(3, dtype=bool), np.array("x"), object(), float("nan")]  # fmt: skip


def test_nothing_that_is_asked_breaks_the_grader():
    rng = np.random.default_rng(0)
    network = dataclasses.replace(injector.networks("ReLU", 0)[0])
    for trial in range(3000):
        if trial % 500 == 0:
            network = dataclasses.replace(injector.networks(list(injector.KINDS)[trial // 500], 0)[0])
        asked = [ODD[rng.integers(len(ODD))] for _ in range(rng.integers(6))]
        if trial % 2:
            place, what = [0, 1, 2, "model", "loss"][rng.integers(5)], ["forward", "backward"][rng.integers(2)]
            since = [ODD, [place, asked[:1]], ["loss", asked[1:3]]][: rng.integers(4)]
            asked = [place, what, asked[:2], asked if rng.integers(2) else [], since, 0]
        with contextlib.suppress(Unmet):
            network.answer(*asked, **({"k": 1} if trial % 7 == 0 else {}))


def does_something(rng: np.random.Generator, model, loss, x: np.ndarray, y: np.ndarray) -> object:
    """One thing that the contract has, or nearly; what it gives, or that it was refused."""
    k = int(rng.integers(len(model.layers)))
    layer, width = model.layers[k], len(model.layers[k - k % 2].W if k % 2 == 0 else model.layers[k - 1].b)
    batch = rng.normal(size=(int(rng.integers(1, 4)), width)).astype([np.float64, np.float32][rng.integers(2)])
    dout = rng.normal(size=(len(x), len(model.layers[k - k % 2].b)))
    with contextlib.suppress(Unmet):
        match rng.integers(8):
            case 0:
                return [layer.forward(batch), layer.backward(rng.normal(size=(len(batch), dout.shape[1])))]
            case 1:
                return layer.backward(dout)
            case 2:
                return loss.forward(model.forward(x), y if rng.integers(2) else y.astype(np.int8))
            case 3:
                return [dlogits := loss.backward(), model.backward(dlogits)]
            case 4:
                model.layers[k - k % 2].W[0, 0] += 0.1
            case 5:
                return [model.backward(rng.normal(size=(len(x), len(model.layers[-1].b)))), *model.gradients()]
            case 6:
                return [one.forward(x) for one in model.layers[:1]]
            case 7:
                return loss.forward(rng.normal(size=(2, len(model.layers[-1].b))), np.array([0, int(rng.integers(-1, 6))]))
    return "refused"


@pytest.mark.parametrize("kind", injector.KINDS)
def test_what_forward_works_out_in_the_worker_is_what_it_would_be_told(kind):
    for network in injector.networks(kind, 5)[:2]:
        asked, alone = [dataclasses.replace(network) for _ in range(2)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(asked), "most", 0)  # nothing is worked out
            shells = asked.shells()
            patch.setattr(type(asked), "most", 10**6)
            both, rngs = (shells, alone.shells()), [np.random.default_rng(9) for _ in range(2)]
            for _ in range(60):
                one, other = (does_something(rng, *pair, network.x, network.y) for rng, pair in zip(rngs, both))
                assert repr(one) == repr(other)
            for model, loss in both:  # so that all is told
                loss.forward(model.forward(network.x), network.y)
                loss.backward()
        assert 0 < alone.calls == asked.calls


@pytest.mark.parametrize("k", range(6))
def test_a_right_find_fault_asks_for_backward_alone(k):
    network = dataclasses.replace(injector.networks("model", 0)[k])
    asked, answer = [], network.answer
    network.answer = lambda *question: (asked.append(question[1]), answer(*question))[1]
    assert find_fault(*network.shells(), network.x.copy(), network.y.copy()) == network.expected
    assert set(asked) == {"backward"}
    assert len(asked) <= network.last + 3


def test_masks_of_another_layer_are_there_for_any_batch():
    sizes = injector.SIZES[0]
    for fault in injector.faults(sizes):
        network = dataclasses.replace(fitting(sizes, 1)[0], fault=fault)
        model, _ = network.shells()
        for k, layer in enumerate(model.layers):
            for rows in (1, 7):
                assert layer.forward(np.ones((rows, 4))).shape == (rows, 4)
                assert layer.backward(np.ones((rows, 4))).shape == (rows, 4), (k, fault.says)


def test_the_attack_that_reads_a_fault_finds_it_where_the_network_is_in_the_same_process():
    """And nowhere else: tests/hostile grades it."""
    attack = runpy.run_path(str(ATTACKS / "read_the_fault" / "faults.py"))["find_fault"]
    networks = [network for kind in injector.KINDS for network in injector.networks(kind, 3) if network.fault]
    assert [attack(*network.shells(), network.x, network.y) for network in networks] == [n.expected for n in networks]


def test_who_has_no_faults_py_has_it_to_do():
    right = read_submission(REFERENCE)
    older = dataclasses.replace(right, modules={name: text for name, text in right.modules.items() if name != "faults"})
    context = Context(COURSE, older, LocalPool())
    results = [run_check(check, FUNCTIONS[check.id], context) for check in STAGE.checks]
    assert {result.state for result in results} == {"todo"}


def test_a_fault_that_only_some_comparisons_see_does_not_tell_that_its_rule_was_not_measured():
    pairs = [[n, dataclasses.replace(n, fault=None)] for n in injector.networks("loss", 0) if n.fault]
    faults = {fault.says.removeprefix("the gradient is "): fault for fault in injector.faults(injector.SIZES[0])}
    for says, told in (
        ("of the opposite sign", False),
        ("right in the first row, and 0 in all others", False),
        ("always 0", True),
    ):
        drawn = [dataclasses.replace(n, fault=n.fault and faults[says]) for pair in pairs for n in pair]
        assert faulty.unseen(drawn, [None] * len(drawn)) == told
        assert not faulty.unseen(drawn, [n.expected for n in drawn])
    assert not faulty.unseen(drawn, [])


@pytest.mark.parametrize("kind", ["last db", "dW", "dx"])
def test_the_place_of_a_layer_may_be_told_in_four_other_ways(kind):
    drawn = injector.networks(kind, 0)
    ways = {
        "counts_linear_layers_only": lambda n, k: f"layers[{k // 2}]",
        "counts_layers_from_the_end": lambda n, k: f"layers[{n.last - k}]",
        "counts_layers_from_one": lambda n, k: f"layers[{k + 1}]",
        "gives_a_layer_as_a_number": lambda n, k: k,
    }
    for name, way in ways.items():
        answers = [n.fault and (way(n, n.fault.place), n.fault.part) for n in drawn]
        assert faulty.misplaced(drawn, answers) == name
        assert faulty.misplaced(drawn, [answer and [*answer] for answer in answers]) == name
        k = next(k for k, n in enumerate(drawn) if n.fault)  # of one network the place is told as asked
        assert faulty.misplaced(drawn, [*answers[:k], drawn[k].expected, *answers[k + 1 :]]) != name
        assert not faulty.misplaced(drawn, [answer or ("layers[0]", "dW") for answer in answers])
    for joint in (".", ", ", " "):
        answers = [n.fault and joint.join(n.expected) for n in drawn]
        assert faulty.misplaced(drawn, answers) == "gives_one_string"
        assert not faulty.misplaced(drawn, [answer or "None" for answer in answers])
    assert not faulty.misplaced(drawn, [None] * len(drawn))
    assert not faulty.misplaced(drawn, [n.expected for n in drawn])


def test_what_a_check_heard_is_not_asked_again(monkeypatch):
    code = variant(
        "_find = find_fault\ndef find_fault(*a):\n    said = _find(*a)\n    return None if said == ('loss', 'backward') else said"
    )
    context, messages = Context(COURSE, code, LocalPool()), []
    for check in STAGE.checks:
        context.state.decide(check, run_check(check, FUNCTIONS[check.id], context))
    exchange = LocalChannel._exchange
    monkeypatch.setattr(LocalChannel, "_exchange", lambda channel, frame: messages.append(frame) or exchange(channel, frame))
    (where,), (fact,) = zip(*facts_of(context, context.state.transcripts.keys()).items())
    assert (where[1], fact.name, len(messages)) == ("check_find_fault_sees_the_loss", "trusts_the_loss", 0)
    assert facts_of(Context(COURSE, code, LocalPool()), [where]) == {where: fact}  # nothing was heard: it is asked
    assert 0 < len(messages) < 5
    context.close()


@pytest.mark.parametrize(("instead", "name"), [("()", None), ("'None'", None), ("('loss', 'backward')", "accuses_every_network")])
def test_another_word_for_no_fault_accuses_nobody(instead, name):
    code = variant(
        f"_find = find_fault\ndef find_fault(*a):\n    said = _find(*a)\n    return {instead} if said is None else said"
    )
    context, last = Context(COURSE, code, LocalPool()), STAGE.checks[0]
    context.state.decide(last, run_check(last, FUNCTIONS[last.id], context))
    found = facts_of(context, context.state.transcripts.keys())
    assert {fact.name for fact in found.values()} == ({name} if name else set())
    context.close()
