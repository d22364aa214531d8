"""The course's own test finds what it is there to find."""

from types import SimpleNamespace

import msgspec
import pytest

from grader.check_tasks import more, parts, subjects
from grader.check_tasks.backend import Job, VerifyContext, run_jobs
from grader.check_tasks.edits import composite, edited
from grader.check_tasks.names import most_are_named
from grader.check_tasks.record import record_fails
from grader.check_tasks.verify import Verifier
from grader.course.misconceptions import apply, load, parse
from grader.paths import REFERENCE
from grader.submission import Submission, read_submission
from tests.courses import HERE, with_stages

COURSE, ANSWER = HERE, read_submission(REFERENCE)
SOFTMAX = {m.name: m for m in load(COURSE.stage("03_softmax").folder)}


@pytest.fixture
def verifier():
    made = Verifier(COURSE, ANSWER, ["03_softmax"], say=lambda text: None)
    made.asked = {"03_softmax": {"losses"}, "04_cross_entropy": {"losses"}}
    return made


def mutant(name="forgets_the_shift"):
    return SOFTMAX[name], apply(ANSWER, SOFTMAX[name])


def test_a_mutant_that_survives_is_a_problem(verifier, monkeypatch):
    monkeypatch.setattr(subjects, "mutants", lambda *_: {"03_softmax:none": (mutant()[0], ANSWER)})
    verifier.mutants_are_caught()
    assert "survives" in verifier.findings.problems[0]
    assert [(t.good, t.of) for t in verifier.findings.tallies] == [(0, 1), (1, 1)]


def test_a_mutant_with_another_name_is_a_problem(verifier, monkeypatch):
    other = mutant("returns_nothing")[1]
    monkeypatch.setattr(subjects, "mutants", lambda *_: {"03_softmax:one": (mutant()[0], other)})
    assert most_are_named(verifier, "mistakes") == {"misnamed": 1}
    assert verifier.findings.problems == ["mistakes named: {'misnamed': 1}"]


def test_a_mutant_that_is_seen_as_recorded_is_no_problem(verifier, monkeypatch):
    monkeypatch.setattr(subjects, "mutants", lambda *_: {"03_softmax:forgets_the_shift": mutant()})
    verifier.mutants_are_caught()
    assert verifier.findings.problems == []
    assert verifier.findings.seen["03_softmax"]["forgets_the_shift"] == list(mutant()[0].fails)
    verifier.checks_have_hints_and_killers()
    assert any("sees no mutant" in problem for problem in verifier.findings.problems)


def test_a_right_answer_that_loses_a_point_is_a_problem(verifier, monkeypatch):
    monkeypatch.setattr(subjects, "right_answers", lambda *_: {"one": mutant()[1]})
    verifier.right_answers_earn_everything()
    assert verifier.findings.problems
    assert "one" in verifier.findings.problems[0]


def test_points_that_do_not_add_up_are_a_problem(verifier):
    first = COURSE.stages[0]
    checks = (msgspec.structs.replace(first.checks[0], points=first.checks[0].points + 6), *first.checks[1:])
    verifier.course = with_stages([msgspec.structs.replace(first, checks=checks), *COURSE.stages[1:]])
    more.points_add_up(verifier)
    (problem,) = verifier.findings.problems
    assert "add up to 106 instead of 100" in problem
    assert f"{first.id} {first.points + 6}, {COURSE.stages[1].id} {COURSE.stages[1].points}" in problem
    assert "Remedy: " in problem


def test_a_stage_may_have_no_points(verifier):
    nothing = tuple(msgspec.structs.replace(check, points=0) for check in COURSE.stages[0].checks)
    extra = msgspec.structs.replace(COURSE.stages[0], id="90_extra", checks=nothing)
    verifier.course = with_stages([*COURSE.stages, extra])
    more.points_add_up(verifier)
    assert verifier.findings.problems == []


def test_an_answer_without_an_idea_that_earns_points_is_a_problem(verifier, monkeypatch):
    monkeypatch.setattr(subjects, "degenerate", lambda *_: {"03_softmax:zeros": ("03_softmax", ANSWER)})
    verifier.degenerate_answers_earn_nothing()
    assert "earns points" in verifier.findings.problems[0]


def test_a_held_out_form_with_another_name_is_a_problem(verifier, monkeypatch):
    other = mutant("returns_nothing")[1]
    monkeypatch.setattr(subjects, "held_out", lambda *_: {"03_softmax:one": (mutant()[0], other)})
    assert most_are_named(verifier, "held-out forms") == {"misnamed": 1}
    assert verifier.findings.problems


def test_a_process_that_dies_is_reported_and_the_others_go_on():
    bench = VerifyContext(COURSE, ANSWER)
    broken = Job("broken", SimpleNamespace(modules=None, name="broken"), ("03_softmax",))
    outcomes = {o.name: o for o in run_jobs([broken, Job("fine", ANSWER, ("03_softmax",))], bench)}
    assert outcomes["broken"].fault or outcomes["broken"].results[0]["03_softmax"][0].state == "error"
    assert outcomes["fine"].failed() == []
    assert sum(r.points for _, r in outcomes["fine"].checks) == COURSE.stage("03_softmax").points


def test_of_those_named_together_only_the_one_that_dies_is_lost():
    """Softmax ends the process; what shares it with that is graded again, and named."""
    name, fine = "forgets_the_shift", mutant()[1]
    dies = ANSWER.replaced({"losses": "import os\n\nos._exit(3)\n"}, "dies")
    jobs = [
        Job(title, code, ("03_softmax",), name_mistakes=True, together=True) for title, code in (("dies", dies), ("fine", fine))
    ]
    outcomes = {o.name: o for o in run_jobs(jobs, VerifyContext(COURSE, ANSWER))}
    assert "status" in outcomes["dies"].fault
    assert {r.mistake.id for r in outcomes["fine"].results[0]["03_softmax"] if r.mistake} == {name}


def test_names_are_the_same_alone_and_together():
    """What is remembered of the course's own answers changes no name."""
    jobs = [Job(name, mutant(name)[1], ("03_softmax",), name_mistakes=True, together=True) for name in sorted(SOFTMAX)[:6]]
    together = {o.name: o.results for o in run_jobs(jobs, VerifyContext(COURSE, ANSWER))}
    for job in jobs:
        (alone,) = run_jobs([job], VerifyContext(COURSE, ANSWER))
        assert [r.mistake for r in alone.results[0]["03_softmax"]] == [r.mistake for r in together[job.name][0]["03_softmax"]]


def test_parts_come_in_their_order_and_bring_what_they_need():
    assert parts.chosen(["pairs", "checks"]) == ["mutants", "checks", "pairs"]
    assert set(parts.chosen(full=True)) == set(parts.PARTS)
    assert not any(parts.PARTS[name].whole or parts.PARTS[name].full for name in parts.chosen(some_stages=True))


def test_a_change_reaches_the_stages_that_load_its_module():
    verifier = Verifier(COURSE, ANSWER)
    verifier.asked = {"03_softmax": {"losses"}, "01_linear": {"layers"}, "06_network": {"network"}}
    in_layers = ANSWER.replaced({"layers": ANSWER.modules["layers"] + "\n"})
    assert verifier.reached(in_layers) == ("01_linear", "06_network")
    assert verifier.reached(mutant()[1]) == ("03_softmax",)
    assert verifier.reached(ANSWER) == ()


def test_real_workers_and_local_ones_agree_on_a_mutant(verifier, monkeypatch):
    monkeypatch.setattr(subjects, "mutants", lambda *_: {"03_softmax:forgets_the_shift": mutant()})
    monkeypatch.setattr(subjects, "right_answers", lambda *_: {})
    more.worker_agrees(verifier, count=1)
    assert verifier.findings.problems == []
    assert (verifier.findings.tallies[0].good, verifier.findings.tallies[0].of) == (1, 1)


def test_random_edits_change_one_module_and_still_parse():
    import random

    rng = random.Random(3)
    for _ in range(30):
        code = edited(ANSWER, ["layers", "losses"], rng)
        assert sum(code.modules[name] != text for name, text in ANSWER.modules.items()) == 1
        for name in ("layers", "losses"):
            compile(code.modules[name], name, "exec")


def test_a_composite_leaves_the_mistakes_own_class_alone():
    forms = list(parse((COURSE.folder / subjects.RIGHT / "forms.py").read_text(encoding="utf-8"), "forms"))
    made = composite(ANSWER, forms, 1, "layers.Linear.backward")
    assert "Linear" not in made.modules["layers"].removeprefix(ANSWER.modules["layers"])
    assert made.modules["losses"] != ANSWER.modules["losses"]


def test_outcomes_survive_the_pipe():
    (outcome,) = run_jobs([Job("one", Submission("none", {}), ("03_softmax",))], VerifyContext(COURSE, ANSWER))
    assert {r.state for r in outcome.results[0]["03_softmax"]} == {"fail", "blocked"}
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(outcome), type=type(outcome)) == outcome


def test_what_sees_a_mistake_is_recorded_in_place(tmp_path):
    file = tmp_path / "misconceptions.py"
    kept = '@misconception("losses.softmax", fails=["check_a"])\ndef one(z):\n    """Hint."""\n    return z\n'
    before = '@misconception(\n    "losses.softmax",\n    alike="twins",\n)\ndef two(z):\n    return 2 * z\n'
    file.write_text(f"{kept}\n\n{before}")
    assert record_fails(tmp_path, {"one": ["check_a"], "two": ["check_a", "check_b"], "three": []}) == 1
    after = '@misconception("losses.softmax", fails=["check_a", "check_b"], alike="twins")\ndef two(z):\n    return 2 * z\n'
    assert file.read_text() == f"{kept}\n\n{after}"
