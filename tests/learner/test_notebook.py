"""A notebook that one can work in: cells write functions, `check` shows the card, `hint` helps."""

import ast
import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import nbclient
import nbformat
import pytest
from click.testing import CliRunner

from grader import check, hint
from grader.course import source_spans
from grader.course.skeleton import build, read_claims
from grader.errors import Refusal
from grader.learner import write_function
from grader.paths import REFERENCE, ROOT, TASKS
from grader.report import words
from grader.submission import NotASubmission
from grader.verbs import notebook as verb
from tests.courses import HERE
from tests.golden.submissions import with_bodies, write

CLAIMS = read_claims(TASKS)
SKELETON = build(REFERENCE, CLAIMS)


@pytest.fixture(autouse=True)
def memory(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAIN_RULE_MEMORY", str(tmp_path / "memory"))


@pytest.fixture
def student(tmp_path):
    folder = tmp_path / "student"
    folder.mkdir()
    for name, text in SKELETON.items():
        (folder / name).write_text(text)
    return folder


def answer(name: str) -> str:
    """The reference's definition of a name, as somebody would write it into a cell."""
    text = (REFERENCE / f"{name.partition('.')[0]}.py").read_text()
    span = source_spans.definition_span(source_spans.need(text, name))
    return textwrap.dedent("\n".join(text.split("\n")[slice(*span)]))


def definition(folder: Path, name: str) -> str:
    text = (folder / f"{name.partition('.')[0]}.py").read_text()
    return ast.dump(source_spans.need(text, name))


# -- the whole notebook ------------------------------------------------------------------------------------------------


def test_the_notebook_is_worked_in(tmp_path):
    """Stages 01 to 03 are to do, and cells write them; cells of later stages, still as they were given, change nothing."""
    written = [name for stage in HERE.stages[:3] for name in CLAIMS.of_stage(stage.id)]
    write(with_bodies(HERE.stages[3:]), tmp_path / "student")
    made = verb.notebook(tmp_path, tmp_path / "student")
    cells = {cell["id"]: cell for cell in made["cells"]}
    assert "raise NotImplementedError" in cells["write-losses-softmax"]["source"]
    for name in written:
        cells["write-" + name.replace(".", "-")]["source"] = f"%%student {name}\n{answer(name)}"
    extra = ['hint("03")', "%undo losses.softmax", "%undo losses.softmax", "import student.losses"]
    made["cells"] += [verb._cell("code", f"extra-{k}", text) for k, text in enumerate(extra)]
    later = {f"check-{stage.id}" for stage in HERE.stages[3:]}
    made["cells"] = [cell for cell in made["cells"] if cell["id"] not in later]
    book = nbformat.from_dict(made)
    nbformat.validate(book)
    nbclient.NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    said = {cell["id"]: outputs(cell) for cell in book.cells if cell["cell_type"] == "code"}
    shown = {name: text for name, text in said.items() if name.startswith("check-")}
    assert len(shown) == 3
    assert [len(cell["outputs"]) for cell in book.cells if cell["id"] in shown] == [
        1,
        1,
        1,
    ]  # the card, and not the terminal's text
    assert [name for name, text in shown.items() if "All checks pass." not in text] == []
    assert said["write-losses-softmax"].startswith("losses.softmax was written to student/losses.py, lines ")
    assert "still as it was given" in said["write-network-MLP-forward"]
    assert "03_softmax is done" in said["extra-0"]
    names = [name for name in CLAIMS.stages if not name.endswith("HYPERPARAMETERS")]
    assert [name for name in names if definition(tmp_path / "student", name) != definition(REFERENCE, name)] == []


def outputs(cell) -> str:
    return "".join(output.get("text", "") + "".join(output.get("data", {}).values()) for output in cell["outputs"])


def test_it_shows_every_handout_with_links_and_formulas_as_a_notebook_reads_them(tmp_path):
    made = verb.notebook(ROOT / "docs", ROOT / "student")
    ids = [cell["id"] for cell in made["cells"]]
    assert [name for name in ids if name.startswith("handout-")] == [f"handout-{stage.id}" for stage in HERE.stages]
    assert len(ids) == len(set(ids))
    assert {f"write-{name.replace('.', '-')}" for name in CLAIMS.stages} <= set(ids)
    texts = "".join(cell["source"] for cell in made["cells"])
    assert "$$\n\\text{softmax}(z)_{n,c} = " in texts
    assert not [mark for mark in ("```math", "$`", "`$") if mark in texts]
    assert str(ROOT) not in texts  # all paths are relative
    links = [link for cell in made["cells"] if cell["id"].startswith("handout-") for link in verb.BESIDE.findall(cell["source"])]
    assert len(links) >= 5
    assert [link for _, link in links if not (ROOT / "docs" / link).exists()] == []


def test_the_verb_keeps_a_notebook_that_is_there(tmp_path):
    out = tmp_path / "mine.ipynb"
    first = CliRunner().invoke(verb.command, ["--out", str(out), "--no-open"])
    assert first.output == f"Written: {out}.\n"
    assert json.loads(out.read_text())["nbformat"] == 4
    out.write_text("{}")
    second = CliRunner().invoke(verb.command, ["--out", str(out), "--no-open"])
    assert "is there already and stays as it is" in second.output
    assert out.read_text() == "{}"


def test_without_jupyterlab_the_verb_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAIN_RULE_NO_VENV", "1")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Refusal, match=r"no jupyterlab\. Remedy: install requirements/notebook\.txt"):
        CliRunner().invoke(verb.command, ["--out", str(tmp_path / "a.ipynb")], catch_exceptions=False)


@pytest.mark.parametrize("own", ["1", ""])
def test_the_verb_installs_jupyterlab_unless_the_environment_is_ones_own_and_opens_it(tmp_path, monkeypatch, own):
    installed, started = [], []
    monkeypatch.setenv("CHAIN_RULE_NO_VENV", own)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setattr(verb.bootstrap, "ensure", installed.append)
    monkeypatch.setattr(verb.bootstrap, "become", lambda command, environment: started.append((Path.cwd(), command)))
    CliRunner().invoke(verb.command, ["--out", str(tmp_path / "mine" / "a.ipynb")], catch_exceptions=False)
    assert installed == ([] if own else [["base", "notebook"]])
    ((folder, command),) = started
    assert (folder, command[:3], command[-1]) == (tmp_path / "mine", [sys.executable, "-m", "jupyterlab"], "a.ipynb")


def test_a_kernel_without_the_packages_gets_one_sentence():
    code = "import grader\ntry: grader.check\nexcept ImportError as error: print(error._render_traceback_())"
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    (line,) = ast.literal_eval(done.stdout)
    assert line.startswith("error: this Python has no ")
    assert "Remedy: make notebook" in line


# -- check and hint ----------------------------------------------------------------------------------------------------


def test_check_shows_a_stage(student):
    shown = check("softmax", student=student)
    assert shown.report.score == 0
    assert "losses.softmax is still a TODO" in repr(shown)
    assert "losses.softmax is still a TODO" in shown._repr_html_()
    with pytest.raises(Refusal, match="no stage 'soft'"):
        check("soft", student=student)
    with pytest.raises(NotASubmission, match="is not a submission"):
        check("softmax", student=student.parent)


def test_the_card_of_a_mistake_is_shown_with_its_lines_and_its_picture(tmp_path):
    right = with_bodies(HERE.stages[:3])
    losses = right.modules["losses"].replace("shifted = logits - logits.max(axis=1, keepdims=True)", "shifted = logits")
    assert losses != right.modules["losses"]
    write(right.replaced({"losses": losses}), tmp_path / "student")
    html = check("03", student=tmp_path / "student")._repr_html_()
    assert "No shift before exp" in html
    assert '<span class="line' in html
    assert '<svg class="plot"' in html
    assert words.WHY in html


def test_hint_gives_one_rung_after_the_other(student, capsys):
    hint("03", student=student)
    assert "the steps:\n\n1. " in capsys.readouterr().out
    hint("03", student=student)
    assert "Hint 1 of 3, a question:" in capsys.readouterr().out


# -- one function ------------------------------------------------------------------------------------------------------


def test_a_method_is_written_with_the_indentation_of_its_class(student):
    cell = 'def forward(self, x):\n    """Keeps x.\n\n    x : (N, D)\n    """\n    text = """a\n  b"""\n    return x, text\n'
    said = write_function.write(HERE, student, "layers.Linear.forward", cell)
    assert "layers.Linear.forward was written to student/layers.py, lines " in said
    text = (student / "layers.py").read_text()
    ast.parse(text)
    assert (
        '    def forward(self, x):\n        """Keeps x.\n\n        x : (N, D)\n        """\n        text = """a\n  b"""\n' in text
    )
    before, after = SKELETON["layers.py"].split("\n"), text.split("\n")
    assert after[: before.index("    def forward(self, x):")] == before[: before.index("    def forward(self, x):")]
    assert after[-20:] == before[-20:]


def test_a_value_and_a_helper_are_written(student):
    write_function.write(HERE, student, "train.HYPERPARAMETERS", "HYPERPARAMETERS = {'epochs': 3}")
    assert "HYPERPARAMETERS = {'epochs': 3}" in (student / "train.py").read_text()
    write_function.write(HERE, student, "losses.helper", "def helper():\n    return 1")
    assert (student / "losses.py").read_text().endswith("\n\n\ndef helper():\n    return 1\n")


def test_undo_puts_back_what_was_there_and_again_what_was_written(student):
    old = (student / "losses.py").read_text()
    with pytest.raises(Refusal, match="nothing to undo"):
        write_function.undo(HERE, student, "losses.softmax")
    write_function.write(HERE, student, "losses.softmax", "def softmax(logits):\n    return 1")
    new = (student / "losses.py").read_text()
    assert "same already" in write_function.write(HERE, student, "losses.softmax", "def softmax(logits):\n    return 1")
    write_function.undo(HERE, student, "losses.softmax")
    assert (student / "losses.py").read_text() == old
    write_function.undo(HERE, student, "losses.softmax")
    assert (student / "losses.py").read_text() == new


def test_a_cell_as_it_was_given_overwrites_nothing(student):
    shutil.copy(REFERENCE / "losses.py", student / "losses.py")
    given = source_spans.definition_span(source_spans.need(SKELETON["losses.py"], "losses.softmax"))
    cell = "\n".join(SKELETON["losses.py"].split("\n")[slice(*given)])
    assert "still as it was given" in write_function.write(HERE, student, "losses.softmax", cell)
    assert (student / "losses.py").read_text() == (REFERENCE / "losses.py").read_text()


@pytest.mark.parametrize(
    ("name", "cell", "told"),
    [
        ("losses.softmax", "def softmax(z):\n    return (z", r"syntax error in line 3 of the cell: '\(' was never closed\."),
        ("losses.softmax", "def sotfmax(z):\n    return z", "the cell must define softmax and nothing else"),
        ("losses.softmax", "import math\ndef softmax(z):\n    return z", "the cell must define softmax and nothing else"),
        ("loses.softmax", "def softmax(z):\n    return z", "'loses.softmax' is not a function in student/"),
        ("softmax", "def softmax(z):\n    return z", "'softmax' is not a function in student/"),
        ("../losses.softmax", "def softmax(z):\n    return z", "is not a function in student/"),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_sentence(student, name, cell, told):
    with pytest.raises(Refusal, match=told):
        write_function.write(HERE, student, name, cell)
    assert {path.name: path.read_text() for path in student.glob("*.py")} == SKELETON


def test_a_file_that_is_not_python_is_left_alone(student):
    (student / "losses.py").write_text("def softmax(:\n")
    with pytest.raises(Refusal, match=r"losses\.py does not parse.*Remedy: correct losses\.py in an editor"):
        write_function.write(HERE, student, "losses.softmax", "def softmax(z):\n    return z")
    assert (student / "losses.py").read_text() == "def softmax(:\n"
