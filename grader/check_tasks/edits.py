"""Code that diagnosis was never meant for: the reference with one random edit, and mistakes inside other styles."""

import ast
import random
from collections.abc import Callable
from typing import Any

from grader.check_tasks import subjects
from grader.check_tasks.backend import Job, run_jobs
from grader.check_tasks.verify import Tally, Verifier, names_of
from grader.course.misconceptions import Misconception, apply, parse
from grader.diagnosis.runs import Runs, agree_but_for_the_draw
from grader.running.context import Context
from grader.running.limits import Limits
from grader.submission import Submission
from grader.worker.outside.errors import CallTimeout
from grader.worker.outside.local import LocalPool

FRESH = 100  #: inputs on which a name must hold
STYLES = 5


def edited(reference: Submission, modules: list[str], rng: random.Random) -> Submission:
    """The reference with one random edit in one of the modules."""
    while True:
        module = rng.choice(modules)
        tree = ast.parse(reference.modules[module])
        before = ast.unparse(tree)
        nodes = [node for node in ast.walk(tree) if type(node) in _EDITS]
        node = rng.choice(nodes)
        _EDITS[type(node)](node, rng)
        text = ast.unparse(ast.fix_missing_locations(tree))
        if text != before:
            return reference.replaced({module: text}, f"edit of {module}, line {getattr(node, 'lineno', 0)}")


def _operator(node: Any, rng: random.Random) -> None:
    node.op = rng.choice([ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.MatMult])()


def _comparison(node: Any, rng: random.Random) -> None:
    node.ops = [rng.choice([ast.Gt, ast.GtE, ast.Lt, ast.LtE, ast.Eq, ast.NotEq])()]


def _constant(node: Any, rng: random.Random) -> None:
    if isinstance(node.value, bool):
        node.value = not node.value
    elif isinstance(node.value, int | float):
        node.value = rng.choice([node.value + 1, node.value - 1, -node.value, node.value * 2, node.value / 2, 0])


def _call(node: Any, rng: random.Random) -> None:
    if node.keywords and rng.random() < 0.5:
        node.keywords.pop(rng.randrange(len(node.keywords)))
    elif len(node.args) > 1:
        node.args.reverse()


def _statements(node: Any, rng: random.Random) -> None:
    first = 1 if ast.get_docstring(node) else 0
    if len(node.body) - first > 1:
        node.body.pop(rng.randrange(first, len(node.body)))


def _attribute(node: Any, rng: random.Random) -> None:
    swaps = {
        "max": "min",
        "sum": "mean",
        "argmax": "argmin",
        "maximum": "minimum",
        "abs": "negative",
        "W": "b",
        "dW": "db",
    }
    node.attr = swaps.get(node.attr, node.attr)


_EDITS: dict[type, Callable[[Any, random.Random], None]] = {
    ast.BinOp: _operator,
    ast.AugAssign: _operator,
    ast.Compare: _comparison,
    ast.Constant: _constant,
    ast.Call: _call,
    ast.FunctionDef: _statements,
    ast.Attribute: _attribute,
}


def random_edits_get_no_false_name(verifier: Verifier, count: int = 300, seed: int = 0) -> None:
    """A name only if the code gives that misconception's answers on a hundred fresh inputs."""
    rng = random.Random(seed)
    modules = sorted({m.module for m, _ in subjects.mutants(verifier.course, verifier.reference).values()})
    codes = {f"{k}: {s.name}": s for k in range(count) for s in [edited(verifier.reference, modules, rng)]}
    bank = [m for m, _ in subjects.mutants(verifier.course, verifier.reference).values()]
    jobs = [Job(n, s, verifier.reached(s), (0,), True, together=True) for n, s in codes.items()]
    jobs = sorted((job for job in jobs if job.stages), key=lambda job: job.stages[-1])  # see `run_jobs`
    with verifier._tally(Tally("random edits: names that hold")) as tally:
        for outcome in run_jobs(jobs, verifier.bench):
            for stage, results in (outcome.results or [{}])[0].items():
                for result in results:
                    if result.mistake is None or stage not in verifier.unit:
                        continue
                    forms = [m for m in bank if m.id == result.mistake.id]
                    good = any(holds(verifier, codes[outcome.name], (stage, result.id), m) for m in forms)
                    tally.count(good)
                    if not good:
                        verifier._problem(f"{outcome.name}: {result.id} is taken for {result.mistake.id} and is not.")


def holds(verifier: Verifier, code: Submission, where: tuple[str, str], m: Misconception, fresh: int = FRESH) -> bool:
    """Whether the code gives the misconception's answers in this check, whatever the inputs."""
    check = next(c for c in verifier.course.stage(where[0]).checks if c.id == where[1])
    mutant = apply(verifier.reference, m)
    with LocalPool().course_worker() as worker:
        for seed in range(1, fresh + 1):
            context = Context(verifier.course, code, LocalPool(), seed, Limits(3.0))
            runs = Runs(context, worker, check)
            try:
                own = runs.own()
                same = runs.course(mutant, expected=own) is not None
                if not same and not agree_but_for_the_draw(runs, mutant, own, verifier.reference):
                    return False
            except CallTimeout:
                return False
    return True


def composite(reference: Submission, forms: list[Misconception], k: int, target: str) -> Submission:
    """The reference with other forms of everything but the class or function of `target`: the k-th of each."""
    owner = ".".join(target.split(".")[:2])
    by_target: dict[str, list[Misconception]] = {}
    for form in forms:
        if ".".join(form.target.split(".")[:2]) != owner:
            by_target.setdefault(".".join(form.target.split(".")[:2]), []).append(form)
    submission = reference
    for found in by_target.values():
        submission = apply(submission, found[k % len(found)])
    return submission


def mistakes_in_other_styles_are_named(verifier: Verifier, sample: int = 200, seed: int = 0) -> None:
    """Mistakes put into right answers of other styles: at least 80 % named, at most 1 % by another name."""
    text = (verifier.course.folder / subjects.RIGHT / "forms.py").read_text(encoding="utf-8")
    forms = list(parse(text, "forms"))
    bank = subjects.mutants(verifier.course, verifier.reference)
    pairs = random.Random(seed).sample([(name, k) for name in sorted(bank) for k in range(STYLES)], sample)
    jobs, mistakes = [], {}
    for name, k in pairs:
        m = bank[name][0]
        title = f"{name} in style {k}"
        mistakes[title] = m
        jobs.append(
            Job(
                title,
                apply(composite(verifier.reference, forms, k, m.target), m),
                (m.stage,),
                (0,),
                True,
                together=True,
            )
        )
    jobs.sort(key=lambda job: job.stages)
    other = 0
    with verifier._tally(tally := Tally("mistakes named in other styles")):
        for outcome in run_jobs(jobs, verifier.bench):
            said = {n for rs in (outcome.results or [{}])[0].values() for r in rs for n in names_of(r)}
            tally.count(mistakes[outcome.name].id in said)
            if mistakes[outcome.name].id not in said:
                other += bool(said)
                verifier.say(f"  {outcome.name}: {', '.join(sorted(said)) or 'no name'}")
    if tally.good < 0.8 * tally.of or other > 0.01 * tally.of:
        verifier._problem(f"in other styles {tally.good} of {tally.of} mistakes are named, {other} by another name")
