"""`check-tasks`: does the course keep what it promises? Every mistake seen and named, every right answer passed."""

import click


@click.command("check-tasks")
@click.argument("stages", nargs=-1)
@click.option(
    "--full", is_flag=True, help="Right answers trained in full, many check seeds, held-out forms. Takes long."
)
@click.option("--record", is_flag=True, help="Write into misconceptions.py which checks see which mistake.")
@click.option("--names/--no-names", default=True, help="Also look whether every mistake is named as itself.")
def command(stages: tuple[str, ...], full: bool, record: bool, names: bool) -> None:
    """Test the course itself: its reference, its misconceptions and its right answers."""
    import time

    from grader.check_tasks import edits, more
    from grader.check_tasks.record import record_fails
    from grader.check_tasks.verify import Verifier, matrix
    from grader.cli import Refusal
    from grader.course import BadCourse, load_course
    from grader.misconceptions import BadMisconceptions
    from grader.paths import REFERENCE
    from grader.submission import NotASubmission, read_submission

    begun = time.perf_counter()
    try:
        course, reference = load_course(), read_submission(REFERENCE)
        wanted = [stage.id for stage in course.select(stages)] if stages else []
        verifier = Verifier(course, reference, wanted, say=click.echo)
        verifier.reference_earns_everything(range(1000) if full else (0,))
        verifier.mutants_are_caught_and_named(naming=names and not record)
        if record:
            for stage_id, seen in verifier.findings.seen.items():
                click.echo(f"{stage_id}: {record_fails(course.stage(stage_id).folder, seen)} changed")
        verifier.degenerate_answers_earn_nothing()
        verifier.checks_have_hints_and_killers()
        if not stages:
            verifier.right_answers_earn_everything()
            more.skeleton_is_all_to_do(verifier)
            more.trainings(verifier)
            more.worker_agrees(verifier)
        if full:
            more.right_answers_under_many_seeds(verifier)
            more.held_out_forms_are_named(verifier)
            edits.mistakes_in_other_styles_are_named(verifier)
            edits.random_edits_get_no_false_name(verifier)
            more.trainings(verifier, images=0)
            more.gate(verifier)
    except (BadCourse, BadMisconceptions, NotASubmission) as problem:
        raise Refusal(str(problem)) from None
    click.echo("\n" + matrix(verifier.findings))
    click.echo(f"\n{time.perf_counter() - begun:.0f} s.")
    for finding in verifier.findings.problems:
        click.echo(f"- {finding}", err=True)
    raise SystemExit(1 if verifier.findings.problems else 0)
