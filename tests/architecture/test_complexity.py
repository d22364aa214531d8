"""No function has more ways through it than a reader can hold."""

from radon.complexity import cc_visit

from grader.paths import ENGINE, TASKS

MOST = 15


def test_no_function_is_more_complex_than_a_reader_can_hold():
    files = [*(ENGINE / "grader").rglob("*.py"), *(TASKS / "toolbox").rglob("*.py")]
    found = [
        f"{path.relative_to(ENGINE)}:{block.lineno} {block.name} has {block.complexity}"
        for path in files
        for block in cc_visit(path.read_text(encoding="utf-8"))
        if block.letter != "C" and block.complexity > MOST
    ]
    assert len(files) > 100
    assert not found
