"""`check-tasks`: does the course keep what it promises? Every mistake seen and named, every right answer passed."""

import time

import click

from grader.check_tasks.parts import PARTS, chosen, left_out
from grader.check_tasks.record import record_all
from grader.check_tasks.tables import write_tables
from grader.check_tasks.verify import Verifier, matrix
from grader.submission import read_submission
from grader.verbs import _course


@click.command("check-tasks")
@click.argument("stages", nargs=-1)
@click.option("--full", is_flag=True, help="Right answers trained in full, many check seeds, held-out forms. Takes long.")
@click.option("--record", is_flag=True, help="Write into misconceptions.py which checks see which mistake.")
@click.option("--tables", is_flag=True, help="Write what the mistakes answer, by which a kit names them.")
@click.option("--part", "parts", multiple=True, help="Only this part of the test; may be given several times.")
def command(stages: tuple[str, ...], full: bool, record: bool, tables: bool, parts: tuple[str, ...]) -> None:
    """Test the course itself: its reference, its misconceptions and its right answers."""
    begun = time.perf_counter()
    unknown = [name for name in parts if name not in PARTS]
    if unknown:
        raise click.UsageError(f"There is no part {unknown[0]}. There are: {', '.join(PARTS)}.")
    course = _course.course_here()
    reference = read_submission(course.reference or course.folder / "reference")
    wanted = [stage.id for stage in course.select(stages)] if stages else []
    verifier = Verifier(course, reference, wanted, say=click.echo)
    verifier.reference_earns_everything()
    if record:
        record_all(verifier)
    if tables:
        write_tables(verifier)
    run = chosen(parts, full, bool(stages)) if not (record or tables) else []
    for name in run:
        PARTS[name].run(verifier)
    click.echo("\n".join(["", matrix(verifier.findings), *left_out(run)]))
    click.echo(f"\n{time.perf_counter() - begun:.0f} s.")
    for finding in verifier.findings.problems:
        click.echo(f"- {finding}", err=True)
    raise SystemExit(1 if verifier.findings.problems else 0)
