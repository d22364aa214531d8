"""The longer and the rarer expectations: the skeleton, trainings, real workers, many seeds, held-out forms, the gate."""

import random
import re
from contextlib import closing

import msgspec

from grader.check_tasks import subjects
from grader.check_tasks.backend import Job, run_job, run_jobs
from grader.check_tasks.verify import Verifier
from grader.course import skeleton
from grader.submission import Submission

POINTS = 100  #: of the whole course
SAMPLE = 20  #: submissions that also go through real workers, or through many seeds
SEEDS, TRAINING_SEEDS = 100, 30  #: of a right answer's checks; of the last training


def skeleton_is_all_to_do(verifier: Verifier) -> None:
    """The skeleton earns 0; every check of a function that it leaves open is `todo`."""
    course = verifier.course
    texts = skeleton.build(course.reference, skeleton.read_claims(course.tasks))
    blank = Submission("skeleton", {file.removesuffix(".py"): text for file, text in texts.items()})
    claimed = set(course.claimed_by())
    with verifier.tally("checks to do in the skeleton") as tally:
        for outcome in run_jobs([Job("skeleton", blank, tuple(s.id for s in course.stages))], verifier.bench):
            for stage, r in outcome.checks:
                expected = ("todo",) if claimed & {*r.functions} else ("todo", "blocked")
                problem = f"skeleton: {stage}, {r.id} is {r.state}: {r.message}"
                tally.count(r.state in expected and not r.points, problem)


def nothing_passes_without_its_own(verifier: Verifier) -> None:
    """What is put in earns nothing by itself: with all of it in place, a check still rests on what it is for."""
    found = subjects.with_all_but_its_own(verifier.course, verifier.reference)
    jobs = [Job(n, code, (c.stage,), check=c.id, together=True) for n, (c, code) in found.items() if c.stage in verifier.wanted]
    with verifier.tally("checks that what is put in cannot pass") as tally:
        for outcome in run_jobs(jobs, verifier.bench):
            check, _ = found[outcome.name]
            state = next((r.state for _, r in outcome.checks if r.id == check.id), outcome.fault)
            tally.count(state in ("fail", "blocked"), f"{outcome.name}: with all else put in, this is {state}.")


def points_add_up(verifier: Verifier) -> None:
    """100 in all; that they are whole is seen to where a task is read. A stage may have none."""
    course = verifier.course
    with verifier.tally("points of the course") as tally:
        tally.good, tally.of = course.points, POINTS
    if course.points != POINTS:
        listed = ", ".join(f"{stage.id} {stage.points}" for stage in course.stages)
        verifier.problem(
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
    jobs = [Job(name, submission, stages) for name, submission in _trained(verifier, images)]
    (reference,) = run_jobs([Job("reference", verifier.reference, stages)], bench)
    unfair = {r.id for _, r in reference.checks if r.state != "pass"}
    with verifier.tally(f"right answers trained on {images or 'all'} images") as tally:
        for outcome in run_jobs(jobs, bench):
            bad = [r for _, r in outcome.checks if r.id not in unfair and r.state not in ("pass", "blocked")]
            problems = [f"{r.id} is {r.state}: {r.message}" for r in bad]
            problems = [f"{outcome.name}: {text}" for text in (*problems, outcome.fault) if text]
            tally.count(not problems, *problems)
            if not images:
                verifier.say(f"  {tally.of} of {len(jobs)}: {outcome.name}, {outcome.seconds:.0f} s")


def worker_agrees(verifier: Verifier, count: int = SAMPLE) -> None:
    """Some submissions again through real workers: the same states and messages, but where time ran out, which differs in them."""
    from grader.worker.outside.pool import WorkerPool

    bank = subjects.mutants(verifier.course, verifier.reference)
    right = subjects.right_answers(verifier.course, verifier.reference)
    jobs = [Job(name, s, (m.stage,)) for name, (m, s) in bank.items()]
    jobs += [Job(name, s, verifier.unit) for name, s in right.items()]
    chosen = random.Random(0).sample(jobs, min(count, len(jobs)))
    local = {outcome.name: outcome for outcome in run_jobs(chosen, verifier.bench)}
    with closing(WorkerPool(verifier.course.withheld)) as pool, verifier.tally("the same through real workers") as tally:
        for job in chosen:
            pairs = zip(run_job(job, verifier.bench, pool).checks, local[job.name].checks)
            differing = [
                f"{job.name}: {a.id} is {a.state} ({a.message}) by wire, {b.state} ({b.message}) here."
                for (_, a), (_, b) in pairs
                if (a.state, _bare(a.message)) != (b.state, _bare(b.message)) and "was stopped" not in f"{a.message} {b.message}"
            ]
            tally.count(not differing, *differing[:1])


def right_answers_under_many_seeds(verifier: Verifier) -> None:
    """Some right answers under many check seeds."""
    found = subjects.right_answers(verifier.course, verifier.reference)
    chosen = random.Random(1).sample(sorted(found), min(SAMPLE, len(found)))
    jobs = [Job(name, found[name], verifier.unit, tuple(range(1, SEEDS + 1))) for name in chosen]
    verifier.all_of_them_pass(f"right answers under {SEEDS} check seeds", jobs)


def last_training_under_many_seeds(verifier: Verifier) -> None:
    """The reference in the last stage that trains, on all data, with what its checks note: how sure its bar is."""
    stages = tuple(stage.id for stage in verifier.course.stages if stage.training)[-1:]
    bench = msgspec.structs.replace(verifier.bench, training_images=0)
    with verifier.tally(f"the last training under {TRAINING_SEEDS} seeds") as tally:
        for outcome in run_jobs(
            [Job(f"seed {seed}", verifier.reference, stages, (seed,)) for seed in range(TRAINING_SEEDS)], bench
        ):
            tally.count(verifier.all_pass(f"last training, {outcome.name}", outcome))
            verifier.say(f"  {outcome.name}: {' '.join(note for _, result in outcome.checks for note in result.notes)}")


def _bare(message: str) -> str:
    """A message without what differs from run to run: of arrays that agree to many digits, where they do so least."""
    return re.sub(r"-?\d[\d.e-]*" if "digits only" in message else r"\d+\.?\d* s\b|0x[0-9a-f]+", "", message)


def _trained(verifier: Verifier, images: int) -> list[tuple[str, Submission]]:
    """Whole submissions, the slowest, first, so that no process is left alone with one at the end."""
    found = subjects.right_answers(verifier.course, verifier.reference, slow=bool(images)).items()
    before, trains = verifier.reference.modules.items(), {verifier.course.about.training.partition(".")[0]}
    chosen = [(name, s) for name, s in found if not images or s.folder or {n for n, _ in s.modules.items() - before} == trains]
    return sorted(chosen, key=lambda pair: not pair[1].folder)
