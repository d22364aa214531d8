"""Code that diagnosis was never meant for: the reference with one random edit, and mistakes inside other styles."""

import ast
import random
from collections.abc import Callable

import msgspec

from grader.check_tasks import subjects
from grader.check_tasks.backend import Job, run_jobs
from grader.check_tasks.numbers import usual_numbers
from grader.check_tasks.verify import Verifier
from grader.course.misconceptions import RIGHT, Misconception, apply, parse
from grader.diagnosis.candidates import fillings, own_numbers, related
from grader.diagnosis.facts import facts_of
from grader.diagnosis.runs import Runs, agree_but_for_the_draw
from grader.running import scores
from grader.running.context import Context
from grader.running.limits import Limits
from grader.submission import Submission
from grader.worker.outside.errors import CallTimeout
from grader.worker.outside.local import LocalPool

FRESH = 100  #: inputs on which a name must hold
STYLES, TRIES, SAMPLE = 5, 1000, 200


def edited(reference: Submission, modules: list[str], rng: random.Random) -> Submission:
    """The reference with one random edit in one of the modules; as it is, if no edit is found that changes it."""
    for _ in range(TRIES):
        module = rng.choice(modules)
        tree = ast.parse(reference.modules[module])
        before = ast.unparse(tree)
        nodes = [node for node in ast.walk(tree) if type(node) in _EDITS]
        node = rng.choice(nodes)
        _EDITS[type(node)](node, rng)
        text = ast.unparse(ast.fix_missing_locations(tree))
        if text != before:
            return reference.replaced({module: text}, f"edit of {module}, line {getattr(node, 'lineno', 0)}")
    return reference


def _operator(node: ast.BinOp | ast.AugAssign, rng: random.Random) -> None:
    node.op = rng.choice([ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.MatMult])()


def _comparison(node: ast.Compare, rng: random.Random) -> None:
    node.ops = [rng.choice([ast.Gt, ast.GtE, ast.Lt, ast.LtE, ast.Eq, ast.NotEq])()]


def _constant(node: ast.Constant, rng: random.Random) -> None:
    if isinstance(node.value, bool):
        node.value = not node.value
    elif isinstance(node.value, int | float):
        node.value = rng.choice([node.value + 1, node.value - 1, -node.value, node.value * 2, node.value / 2, 0])


def _call(node: ast.Call, rng: random.Random) -> None:
    if node.keywords and rng.random() < 0.5:
        node.keywords.pop(rng.randrange(len(node.keywords)))
    elif len(node.args) > 1:
        node.args.reverse()


def _statements(node: ast.FunctionDef, rng: random.Random) -> None:
    first = 1 if ast.get_docstring(node) else 0
    if len(node.body) - first > 1:
        node.body.pop(rng.randrange(first, len(node.body)))


def _attribute(node: ast.Attribute, rng: random.Random) -> None:
    node.attr = _SWAPS.get(node.attr, node.attr)


_SWAPS = {"max": "min", "sum": "mean", "argmax": "argmin", "maximum": "minimum", "abs": "negative", "W": "b", "dW": "db"}

_EDITS: dict[type[ast.AST], Callable[..., None]] = {
    ast.BinOp: _operator, ast.AugAssign: _operator, ast.Compare: _comparison, ast.Constant: _constant, ast.Call: _call,
    ast.FunctionDef: _statements, ast.Attribute: _attribute,
}  # fmt: skip


def random_edits_get_no_false_name(verifier: Verifier, count: int = 300, kit: bool = False) -> None:
    """A name only if the code gives that misconception's answers on a hundred fresh inputs."""
    rng = random.Random(0)
    bank = [m for m, _ in subjects.mutants(verifier.course, verifier.reference).values()]
    modules = sorted({m.module for m in bank})
    codes = {f"{k}: {s.name}": s for k in range(count) for s in [edited(verifier.reference, modules, rng)]}
    jobs = [Job(n, s, verifier.reached(s), name_mistakes=True, together=True) for n, s in codes.items()]
    jobs = sorted((job for job in jobs if job.stages), key=lambda job: job.stages[-1])  # see `run_jobs`
    bench = msgspec.structs.replace(verifier.bench, by_tables=kit)
    with verifier.tally(f"random edits: names{' in a kit' if kit else ''} that hold") as tally:
        for outcome in run_jobs(jobs, bench):
            for stage, r in outcome.checks:
                if r.mistake and stage in verifier.unit:
                    forms = _forms(bank, codes[outcome.name], r.mistake.id)
                    code, where = codes[outcome.name], (stage, r.id)
                    good = told_again(verifier, code, where, r.mistake.id) or any(holds(verifier, code, where, m) for m in forms)
                    tally.count(good, f"{outcome.name}: {r.id} is taken for {r.mistake.id} and is not.")


def _forms(bank: list[Misconception], code: Submission, name: str) -> list[Misconception]:
    """All forms of a mistake, then those with the numbers of the code, and with usual ones."""
    forms = [m for m in bank if m.id == name]
    able = [m for m in forms if m.open is not None]
    numbers = [(m, [*related(own_numbers(code, [m.target])), *usual_numbers(m)]) for m in able]
    return forms + [form for m, tried in numbers for form in fillings(m, tried)]


def holds(verifier: Verifier, code: Submission, where: scores.Key, m: Misconception) -> bool:
    """Whether the code gives the misconception's answers in this check, whatever the inputs."""
    check = next(c for c in verifier.course.stage(where[0]).checks if c.id == where[1])
    mutant = apply(verifier.reference, m)
    with LocalPool().course_worker() as worker:
        for seed in range(1, FRESH + 1):
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


def told_again(verifier: Verifier, code: Submission, where: scores.Key, name: str) -> bool:
    """Whether it is a stage's own finding, and the same one whatever the inputs."""
    contexts = (Context(verifier.course, code, LocalPool(), seed, Limits(3.0)) for seed in range(1, FRESH // 10))
    return all(where in found and found[where].name == name for found in (facts_of(c, [where]) for c in contexts))


def composite(reference: Submission, forms: list[Misconception], k: int, target: str) -> Submission:
    """The reference with other forms of everything but the class or function of `target`: the k-th of each."""
    by_owner: dict[str, list[Misconception]] = {}
    for form in forms:
        by_owner.setdefault(".".join(form.target.split(".")[:2]), []).append(form)
    by_owner.pop(".".join(target.split(".")[:2]), None)
    for found in by_owner.values():
        reference = apply(reference, found[k % len(found)])
    return reference


def in_other_styles(verifier: Verifier) -> dict[str, tuple[Misconception, Submission]]:
    """Mistakes put into right answers of other styles, by "stage:name in style k"."""
    if not (path := verifier.course.folder / RIGHT / "forms.py").is_file():
        return {}
    forms = [form for form in parse(path.read_text(encoding="utf-8"), "forms") if not form.slow]
    bank = subjects.mutants(verifier.course, verifier.reference)
    pairs = [(name, k) for name in sorted(bank) for k in range(STYLES)]
    pairs = random.Random(0).sample(pairs, min(SAMPLE, len(pairs)))
    codes = {}
    for name, k in sorted(pairs):
        m = bank[name][0]
        codes[f"{name} in style {k}"] = m, apply(composite(verifier.reference, forms, k, m.target), m)
    return codes
