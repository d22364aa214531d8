"""The skeleton: the reference with holes, and nothing else changed."""

import ast
import textwrap

import pytest

from grader.course.course import Course
from grader.course.skeleton import SKELETON as SKELETON_FOLDER
from grader.course.skeleton import (
    STEPS,
    Claims,
    blank,
    build,
    is_stub,
    put_back_all,
    read_claims,
    read_sources,
    restore_stub,
    steps,
    stub_statement,
)
from grader.course.source_spans import SkeletonError, definition_span, find, line_of, parse, tree_of
from grader.errors import Refusal
from grader.paths import REFERENCE, STUDENT, TASKS
from tests.command_line import asked
from tests.courses import HERE

CLAIMS = read_claims(TASKS)
SKELETON = build(REFERENCE, CLAIMS)
SOURCE_OF = read_sources(REFERENCE)
FUNCTIONS = [name for name in CLAIMS.stages if name not in CLAIMS.starting_values]

SOURCE = '''\
"""A lesson."""

import math  # kept: ä ö ü

LIMITS = {"a": 1,
          "b": 2}  # kept too


class Box:
    """Holds."""

    size = 3

    @staticmethod
    def volume(
        a, b=(1, 2),
        *, c=None,
    ):
        """What it holds.

        # 1. not a comment
        """
        # 1. First.
        #    still the first
        x = a  # 2. behind code: no step
        # an aside
        for y in b:
            # 2. Inside.
            x += y
        return x

    def after(self):
        return "ü"


def bare(a):

    # 1. No docstring here.
    return a
'''


def claims_of(*names, values=None):
    return Claims(dict.fromkeys(names, "01_box"), values or {})


def stub_of(source, name, stage="01_box"):
    return is_stub(source, name, stage)


def put_back(module, text, source, names):
    return put_back_all({f"{module}.py": text}, {f"{module}.py": source}, names)[f"{module}.py"]


# --- the course's own skeleton ---


def test_student_is_the_skeleton_of_the_reference():
    """Drift between reference and student fails here; `make skeleton` writes the files again."""
    stored = read_sources(STUDENT)
    assert stored == SKELETON


def test_every_claimed_function_is_a_stub_in_the_skeleton_and_none_in_the_reference():
    reference = SOURCE_OF
    assert len(FUNCTIONS) >= 19
    for name in FUNCTIONS:
        file = name.partition(".")[0] + ".py"
        assert is_stub(SKELETON[file], name, CLAIMS.stages[name]), name
        assert not is_stub(reference[file], name, CLAIMS.stages[name]), name


def test_putting_all_bodies_back_gives_the_reference_to_the_byte():
    assert put_back_all(SKELETON, SOURCE_OF, CLAIMS.stages) == SOURCE_OF


def test_putting_back_one_stage_leaves_the_others_stubs():
    partial = put_back_all(SKELETON, SOURCE_OF, CLAIMS.of_stage("03_softmax"))
    assert not is_stub(partial["losses.py"], "losses.softmax", "03_softmax")
    assert is_stub(partial["losses.py"], "losses.SoftmaxCrossEntropy.forward", "04_cross_entropy")


def stubs():
    """(name, text of the whole definition in the skeleton) of every claimed function."""
    for name in FUNCTIONS:
        text = SKELETON[name.partition(".")[0] + ".py"]
        yield name, "\n".join(text.split("\n")[slice(*definition_span(find(parse(text), name)))])


def test_a_stub_is_signature_docstring_and_one_statement():
    for name, text in stubs():
        docstring = ast.get_docstring(ast.parse(textwrap.dedent(text)).body[0])
        assert docstring, name
        assert "#" not in text, name
        assert text.rstrip().endswith(stub_statement(CLAIMS.stages[name], name)), name


def test_no_stub_gives_the_answer_away():
    """No expression of a body with two operands or a call, and none of the words in which it would be told."""
    told = []
    for name in FUNCTIONS:
        source = SOURCE_OF[name.partition(".")[0] + ".py"]
        for statement in find(parse(source), name).body[1:]:
            for node in ast.walk(statement):
                if isinstance(node, ast.BinOp | ast.BoolOp | ast.Compare | ast.Call):
                    told += [ast.get_source_segment(source, node), ast.unparse(node)]
    assert len(told) > 100
    for name, text in stubs():
        docstring = ast.get_docstring(ast.parse(textwrap.dedent(text)).body[0])
        given = [phrase for phrase in [*told, " @ ", "-=", "exp", "onehot"] if phrase in docstring]
        assert not given, f"{name}: {given}"


def test_stubs_have_the_signatures_of_the_contract():
    """No parameter of the reference's own is shown, in the signature or in the docstring."""
    assert set(CLAIMS.beyond) == {"layers.Linear.__init__", "network.MLP.__init__", "train.train", "fast.train_fast"}
    for name, text in stubs():
        for parameter in CLAIMS.beyond.get(name, ()):
            assert parameter not in text, name
    assert "def __init__(self, in_features, out_features, rng):" in SKELETON["layers.py"]
    assert "*, epochs, batch_size, lr, rng):" in SKELETON["train.py"]


def test_every_stub_can_use_numpy():
    without = [file for file, text in SKELETON.items() if "\nimport numpy as np\n" not in text]
    assert without == ["__init__.py"]


def test_every_claimed_function_has_steps():
    told = steps(HERE, CLAIMS)
    assert set(told) == {f"{CLAIMS.stages[name]}/{name}" for name in FUNCTIONS}
    for text in told.values():
        numbers = [line.partition(". ")[0] for line in text.split("\n")]
        assert numbers == [str(n) for n in range(1, len(numbers) + 1)]
    assert told["01_linear/layers.Linear.forward"].split("\n")[0] == "1. Keep x for backward."


def test_steps_lie_beside_the_skeleton_where_there_is_no_reference(tmp_path):
    course = Course(tmp_path)
    assert steps(course, CLAIMS) == {}
    (tmp_path / SKELETON_FOLDER).mkdir()
    path = tmp_path / SKELETON_FOLDER / STEPS
    path.write_text('{"01_box/box.bare": "1. First."}')
    assert steps(course, CLAIMS) == {"01_box/box.bare": "1. First."}
    path.write_text("{")
    with pytest.raises(Refusal, match=r"steps\.json cannot be read: .* Remedy"):
        steps(course, CLAIMS)


def test_hyperparameters_of_the_skeleton_are_the_starting_values():
    tree = ast.parse(SKELETON["train.py"])
    value = next(s.value for s in tree.body if isinstance(s, ast.Assign) and s.targets[0].id == "HYPERPARAMETERS")
    assert ast.literal_eval(value) == CLAIMS.starting_values["train.HYPERPARAMETERS"]
    assert set(ast.literal_eval(value)) == {"epochs", "batch_size", "lr"}


# --- blanking ---


def test_blank_changes_nothing_outside_the_bodies():
    text = blank(SOURCE, "box", claims_of("box.Box.volume", "box.bare"))
    assert text.startswith(SOURCE.split("        # 1. First.")[0] + "        raise NotImplementedError(")
    assert '\n    def after(self):\n        return "ü"\n\n\ndef bare(a):\n' in text


def test_blank_drops_all_comments_of_a_body_and_steps_keep_the_numbered_ones(tmp_path):
    text = blank(SOURCE, "box", claims_of("box.Box.volume"))
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "box.py").write_text(SOURCE, encoding="utf-8")
    stub = '        raise NotImplementedError("01_box: box.Box.volume is still a TODO")\n\n    def after'
    assert '        # 1. not a comment\n        """\n' + stub in text
    told = steps(Course(tmp_path), claims_of("box.Box.volume", "box.bare", "box.LIMITS", "gone.f"))
    assert told == {"01_box/box.Box.volume": "1. First. still the first\n2. Inside.", "01_box/box.bare": "1. No docstring here."}


def test_blank_without_a_docstring_starts_after_the_signature():
    text = blank(SOURCE, "box", claims_of("box.bare"))
    assert text.endswith('def bare(a):\n    raise NotImplementedError("01_box: box.bare is still a TODO")\n')


OWN = '''\
class Box:
    def fill(self, a, kind=2.0, *, b):
        """Fill.

        a    : int
        kind : type   of its own
        """
        return a
'''


def test_parameters_beyond_the_contract_are_in_no_stub():
    claims = Claims({"box.Box.fill": "01_box"}, beyond={"box.Box.fill": ["kind"]})
    text = blank(OWN, "box", claims)
    assert "    def fill(self, a, *, b):\n" in text
    assert "kind" not in text
    assert put_back("box", text, OWN, ["box.Box.fill"]) == OWN


@pytest.mark.parametrize(("old", "new"), [("kind=2.0, ", ""), ("kind : type", "type :")])
def test_a_parameter_beyond_the_contract_that_is_not_there_is_refused(old, new):
    claims = Claims({"box.Box.fill": "01_box"}, beyond={"box.Box.fill": ["kind"]})
    with pytest.raises(SkeletonError, match="kind is beyond the contract"):
        blank(OWN.replace(old, new), "box", claims)


def test_blank_replaces_a_value_of_several_lines():
    text = blank(SOURCE, "box", claims_of("box.LIMITS", values={"box.LIMITS": {"a": 0.5, "name": "x"}}))
    assert 'LIMITS = {"a": 0.5, "name": "x"}  # kept too\n' in text
    assert put_back("box", text, SOURCE, ["box.LIMITS"]) == SOURCE


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("box.Box", "claim its methods"),
        ("box.gone", "defines no such name"),
        ("box.Box.gone", "defines no such name"),
        ("box.LIMITS", "starting value"),
        ("box.short", "its own line"),
        ("box.empty", "no body"),
    ],
)
def test_blank_refuses_what_it_cannot_blank(name, said):
    source = SOURCE + 'def short(): return 1\ndef empty():\n    """Only words."""\n'
    with pytest.raises(SkeletonError, match=said):
        blank(source, "box", claims_of(name))


# --- what counts as a stub ---


@pytest.mark.parametrize(
    "body",
    [
        'raise NotImplementedError("01_box: box.f is still a TODO")',
        "raise NotImplementedError('01_box: box.f is still a TODO')",
        '"""Words."""\n    # a note of my own\n    raise NotImplementedError("01_box: box.f is still a TODO")  # later',
        'raise NotImplementedError(\n        "01_box: box.f "\n        "is still a TODO")',
    ],
)
def test_a_stub_is_recognised_by_its_syntax(body):
    assert stub_of(f"def f(x):\n    {body}\n", "box.f")


@pytest.mark.parametrize(
    "body",
    [
        "return x",
        "pass",
        '"""Words alone."""',
        "raise NotImplementedError",
        'raise NotImplementedError("01_box: box.g is still a TODO")',
        'raise NotImplementedError("02_box: box.f is still a TODO")',
        'print(x)\n    raise NotImplementedError("01_box: box.f is still a TODO")',
        'return 1\n    raise NotImplementedError("01_box: box.f is still a TODO")',
    ],
)
def test_anything_else_is_an_attempt(body):
    assert not stub_of(f"def f(x):\n    {body}\n", "box.f")


STUB = "def f(x):\n    " + stub_statement("01_box", "box.f") + "\n"


@pytest.mark.parametrize(
    "source", ["", "f = 3\n", "class f:\n    pass\n", STUB + "x = (\n", STUB + "\0", STUB + "x = " + "-" * 100_000 + "1\n"]
)
def test_a_missing_function_or_a_file_that_does_not_parse_is_no_stub(source):
    assert not stub_of(source, "box.f")
    assert line_of("", "box.f") == 0


def test_a_body_too_deep_to_compare_is_no_stub():
    assert not stub_of("def f(x):\n    return x" + ".a" * 5_000 + "\n", "box.f")


def test_the_last_definition_counts():
    assert not stub_of(STUB + "def f(x):\n    return x\n", "box.f")
    assert stub_of("def f(x):\n    return x\n" + STUB, "box.f")
    assert line_of("def f(x):\n    return x\n" + STUB, "box.f") == 3


# --- restoring one stage ---


def test_restore_replaces_signature_and_body_of_one_function():
    skeleton = blank(SOURCE, "box", claims_of("box.bare", "box.Box.volume"))
    edited = SOURCE.replace("def bare(a):", "@cached\ndef bare(a, b, c):")
    assert restore_stub(edited, skeleton, "box.bare") == blank(SOURCE, "box", claims_of("box.bare"))


def test_restore_adds_what_was_deleted():
    skeleton = blank(SOURCE, "box", claims_of("box.bare", "box.Box.volume"))
    assert stub_of(restore_stub("import math\n", skeleton, "box.bare"), "box.bare")
    only_class = "class Box:\n    size = 4\n\n\nx = 1\n"
    restored = restore_stub(only_class, skeleton, "box.Box.volume")
    assert stub_of(restored, "box.Box.volume")
    assert restored.startswith("class Box:\n    size = 4\n")
    assert restored.endswith("x = 1\n")
    assert stub_of(restore_stub("x = 1\n", skeleton, "box.Box.volume"), "box.Box.volume")


def test_restore_refuses_a_file_that_does_not_parse():
    with pytest.raises(SkeletonError, match="does not parse"):
        restore_stub("def f(:\n", SOURCE, "box.bare")


# --- claims ---


def test_a_claimed_module_that_is_missing_is_named(tmp_path):
    with pytest.raises(SkeletonError, match=r"gone\.py"):
        build(REFERENCE, claims_of("gone.f"))


# --- the verbs ---


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A fresh skeleton in a folder, and a place of its own for saved copies."""
    for verb in ("skeleton", "reset"):
        monkeypatch.setattr(f"grader.verbs.{verb}.SAVED", str(tmp_path / "saved"))
    target = tmp_path / "student"
    assert asked("skeleton", "--student", target).exit_code == 0
    return target


def test_skeleton_writes_and_writes_again_what_nobody_edited(folder):
    assert read_sources(folder) == SKELETON
    (folder / "optim.py").unlink()
    assert asked("skeleton", "--student", folder).exit_code == 0
    assert read_sources(folder) == SKELETON


def test_skeleton_refuses_to_overwrite_edited_work(folder):
    mine = folder / "losses.py"
    mine.write_text("# mine\n", encoding="utf-8")
    result = asked("skeleton", "--student", folder)
    assert result.exit_code == 2
    assert "losses.py in" in result.output
    assert "make reset" in result.output
    assert mine.read_text(encoding="utf-8") == "# mine\n"


def test_skeleton_by_force_saves_a_copy_first(folder, tmp_path):
    (folder / "losses.py").write_text("# mine\n", encoding="utf-8")
    assert asked("skeleton", "--student", folder, "--force").exit_code == 0
    assert read_sources(folder) == SKELETON
    assert [p.read_text(encoding="utf-8") for p in (tmp_path / "saved").rglob("*.py")] == ["# mine\n"]


def test_a_new_skeleton_replaces_an_older_one_that_nobody_edited(folder):
    from grader.verbs.skeleton import edited_files

    assert edited_files(folder, {name: text + "# newer\n" for name, text in SKELETON.items()}) == []


def test_reset_puts_back_one_stage_and_saves_a_copy(folder, tmp_path):
    for file, text in SOURCE_OF.items():
        (folder / file).write_bytes(text.encode())
    result = asked("reset", "relu", "--student", folder)
    assert result.exit_code == 0, result.output
    text = (folder / "layers.py").read_text(encoding="utf-8")
    assert is_stub(text, "layers.ReLU.forward", "02_relu")
    assert is_stub(text, "layers.ReLU.backward", "02_relu")
    assert put_back("layers", text, SOURCE_OF["layers.py"], CLAIMS.of_stage("02_relu")) == SOURCE_OF["layers.py"]
    (copy,) = (tmp_path / "saved").rglob("*.py")
    assert copy.read_text(encoding="utf-8") == SOURCE_OF["layers.py"]


def test_reset_of_the_accuracy_stage_puts_back_the_starting_values(folder):
    (folder / "train.py").write_bytes(SOURCE_OF["train.py"].encode())
    assert asked("reset", "12_mnist", "--student", folder).exit_code == 0
    text = (folder / "train.py").read_text(encoding="utf-8")
    assert 'HYPERPARAMETERS = {"epochs": 2' in text
    assert put_back("train", text, SOURCE_OF["train.py"], ["train.HYPERPARAMETERS"]) == SOURCE_OF["train.py"]


@pytest.mark.parametrize("damage", [b"def f(:\n", b"\xff\xfe", b"x = 1\0"])
def test_reset_of_a_broken_file_says_so_and_offers_the_whole_file(folder, damage):
    (folder / "losses.py").write_bytes(damage)
    result = asked("reset", "03_softmax", "--student", folder)
    assert result.exit_code == 2
    assert "--whole-files" in result.output
    assert (folder / "losses.py").read_bytes() == damage
    assert asked("reset", "03_softmax", "--student", folder, "--whole-files").exit_code == 0
    assert read_sources(folder) == SKELETON


def test_reset_brings_back_a_missing_file(folder):
    (folder / "losses.py").unlink()
    assert asked("reset", "03_softmax", "--student", folder).exit_code == 0
    assert read_sources(folder) == SKELETON


@pytest.mark.parametrize(("stage", "said"), [("11_overfit", "no function of its own"), ("softmacks", "no stage 'softmacks'")])
def test_reset_of_nothing_is_refused(folder, stage, said):
    result = asked("reset", stage, "--student", folder)
    assert result.exit_code == 2
    assert said in result.output


def test_a_text_is_read_again_where_a_thread_has_disturbed_the_count_of_its_depth(monkeypatch):
    usual, texts = ast.parse, []

    def disturbed(text):
        texts.append(text)
        if len(texts) == 1:
            raise SystemError("AST constructor recursion depth mismatch (before=90, after=65)")
        return usual(text)

    monkeypatch.setattr(ast, "parse", disturbed)
    assert len(tree_of("x = 1\n").body) == 1
    assert len(texts) == 2
