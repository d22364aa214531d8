"""The longer and the rarer expectations: the skeleton, trainings, real workers, many seeds, held-out forms, the gate."""

import random
import re
import statistics
from collections import Counter

import msgspec

from grader.check_tasks import subjects
from grader.check_tasks.backend import Job, run_job, run_jobs
from grader.check_tasks.verify import Tally, Verifier, names_of
from grader.course import skeleton
from grader.submission import Submission

POINTS = 100  #: of the whole course
SAMPLE = 20  #: submissions that also go through real workers, or through many seeds


def skeleton_is_all_to_do(verifier: Verifier) -> None:
    """The skeleton earns 0; every check of a function that it leaves open is `todo`."""
    course = verifier.course
    texts = skeleton.build(course.reference, skeleton.read_claims(course.tasks))
    blank = Submission("skeleton", {file.removesuffix(".py"): text for file, text in texts.items()})
    claimed = course.claimed_by()
    with verifier._tally("checks to do in the skeleton") as tally:
        for outcome in run_jobs([Job("skeleton", blank, tuple(s.id for s in course.stages))], verifier.bench):
            for stage, results in outcome.results[0].items():
                for result in results:
                    expected = ["todo"] if any(f in claimed for f in result.functions) else ["todo", "blocked"]
                    good = result.state in expected and not result.points
                    tally.count(good)
                    if not good:
                        verifier._problem(f"skeleton: {stage}, {result.id} is {result.state}: {result.message}")


def points_add_up(verifier: Verifier) -> None:
    """100 in all; that they are whole is seen to where a task is read. A stage may have none."""
    course = verifier.course
    with verifier._tally("points of the course") as tally:
        tally.good, tally.of = course.points, POINTS
    if course.points != POINTS:
        listed = ", ".join(f"{stage.id} {stage.points}" for stage in course.stages)
        verifier._problem(
            f"the points of all checks add up to {course.points} instead of {POINTS} ({listed}). "
            "Remedy: change points in the task.toml of some checks; 0 is allowed."
        )


def trainings(verifier: Verifier, images: int = 500) -> None:
    """The training stages on right answers: whatever the reference passes on that many images, they pass too.

    images : 0 is all of them, for every right answer but those marked as slow, told one by one because it takes long;
             otherwise whole submissions and other forms of train
    """
    stages = tuple(stage.id for stage in verifier.course.stages if stage.training)
    bench = msgspec.structs.replace(verifier.bench, training_images=images)
    found = subjects.right_answers(verifier.course, verifier.reference, slow=bool(images))
    if images:
        found = {name: s for name, s in found.items() if s.folder or _changed(verifier, s) == ["train"]}
    (reference,) = run_jobs([Job("reference", verifier.reference, stages)], bench)
    passed = {r.id for results in reference.results[0].values() for r in results if r.state == "pass"}
    # Whole submissions are the slowest: first, so that no process is left alone with one at the end.
    jobs = [Job(name, s, stages) for name, s in sorted(found.items(), key=lambda pair: not pair[1].folder)]
    with verifier._tally(f"right answers trained on {images or 'all'} images") as tally:
        for outcome in run_jobs(jobs, bench):
            failed = [
                r for rs in (outcome.results or [{}])[0].values() for r in rs if r.state not in ("pass", "blocked")
            ]
            bad = [r for r in failed if r.id in passed]
            tally.count(not bad and not outcome.fault)
            if not images:
                verifier.say(f"  {tally.of} of {len(jobs)}: {outcome.name}, {outcome.seconds:.0f} s")
            for result in bad:
                verifier._problem(f"{outcome.name}: {result.id} is {result.state}: {result.message}")
            if outcome.fault:
                verifier._problem(f"{outcome.name}: {outcome.fault}")


def worker_agrees(verifier: Verifier, count: int = SAMPLE, seed: int = 0) -> None:
    """Some submissions again through real workers: the same states and the same messages."""
    from grader.worker.outside.pool import WorkerPool

    bank = subjects.mutants(verifier.course, verifier.reference)
    jobs = [Job(name, s, (m.stage,)) for name, (m, s) in bank.items()]
    jobs += [
        Job(name, s, verifier.unit) for name, s in subjects.right_answers(verifier.course, verifier.reference).items()
    ]
    chosen = random.Random(seed).sample(jobs, count)
    local = {outcome.name: outcome for outcome in run_jobs(chosen, verifier.bench)}
    pool = WorkerPool(verifier.course.withheld)
    try:
        with verifier._tally("the same through real workers") as tally:
            for job in chosen:
                wired, direct = run_job(job, verifier.bench, pool), local[job.name]
                pairs = zip(_flat(wired.results[0]), _flat(direct.results[0]))
                differing = [(a, b) for a, b in pairs if (a.state, _bare(a.message)) != (b.state, _bare(b.message))]
                tally.count(not differing)
                for a, b in differing[:1]:
                    verifier._problem(
                        f"{job.name}: {a.id} is {a.state} ({a.message}) by wire, {b.state} ({b.message}) here."
                    )
    finally:
        pool.close()


def right_answers_under_many_seeds(verifier: Verifier, seeds: int = 100) -> None:
    """Some right answers under many check seeds."""
    found = subjects.right_answers(verifier.course, verifier.reference)
    chosen = random.Random(1).sample(sorted(found), min(SAMPLE, len(found)))
    with verifier._tally(f"right answers under {seeds} check seeds") as tally:
        jobs = [Job(name, found[name], verifier.unit, tuple(range(1, seeds + 1))) for name in chosen]
        for outcome in run_jobs(jobs, verifier.bench):
            tally.count(verifier._all_pass(outcome.name, outcome))


def held_out_forms_are_named(verifier: Verifier) -> Counter[str]:
    """Forms that diagnosis has never seen: at least 80 % named, at most 1 % by another name."""
    found = subjects.held_out(verifier.course, verifier.reference)
    count = Counter[str]()
    with verifier._tally(tally := Tally("held-out forms named")):
        jobs = [Job(n, s, (m.stage,), (0,), True, together=True) for n, (m, s) in found.items()]
        for outcome in run_jobs(jobs, verifier.bench):
            said = {name for result in _flat(outcome.results[0]) for name in names_of(result)}
            mistake = found[outcome.name][0].id
            kind = "named" if mistake in said else "misnamed" if said else "unnamed"
            count[kind] += 1
            tally.count(kind == "named")
            if kind != "named":
                verifier.say(f"  {outcome.name}: {kind} {', '.join(sorted(said))}")
    if count["named"] < 0.8 * len(found) or count["misnamed"] > 0.01 * len(found):
        verifier._problem(f"held-out forms: {dict(count)} of {len(found)}")
    return count


def gate(verifier: Verifier, seeds: int = 30) -> list[float]:
    """The accuracy that the reference reaches, check seed by check seed: the distribution behind the bar."""
    stages = tuple(stage.id for stage in verifier.course.stages if stage.training)[-1:]
    bench = msgspec.structs.replace(verifier.bench, training_images=0)
    shares: list[float] = []
    with verifier._tally("the accuracy gate, training seeds") as tally:
        jobs = [Job(f"seed {seed}", verifier.reference, stages, (seed,)) for seed in range(seeds)]
        for outcome in run_jobs(jobs, bench):
            tally.count(verifier._all_pass(f"gate, {outcome.name}", outcome))
            notes = " ".join(note for result in _flat((outcome.results or [{}])[0]) for note in result.notes)
            shares += [float(text) for text in re.findall(r"(\d\d\.\d+) ?%", notes)[:1]]
    if len(shares) > 1:
        spread = f"mean {statistics.mean(shares):.2f} %, sd {statistics.stdev(shares):.2f}, worst {min(shares):.2f} %"
        verifier.say(f"  {spread}")
    return shares


def _flat(results):
    return [result for stage in results.values() for result in stage]


def _bare(message: str) -> str:
    """A message without what differs from run to run."""
    return re.sub(r"\d+\.?\d* s\b|0x[0-9a-f]+", "", message)


def _changed(verifier: Verifier, submission: Submission) -> list[str]:
    before = verifier.reference.modules
    return [name for name, text in submission.modules.items() if before.get(name) != text]
