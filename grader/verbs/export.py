"""`export`: a single result in the form that another system reads."""

from pathlib import Path

import click

from grader.export import FORMATS
from grader.verbs import _course

_HELP = "Write RESULTS (a results.json) in the form that another system reads.\n\n\b\n{}\n"


@click.command("export", help=_HELP.format("\n".join(f"{name:<14}{form.holds}" for name, form in FORMATS.items())))
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--format", "name", type=click.Choice(list(FORMATS)), required=True)
@click.option("--out", type=click.Path(path_type=Path), help="A file; standard output without it.")
@click.option("--policy", type=click.Path(path_type=Path), help="Another file than policy.toml.")
def command(results: Path, name: str, out: Path | None, policy: Path | None) -> None:
    import msgspec

    from grader import export
    from grader.course.policy import read_policy
    from grader.errors import Refusal
    from grader.files import write_atomically
    from grader.records import Report, read_report

    rules = read_policy(policy, _course.course_here().folder)
    try:
        report = read_report(results)
    except (OSError, msgspec.MsgspecError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        if not FORMATS[name].tells_of_none:
            raise Refusal(f"{results} cannot be read ({reason}). Remedy: make grade writes it.") from None
        report = Report(0, 100, [], notes=[f"There is no result: {reason}."])
    content = export.write(name, report, rules)
    if out is None:
        click.echo(content.encode(), nl=False)  # UTF-8, whatever the console has
    else:
        write_atomically(out, content)
