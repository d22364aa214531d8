"""The right folder is graded, and what was graded instead of what is said: in folders, zips and tars as people make them."""

import sys

import pytest

from grader.cohort.choice import Handout, choose
from grader.cohort.package import NoPackage, read_package
from grader.export.kit_folder import contents, with_list
from tests.cohort.classes import tar_of, zip_of
from tests.courses import HERE

HANDOUT = Handout.of(HERE)
UNTOUCHED = {file: text.encode() for file, text in HANDOUT.files.items()}


@pytest.fixture(scope="module")
def kit():
    """A kit as it is handed out, without its images."""
    files = contents(HERE)
    return with_list({path: content for path, content in files.items() if not path.endswith(".npz")})


@pytest.fixture(scope="module", params=["folder", "zip", "tar", "zip in a folder"])
def handed_in(request, tmp_path_factory):
    """`handed_in(files)`: read as a hand-in of one form; gives the package's files and the notes."""

    def read(files, handout=HANDOUT):
        place = tmp_path_factory.mktemp("hand") / "in"
        if request.param == "zip":
            place.write_bytes(zip_of(files))
        elif request.param == "tar":
            place.write_bytes(tar_of(files))
        else:
            form = {"work.zip": zip_of(files)} if request.param == "zip in a folder" else files
            for path, content in form.items():
                (place / path).parent.mkdir(parents=True, exist_ok=True)
                (place / path).write_bytes(content)
        package, notes = read_package([place], handout)
        return package.files, notes

    return read


def below(folder, files):
    return {f"{folder}/{path}": content for path, content in files.items()}


def without(files, *paths):
    return {path: content for path, content in files.items() if path not in paths}


def test_a_whole_kit_is_its_student_folder_without_a_word(handed_in, kit, reference_files):
    files, notes = handed_in(below("chain-rule-ann", kit | below("student", reference_files)))
    assert files == reference_files
    assert notes == []


def test_a_kit_whose_student_folder_lacks_a_file_is_not_its_skeleton(handed_in, kit, reference_files):
    work = without(reference_files, "data.py", "faults.py")
    files, notes = handed_in(without(kit, *below("student", UNTOUCHED)) | below("student", work))
    assert files == work
    assert notes == ["not handed in: data.py"]


def test_what_may_be_missing_is_not_missed_and_ranks_no_folder_lower(reference_files):
    older = without(reference_files, "experiments.py", "faults.py", "fast.py")
    longer = below("copy", {**older, "experiments.py": b"mine = 1\n"})
    chosen = choose(below("student", older) | longer, HANDOUT)
    assert chosen.folder == "student"
    assert not [note for note in chosen.notes if "not handed in" in note]
    more = {**older, "experiments.py": b"mine = 1\n"}
    assert choose(below("a", older) | below("b", more), HANDOUT).folder == "b"  # all else being equal
    begun = {"experiments.py": b"mine = 1\n"}
    assert choose(below("x", UNTOUCHED | begun) | below("y", UNTOUCHED), HANDOUT).folder == "x"


def test_one_function_in_a_kit_is_more_than_a_whole_folder_of_stubs(handed_in, kit):
    begun = {"layers.py": UNTOUCHED["layers.py"] + b"\nmine = 1\n"}
    files, notes = handed_in(without(kit, *below("student", UNTOUCHED)) | below("student", begun))
    assert files == begun
    assert [note[:15] for note in notes] == ["not handed in: "]


def test_a_student_folder_with_another_name_is_found_and_said(handed_in, kit, reference_files):
    moved = without(kit, *below("student", UNTOUCHED)) | below("work", reference_files)
    files, notes = handed_in(moved)
    assert files == reference_files
    assert notes == ["'work' was graded: 'student' contains no module of the course"]
    files, notes = handed_in(kit | below("work", reference_files))
    assert files == reference_files
    assert notes == ["'work' was graded: 'student' is as it was given out"]


def test_an_untouched_kit_is_graded_as_it_is_and_said(handed_in, kit):
    files, notes = handed_in(kit)
    assert files == UNTOUCHED
    assert notes == ["nothing is written yet: every module is as it was given out"]


def test_line_ends_of_another_system_are_nobodys_work(handed_in, kit, reference_files):
    windows = {path: content.replace(b"\n", b"\r\n") for path, content in kit.items()}
    files, notes = handed_in(windows | below("mine", reference_files))
    assert files == reference_files
    assert "'student' is as it was given out" in notes[0]


def test_an_older_kit_is_untouched_too(handed_in, kit, reference_files):
    """What its own skeleton/ says counts beside the course's."""
    older = {path: content.replace(b"TODO", b"TO DO") for path, content in kit.items()}
    assert handed_in(older | below("mine", reference_files))[0] == reference_files


@pytest.mark.parametrize("beside", ["skeleton", "skeleton/student", "x/skeleton"])
def test_a_skeleton_folder_is_never_taken(handed_in, reference_files, beside):
    files, _ = handed_in({"student/layers.py": b"mine = 1\n"} | below(beside, reference_files))
    assert files == {"layers.py": b"mine = 1\n"}
    with pytest.raises(NoPackage, match="lie in skeleton/, which is never graded: the work belongs in student/"):
        handed_in(below(beside, reference_files))


def test_a_checkout_of_the_course_is_not_its_answers(handed_in, kit, reference_files):
    """Somebody works in a clone of the course itself, with the reference, tests and benchmarks in it."""
    own = below("reference", reference_files) | below("tests/mistakes/right/loops", reference_files)
    begun = UNTOUCHED | {"layers.py": b"mine = 1\n"}
    files, notes = handed_in(below("clone", without(kit, ".kit") | own | below("student", begun)))
    assert files == begun
    assert notes == []


def test_a_student_folder_in_a_kit_comes_before_more_work_elsewhere(handed_in, kit, reference_files):
    begun = UNTOUCHED | {"layers.py": b"mine = 1\n"}
    files, notes = handed_in(kit | below("student", begun) | below("from a friend", reference_files))
    assert files == begun
    assert notes == ["2 folders look like a submission: 'student' was graded, not 'from a friend'"]


def test_most_written_comes_first_and_then_the_nearest_to_the_top(handed_in, reference_files):
    begun = UNTOUCHED | {"layers.py": b"mine = 1\n"}
    files, notes = handed_in(below("a", begun) | below("x/b", reference_files) | below("x/y/c", reference_files))
    assert files == reference_files
    assert notes == ["2 folders look like a submission: 'x/b' was graded, not 'x/y/c'"]


def test_a_reference_is_taken_last(handed_in, reference_files):
    files, _ = handed_in({"student/layers.py": b"mine = 1\n"} | below("reference", reference_files))
    assert files == {"layers.py": b"mine = 1\n"}


RENAMED = ["losses (1)", "losses-1", "Losses", "losses copy", "losses copy 2", "losses_final", "losses.py", "Copy of losses"]


@pytest.mark.parametrize("name", [f"{stem}.py" for stem in RENAMED])
def test_a_renamed_module_is_said_and_the_rest_is_graded(handed_in, kit, reference_files, name):
    work = without(reference_files, "losses.py") | {name: reference_files["losses.py"]}
    files, notes = handed_in(without(kit, *below("student", UNTOUCHED)) | below("student", work))
    assert files == work
    assert notes == [f"{name!r} was not graded: it has to be called losses.py"]


def test_a_copy_beside_the_module_is_nothing_to_speak_of(handed_in, reference_files):
    assert handed_in(reference_files | {"losses (1).py": b"x = 1\n"})[1] == []


def test_renamed_modules_alone_are_no_submission_and_it_is_said_why(handed_in):
    with pytest.raises(NoPackage, match=r"'layers \(1\).py' has to be called layers.py"):
        handed_in({"layers (1).py": b"x = 1\n", "losses (1).py": b"x = 1\n"})


def test_a_module_that_no_graded_stage_asks_for_is_not_missed(handed_in):
    handout = Handout.of(HERE, ["01_linear", "20_private"])
    assert handed_in({"layers.py": b"x = 1\n"}, handout)[1] == []
    assert handed_in({"losses.py": b"x = 1\n"}, handout)[1] == ["not handed in: layers.py"]


def test_an_archive_beside_an_untouched_kit_is_looked_into(handed_in, kit, reference_files):
    assert handed_in(kit | {"mine.zip": zip_of(reference_files)})[0] == reference_files
    assert handed_in(kit | {"photos.zip": zip_of({"a.txt": b""})})[0] == UNTOUCHED


def test_a_folder_of_helpers_is_no_rival(handed_in, reference_files):
    assert handed_in(below("student", reference_files | below("helpers", reference_files)))[1] == []


def test_two_kits_in_one_another(handed_in, kit, reference_files):
    begun = below("student", UNTOUCHED | {"layers.py": b"old = 1\n"})
    files, notes = handed_in(kit | below("student", reference_files) | below("old", kit | begun))
    assert files == reference_files
    assert notes == ["'student' was graded, not 'old/student'"]


HOSTILE = {
    "a kit in each folder": lambda n: {
        f"{i}/{name}": b"" for i in range(n) for name in (".kit", "layers.py", "student/layers.py")
    },
    "a skeleton in each folder": lambda n: {f"{i}/{name}/layers.py": b"" for i in range(n) for name in ("skeleton", "student")},
    "copies of a module": lambda n: {f"losses ({i}).py": b"" for i in range(n)} | {"layers.py": b"x"},
    "deep folders": lambda n: {f"{'d/' * 100}{i}/layers.py": b"" for i in range(n)},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_work_of_choosing_grows_with_what_was_handed_in(kind):
    def calls(files):
        count = 0

        def note(frame, event, argument):
            nonlocal count
            count += event in ("call", "c_call")

        sys.setprofile(note)
        try:
            choose(files, HANDOUT)
        finally:
            sys.setprofile(None)
        return count

    one, two, four = (calls(HOSTILE[kind](200 * times)) for times in (1, 2, 4))
    assert two < 2.2 * one
    assert four < 2.2 * two


def test_a_path_of_any_depth_is_passed_over(tmp_path):
    (tmp_path / "a.zip").write_bytes(zip_of({f"{'d/' * 30_000}layers.py": b"", "layers.py": b"x = 1\n"}))
    assert list(read_package([tmp_path / "a.zip"], HANDOUT)[0].files) == ["layers.py"]


def test_without_a_handout_every_module_counts_as_written():
    assert choose({"a/layers.py": b"", "b/c.py": b""}, Handout(HERE.modules)).folder == "a"
    assert choose({"a.py": b""}, Handout(HERE.modules)) is None
