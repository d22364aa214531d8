"""`export`: a single result in the form that another system reads."""

from pathlib import Path

import click


@click.command("export")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["gradescope", "classroom", "junit"]), required=True)
@click.option("--out", type=click.Path(path_type=Path), help="A file; standard output without it.")
@click.option("--policy", type=click.Path(path_type=Path), help="Another file than policy.toml.")
def command(results: Path, form: str, out: Path | None, policy: Path | None) -> None:
    """Write RESULTS (a results.json) for Gradescope, GitHub Classroom or as JUnit XML.

    For GitHub Classroom the line `result=<base64>` is written, ready for $GITHUB_OUTPUT; a result that is missing becomes
    an error there, so that the points never go unreported.
    """
    import msgspec

    from grader.course.policy import read_policy
    from grader.errors import Refusal
    from grader.export import classroom, gradescope, junit
    from grader.files import write_atomically
    from grader.records import Report
    from grader.verbs._course import course_here

    rules = read_policy(policy, course_here().folder)
    try:
        report = msgspec.json.decode(results.read_bytes(), type=Report)
    except (OSError, msgspec.MsgspecError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        if form != "classroom":
            raise Refusal(f"{results} cannot be read ({reason}). Remedy: make grade writes it.") from None
        content = "result=" + classroom.encode(classroom.failure(f"There is no result: {reason}.", 100)) + "\n"
    else:
        if form == "classroom":
            content = "result=" + classroom.encode(classroom.result(report, rules)) + "\n"
        elif form == "gradescope":
            content = gradescope.encode(gradescope.results(report, rules))
        else:
            content = junit.document(report, rules).decode("utf-8")
    if out is None:
        click.echo(content, nl=False)
    else:
        write_atomically(out, content)
