"""The course's pages: all there, linked, of one file each; made when something changed, and linked from reports."""

import os
import re
import shutil

import pytest

from grader.course.course import BadCourse, Course
from grader.paths import TASKS
from grader.report import site
from grader.report.learner import render
from tests.courses import HERE
from tests.report import samples

STAGES = sorted(path.parent.name for path in TASKS.glob("*/README.md"))


@pytest.fixture(scope="module")
def pages():
    """Name without .html -> page."""
    return {name.removesuffix(".html"): text for name, text in site.files(HERE).items() if name != site.MARK}


@pytest.fixture
def course(tmp_path):
    """A course of one stage with a page beside it."""
    stage = tmp_path / "tasks" / "01_first"
    (stage / "figures").mkdir(parents=True)
    (stage / "figures" / "line.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><style>x</style></svg>')
    (stage / "README.md").write_text(
        "# 01 A first stage\n\nIts *idea* & more, 1e-06 of it.\n\n## A `part`\n\nSee [words](../words.md#all-of-them), "
        "[data](../../data/README.md), [this](#a-part).\n\n![A line\nthat rises](figures/line.svg)\n\n*It rises.*\n\n"
        "![A photo](figures/photo.png)\n\n```math\na < b\n```\n\nso $`\\frac{a`$.\n\n## Questions\n\nWhy?\n"
    )
    (tmp_path / "tasks" / "words.md").write_text("# Words\n\n## All of them\n")
    (tmp_path / "tasks" / "course.toml").write_text('title = "A course"\npages = ["words.md"]\ngathered = ["Questions"]\n')
    return Course(tmp_path)


def test_every_stage_and_every_other_page_is_there(pages):
    assert list(pages) == ["index", *STAGES, "glossary", "key-learnings", "questions", "further-reading", "everything"]
    for name, text in pages.items():
        assert all(f'href="{other}.html"' in text for other in ("glossary", "questions", "everything")), name
    assert all(f'href="{stage}.html"' in pages["index"] for stage in STAGES)
    assert pages["questions"].count("<summary>Answer</summary>") >= 3 * len(STAGES)
    assert len(re.findall(r"<tr>\n<td>", pages["glossary"])) >= 40


def test_links_within_lead_somewhere_and_those_outside_are_well_formed(pages):
    ids = {name: re.findall(r' id="([^"]+)"', text) for name, text in pages.items()}
    for name, text in pages.items():
        assert len(ids[name]) == len(set(ids[name])), name
        for link in re.findall(r'<a [^>]*href="([^"]*)"', text):
            file, _, part = link.partition("#")
            if "://" in link:
                assert re.fullmatch(r"https?://[a-z0-9.-]+/[\w/.#-]*", link), link
            else:
                target = file.removesuffix(".html") or name
                assert target in pages, f"{name}: {link}"
                assert not part or part in ids[target], f"{name}: {link}"


def test_a_page_runs_nothing_and_asks_for_nothing(pages):
    for name, text in pages.items():
        assert "<script" not in text
        assert not re.search(r'\bon[a-z]+="', text), name
        assert not re.search(r'(?:src|xlink:href)="(?!data:)', text), name
        assert "math-core-error" not in text, name
        assert text.count("<svg class=") == text.count("</figure>"), name
        assert "`" not in re.sub(r"<pre.*?</pre>", "", text, flags=re.DOTALL), name


def test_one_page_holds_everything(pages):
    whole = re.sub(r"<[^>]*>", "", pages["everything"])
    for name in [*STAGES, "glossary", "key-learnings"]:
        body = re.sub(r"<[^>]*>", "", re.search(r"<article>(.*)</article>", pages[name], re.DOTALL)[1])
        assert body.strip() in whole, name


def test_what_markdown_becomes(course):
    page = site.files(course)["01_first.html"]
    for part in (
        '<h1 id="01_first">01 A first stage</h1>',
        'Its <em>idea</em> &amp; more, <span class="whole">1e-06</span> of it.',
        '<h2 id="01_first-a-part">A <code>part</code></h2>',
        '<a href="words.html#words-all-of-them">words</a>, <a>data</a>, <a href="01_first.html#01_first-a-part">this</a>',
        'role="img" aria-label="A line that rises"',
        "<figcaption>It rises.</figcaption></figure>",
        "<p><em>A photo</em></p>",
        '<div class="scroll formula" tabindex="0" role="group" aria-label="Formula"><math display="block"><mi>a</mi><mo>&lt;</mo>',
        "math-core-error",
    ):
        assert part in page, part


def test_pages_are_made_again_only_if_something_changed(course, tmp_path):
    out = tmp_path / "build"

    def times():
        return {path.name: path.stat().st_mtime_ns for path in (out / "site").iterdir()}

    first = site.write(course, out)
    assert first.name == "index.html"
    for path in first.parent.iterdir():
        os.utime(path, ns=(1, 1))
    site.write(course, out)
    assert set(times().values()) == {1}
    (course.tasks / "01_first" / "figures" / "line.svg").write_text("<svg></svg>")
    site.write(course, out)
    assert 1 not in times().values()
    shutil.rmtree(course.tasks / "01_first")
    site.write(course, out)
    assert set(times()) == {"index.html", "words.html", "questions.html", "everything.html", site.MARK}


def test_a_course_without_course_toml_has_its_handouts_and_a_damaged_one_is_named(course):
    (course.tasks / "course.toml").write_text('adress = "x"\n')
    with pytest.raises(BadCourse, match=r"course\.toml: 'adress' .* Did you mean address"):
        site.files(course)
    (course.tasks / "course.toml").unlink()
    assert "01_first.html" in site.files(course)


def test_a_report_links_to_the_handout_beside_it_else_to_the_address_else_to_nothing(course, tmp_path):
    out = tmp_path / "out"
    assert site.handouts(out, Course(course.folder), ["01_first"]) == {}
    (course.tasks / "course.toml").write_text('address = "https://example.org/course/"\n')
    assert site.handouts(out, course, ["01_first", "02_none"]) == {"01_first": "https://example.org/course/01_first.html"}
    site.write(course, out)
    assert site.handouts(out, course, ["01_first", "02_none"]) == {"01_first": "site/01_first.html"}


def test_a_report_in_the_usual_folder_has_the_pages_and_links_to_them_and_another_has_neither(tmp_path):
    usual, other, course = tmp_path / "build", tmp_path / "other", Course(tmp_path, stages_in=TASKS)
    pages = {}
    for out in (usual, other):
        out.mkdir()
        pages[out] = render(samples.make("untouched", out), out, course).read_text("utf-8")
    assert not (other / "site").exists()
    assert 'href="site/' not in pages[other]
    assert set(re.findall(r'href="(site/[^"]+)"', pages[usual])) == {f"site/{stage}.html" for stage in STAGES[:12]}
    assert all((usual / "site" / f"{stage}.html").is_file() for stage in STAGES)
