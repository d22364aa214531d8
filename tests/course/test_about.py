"""What a course says of itself in course.toml: read whole, with defaults, and refused in one sentence."""

import pytest

from grader.course.about import About, BadCourse, read_about
from grader.course.course import Course
from tests.courses import HERE
from tests.running.toys import read_course, write_course


def test_a_course_that_says_nothing_has_the_defaults(tmp_path):
    course = read_course(write_course(tmp_path / "tasks"))
    assert course.about == About()
    assert course.modules == ("layers", "losses")  # of the claims, in the order of the stages
    assert all("data" not in path.parts for path in course.withheld)


def test_this_course_says_what_it_is(tmp_path):
    about = HERE.about
    assert HERE.modules[:2] == ("layers", "losses")
    assert {*about.fixtures} == {"mnist", "hidden"}
    assert HERE.data / "hidden.npz" in HERE.withheld
    assert all((HERE.data / name).is_file() for name in (*about.data.open, *about.data.hidden))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = Chain", r"course\.toml cannot be read: .*line 1.* Remedy: correct that line"),
        ('titel = "Chain"', r"'titel' at the top is not known\. Did you mean title\?"),
        ('modules = ["layers.py"]', r"modules\[0\] is 'layers\.py'; it has to be a name in small letters"),
        ('classes = ["rnn"]', r"classes\[0\] is 'rnn'; it has to be a name in capitals, such as RNN"),
        ('training = "fit"', r"training is 'fit'; it has to be module\.function"),
        ('engine = "1"', r"engine is '1'; it has to be a version of two numbers"),
        ('engine = "9.4"', r"made for engine 9\.4, and this is engine \d+\.\d+\.\d+\. Remedy: use engine 9\.4, or"),
        ('[fixtures.case]\nmake = "data.case"', r"case is a fixture of the engine's own\. Remedy: "),
        ('[fixtures.words]\nmake = "words"', r"fixtures\.words\.make is 'words'; it has to be module\.function"),
        ("[fixtures.words]\nhidden = true", r"fixtures\.words\.make is missing; it has to be module\.function"),
        ('[data]\nopen = ["../secret"]', r"data\.open\[0\] is '\.\./secret'; it has to be the name of a file in data/"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_cause_and_remedy(tmp_path, text, said):
    (tmp_path / "course.toml").write_text(text)
    with pytest.raises(BadCourse, match=said):
        read_about(tmp_path)


def test_a_check_may_ask_for_the_courses_own_fixtures_and_gets_what_the_toolbox_makes(tmp_path):
    from grader.running.context import Data

    tasks = write_course(tmp_path / "tasks")
    checks = tasks / "01_first" / "checks.py"
    checks.write_text(checks.read_text().replace("(student, case)", "(student, case, words)", 1))
    with pytest.raises(BadCourse, match=r"asks for 'words'.*only for case, memo, student, or write \[fixtures\.words\]"):
        read_course(tasks)
    (tasks / "course.toml").write_text('[fixtures.words]\nmake = "texts.words"\n')
    course = read_course(tasks)
    assert course.stage("01_first").checks[0].fixtures == ("student", "case", "words")
    with pytest.raises(BadCourse, match=r"fixtures\.words is made by texts\.words, which is not in toolbox/\. Remedy: "):
        _ = Data(course).words
    (tasks / "toolbox").mkdir()
    (tasks / "toolbox" / "texts.py").write_text("def words(folder, most):\n    return [folder.name, most]\n")
    assert Data(Course(course.folder), 7).words == ["data", 7]
