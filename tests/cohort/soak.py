"""`make class-soak`: a class graded with kills in mid-run ends as the one that nobody disturbed.

A class of 1,000 is graded twice on two cores: once left alone, once killed 20 times with SIGKILL, the run itself or one
of its processes, and started again each time. Both final tables, with what an instructor added by hand, have to be equal
to the byte, nobody lost, nobody graded twice, and no process may be left behind. A check is edited then, and its stage graded
again: what was added stays. What the page shows has to be what a direct count, SciPy and the planted rings say, and a browser
may find nothing wrong with it. ARGS="--size 100 --kills 5" for less.

Before that, every hostile submission of the suite is graded in one class with a few honest ones, whose lines have to be
those that they have without such neighbours.

The stages that train at length are left out, or get few images: what is tested is the class, not the training.
"""

import argparse
import contextlib
import csv
import os
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from grader.bootstrap import START
from grader.cohort.journal import Journal
from grader.cohort.remarks import FILE, appeal_id
from grader.course import misconceptions
from grader.paths import ROOT
from tests.cohort.classes import Generator
from tests.cohort.shown import wrong_figures, wrong_groups, wrong_page
from tests.cohort.usual import APPEALING, GRADED, UsualClass, appeal_of, name_of
from tests.courses import HERE

POLICY = """
[limits]
training_images = {images}
time = 1.0
[grading]
stages = [{stages}]
"""
ATTACKS = ROOT / "tests" / "hostile" / "attacks"
ANSWERED = slice(APPEALING.start, None, 2 * APPEALING.step)  #: of the appeals
UNITS = ("01_linear", "02_relu", "03_softmax", "04_cross_entropy")


@dataclass
class Watch:
    """What was seen of the processes of a run."""

    memory: list[tuple[float, int]] = field(default_factory=list)  #: (seconds, bytes), of the driving process
    seconds: float = 0.0
    kills: int = 0
    left_behind: list[int] = field(default_factory=list)


def start(submissions: Path, out: Path, policy: Path, jobs: int, root: Path = ROOT) -> subprocess.Popen:
    """The class verb of a checkout in a process of its own."""
    arguments = ["class", str(submissions), "--out", str(out), "--policy", str(policy), "--jobs", str(jobs), "--no-reports"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {"CHAIN_RULE_NO_VENV": "1"}
    with open(out.with_suffix(".log"), "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-c", START.format(root=str(root)), *arguments],
            stdout=log, stderr=log, env=environment, cwd=root,
        )  # fmt: skip


def undisturbed(submissions: Path, out: Path, policy: Path, jobs: int, root: Path = ROOT) -> Watch:
    """Grade to the end, watching the memory."""
    watch = Watch()
    begun = time.monotonic()
    process = start(submissions, out, policy, jobs, root)
    while process.poll() is None:
        time.sleep(0.5)
        try:
            watch.memory.append((time.monotonic() - begun, psutil.Process(process.pid).memory_info().rss))
        except psutil.NoSuchProcess:
            break
    watch.seconds = time.monotonic() - begun
    if process.wait() != 0:
        raise SystemExit(f"the run ended with status {process.returncode}: {out.with_suffix('.log').read_text()[-2000:]}")
    return watch


def write_remarks(out: Path, size: int) -> None:
    """What an instructor adds: a comment on every known mistake, points for every fifth student, answers to half of the appeals."""
    known = sorted({f"{stage.id}/{m.name}" for stage in HERE.stages for m in misconceptions.load(stage.folder)})
    entries = [f'cause = "{cause}"\ntext = "{cause}"' for cause in known]
    points = 'text = "by hand"\nadd = 1.5\nby = "N"\ndate = 2026-12-01'
    entries += [f'student = "{name_of(number)}"\n{points}' for number in range(0, size, 5)]
    answer = 'text = "right"\ngranted = true\nby = "N"\ndate = 2026-12-01'
    appeals = {name_of(number): appeal_id(appeal_of(name_of(number))) for number in range(size)[ANSWERED]}
    entries += [f'student = "{name}"\nappeal = "{appeal}"\n{answer}' for name, appeal in appeals.items()]
    out.mkdir()
    (out / FILE).write_text("".join(f"[[remark]]\n{entry}\n" for entry in entries))


def finished(out: Path) -> int:
    """How many submissions have their files."""
    reports = out / "reports"
    return sum(not path.name.startswith(".") for path in reports.iterdir()) if reports.is_dir() else 0


def disturbed(submissions: Path, out: Path, policy: Path, jobs: int, kills: int, total: int, dice: random.Random) -> Watch:
    """Grade, killing something at random moments, spread over the `total` submissions that are graded."""
    watch = Watch()
    begun = time.monotonic()
    process = start(submissions, out, policy, jobs)
    for moment in sorted(dice.uniform(0, 0.9 * total) for _ in range(kills)):
        while finished(out) < moment and process.poll() is None:
            time.sleep(0.05)
        time.sleep(dice.uniform(0, 1))
        if process.poll() is not None:
            process = start(submissions, out, policy, jobs)
        below = psutil.Process(process.pid).children(recursive=True)
        victim = dice.choice(below) if below and dice.random() < 0.5 else None
        watch.kills += 1
        if victim is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.send_signal(signal.SIGKILL)
            continue
        process.kill()
        process.wait()
        _, alive = psutil.wait_procs(below, timeout=30)
        watch.left_behind += [p.pid for p in alive]
        process = start(submissions, out, policy, jobs)
    status = process.wait()
    for _ in range(2):  # what failed through a kill twice in a row counts as the grader's fault: the same command again
        if status == 3:
            status = start(submissions, out, policy, jobs).wait()
    watch.seconds = time.monotonic() - begun
    if status != 0:
        raise SystemExit(f"the run ended with status {status}: {out.with_suffix('.log').read_text()[-2000:]}")
    return watch


def history(journal: Path) -> dict[str, list[str]]:
    """Key -> every outcome that was ever written for it, in order."""
    found: dict[str, list[str]] = {}
    with contextlib.closing(sqlite3.connect(journal)) as reader:
        for key, state in reader.execute("SELECT key, state FROM history ORDER BY rowid"):
            found.setdefault(key, []).append(state)
    return found


def compare(one: Path, other: Path, size: int) -> list[str]:
    """What is not as it should be; nothing if all is well."""
    wrong = []
    tables = [(folder / "grades.csv").read_bytes() for folder in (one, other)]
    if tables[0] != tables[1]:
        lines = zip(tables[0].splitlines(), tables[1].splitlines())
        wrong += [f"differs: {a.decode()} | {b.decode()}" for a, b in lines if a != b][:20]
    rows = list(csv.DictReader(tables[1].decode().splitlines()))
    students = [row["student"] for row in rows]
    comments, points = (sum(bool(row[column]) for row in rows) for column in ("comments", "by_hand"))
    answers = sum(row["decisions"].count("Appeal granted") for row in rows)
    appealing = sum(bool(row["appeal"]) for row in rows)
    if not comments or points != len(range(0, size, 5)) or answers != len(range(size)[ANSWERED]) or not appealing:
        wrong.append(f"{comments} students with comments, {points} with points; {answers} answers to {appealing} appeals")
    if len(students) != size or len(set(students)) != size:
        wrong.append(f"{size} students, but {len(students)} lines and {len(set(students))} names")
    for key, states in history(other / "journal.sqlite").items():
        finished = [state for state in states if state != "fault"]
        if len(finished) != 1:
            wrong.append(f"{key[:12]} was finished {len(finished)} times")
    with Journal(other / "journal.sqlite") as journal:
        if not all(state in ("graded", "submission") for state in journal.states().values()):
            wrong.append("a record has no final state")
    return wrong


def neighbours(folder: Path, jobs: int) -> list[str]:
    """What honest submissions lose by being graded beside all hostile ones; nothing if all is well."""
    generator = Generator(11)
    honest = {
        f"honest-{n}": make() for n, make in enumerate([generator.right, generator.half_finished, *[generator.mistaken] * 6])
    }
    for place in ("alone", "together"):
        for name, files in honest.items():
            target = folder / place / name
            target.mkdir(parents=True)
            for file, content in files.items():
                (target / file).write_bytes(content)
    attacks = [path for path in sorted(ATTACKS.iterdir()) if path.is_dir()]
    for attack in attacks:
        shutil.copytree(attack, folder / "together" / f"attack-{attack.name}", symlinks=True)
    policy = folder / "hostile.toml"
    policy.write_text(POLICY.format(images=256, stages=", ".join(f'"{s}"' for s in UNITS)).replace("time = 1.0", "time = 0.5"))
    tables = []
    for place in ("alone", "together"):
        undisturbed(folder / place, folder / f"out-{place}", policy, jobs)
        tables.append((folder / f"out-{place}" / "grades.csv").read_text().splitlines())
    wrong = [f"not as without hostile neighbours: {line}" for line in tables[0] if line not in tables[1]]
    rows = list(csv.DictReader(tables[1]))
    wrong += [f"{row['student']} is the grader's fault: {row['reason']}" for row in rows if row["state"] == "fault"]
    if len(rows) != len(honest) + len(attacks):
        wrong.append(f"{len(rows)} lines for {len(honest) + len(attacks)} submissions")
    print(f"{len(attacks)} hostile submissions beside {len(honest)} honest ones", flush=True)
    return wrong


def growth(memory: list[tuple[float, int]]) -> float:
    """Median of the last quarter over the median of the second: 1 if the memory is flat."""
    sizes = [size for _, size in memory]
    quarter = len(sizes) // 4
    if quarter == 0:
        return 1.0
    return statistics.median(sizes[-quarter:]) / statistics.median(sizes[quarter : 2 * quarter])


def regraded(submissions: Path, out: Path, policy: Path, jobs: int, checkout: Path) -> list[str]:
    """What a comment in a check changes, for which its stage is graded again, in tables in which it may change nothing."""
    shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(".git", ".venv", "build", "__pycache__"))
    with (checkout / "tasks" / "02_relu" / "checks.py").open("a") as checks:
        checks.write("\n\n# edited\n")
    before, records = (out / "grades.csv").read_bytes(), len(history(out / "journal.sqlite"))
    seconds = undisturbed(submissions, out, policy, jobs, checkout).seconds
    again = len(history(out / "journal.sqlite")) - records
    print(f"a check was edited: {again} were graded again in {seconds:.0f} s", flush=True)
    same = (out / "grades.csv").read_bytes() == before
    return [*(["an edited comment changed the table"] * (not same)), *(["an edited check graded nobody again"] * (not again))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--stages", nargs="*", default=GRADED, help="Without a name: all of them.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-hostile", dest="hostile", action="store_false", help="Leave the hostile class out.")
    parser.add_argument("--keep", type=Path, help="A folder to work in, which is kept.")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="chain-rule-soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    wrong = neighbours(folder, options.jobs) if options.hostile else []
    policy = folder / "policy.toml"
    stages = ", ".join(f'"{stage}"' for stage in options.stages)
    policy.write_text(POLICY.format(images=options.images, stages=stages))
    made = UsualClass(options.seed)
    made.write(folder / "class", options.size)
    print(f"{options.size} submissions in {folder}", flush=True)
    for place in ("calm", "rough"):
        write_remarks(folder / place, options.size)
    calm = undisturbed(folder / "class", folder / "calm", policy, options.jobs)
    rate = options.size / calm.seconds
    most = max((size for _, size in calm.memory), default=0) / 1e6
    memory = f"at most {most:.0f} MB in the driving process, x{growth(calm.memory):.2f} from the second quarter to the last"
    print(f"undisturbed: {calm.seconds:.0f} s, {rate:.2f} a second, {memory}", flush=True)
    dice = random.Random(options.seed)
    total = finished(folder / "calm")
    rough = disturbed(folder / "class", folder / "rough", policy, options.jobs, options.kills, total, dice)
    print(f"{rough.kills} kills: {rough.seconds:.0f} s, {len(rough.left_behind)} processes left behind", flush=True)
    wrong += compare(folder / "calm", folder / "rough", options.size)
    if rough.kills < options.kills:
        wrong.append(f"only {rough.kills} kills happened before the end")
    if rough.left_behind:
        wrong.append(f"processes {rough.left_behind} were left behind")
    if growth(calm.memory) > 1.15:
        wrong.append(f"memory grew to {growth(calm.memory):.2f} times")
    wrong += regraded(folder / "class", folder / "rough", policy, options.jobs, folder / "checkout")
    wrong += [*wrong_figures(folder / "rough"), *wrong_groups(folder / "rough", made.rings)]
    wrong += wrong_page(folder / "rough", options.size)
    groups = ", ".join(str(len(ring)) for ring in made.rings)
    print(f"shares and statistics were counted again; groups of {groups or 'nobody'}; the page was opened", flush=True)
    print("\n".join(wrong) or "both tables are equal, nobody lost, nobody graded twice; what was added stays; the page is right")
    if not options.keep and not wrong:
        shutil.rmtree(folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
