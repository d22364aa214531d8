"""The course as pages: handouts, glossary, questions and further reading, from the Markdown that GitHub shows as well.

`write` makes `site/` in a folder if anything changed of what it is made of. No page runs a script or asks for another file.
"""

import re
import shutil
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from grader.course.about import FILE
from grader.course.course import Course
from grader.course.fingerprint import of_text

SITE, HANDOUT = "site", "README.md"
#: Written last: SHA-256 of what the pages are made of.
MARK = ".made-of"
_HERE = Path(__file__).resolve().parent
_OWN = ("site.py", "site.css", "style.css", "templates/site.html.j2", "templates/base.html.j2")
_BOX = 'class="{}" tabindex="0" role="group" aria-label="{}"'  # of what may be wider than the page, and scrolls by itself
_BLOCK, _INLINE = re.compile(r"```math\n(.*?)```\n", re.DOTALL), re.compile(r"\$`(.*?)`\$", re.DOTALL)
_MINUTES = re.compile(r"About (\d+) minutes")
_IMAGE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
_FIGURE = re.compile(r'<p><img src="([^"]*)" alt="([^"]*)" /></p>\n(?:<p><em>((?:(?!</p>).)*)</em></p>\n)?', re.DOTALL)


class Document(NamedTuple):
    """A page: its name, its title, and what is below the masthead. Ids begin with the name of the Markdown file."""

    name: str
    title: str
    html: str

    def section(self, title: str) -> str:
        """What is below a heading of the second level; empty if there is none of that title."""
        found = re.search(rf'<h2 id="{self.name}-{_slug(title)}">.*?</h2>\n(.*?)(?=<h2 |\Z)', self.html, re.DOTALL)
        return found[1] if found else ""

    def in_one_page(self) -> str:
        """The same as a part of a page of all: headings a level lower, links within the page."""
        html = re.sub(r"(</?h)([1-5])", lambda found: f"{found[1]}{int(found[2]) + 1}", self.html)
        return re.sub(r'href="([\w-]+)\.html(?:#([\w-]+))?"', lambda found: f'href="#{found[2] or found[1]}"', html)


@cache
def openings(tasks: Path) -> dict[str, tuple[int, str]]:
    """Stage -> minutes (0 if its handout tells none), and the three paragraphs at most with which that begins, as plain text."""
    found = {}
    for path in sorted(tasks.glob(f"[!._]*/{HANDOUT}")):
        text = path.read_text("utf-8", "replace")
        parts = [part.strip() for part in text.partition("```")[0].split("\n\n")]
        kept = "\n\n".join([part for part in parts if part and part[0] not in "#*|-!"][:3])
        told = _MINUTES.search(text)
        found[path.parent.name] = (int(told[1]) if told else 0, re.sub(r":$", ".", kept.replace("*", "")))
    return found


def handouts(out: Path, course: Course, stages: Iterable[str]) -> dict[str, str]:
    """Stage -> where a page in `out` finds its handout: beside it, else at the course's address; those that can be found."""
    if (out / SITE / MARK).is_file():
        return {stage: f"{SITE}/{stage}.html" for stage in stages if (out / SITE / f"{stage}.html").is_file()}
    address = course.about.address.rstrip("/")
    return {stage: f"{address}/{stage}.html" for stage in stages if address and (course.tasks / stage / HANDOUT).is_file()}


def write(course: Course, out: Path) -> Path:
    """Write `out/site/` if what it is made of has changed, and return its first page."""
    folder = out / SITE
    if not (folder / MARK).is_file() or (folder / MARK).read_text("utf-8") != _mark(course):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files(course).items():
            (folder / name).write_bytes(text.encode())
    return folder / "index.html"


def _mark(course: Course) -> str:
    texts = _texts(course)
    figures = [path.parent / image for path in texts for image in _IMAGE.findall(path.read_text("utf-8", "replace"))]
    files = [course.tasks / FILE, *texts, *figures, *(_HERE / name for name in _OWN)]
    return of_text(*(part for path in files for part in (path.name, path.read_bytes() if path.is_file() else b"")))


def _texts(course: Course) -> dict[Path, str]:
    """File -> name of its page: the handouts in order, then the course's other pages."""
    handouts = {path.resolve(): path.parent.name for path in sorted(course.tasks.glob(f"[!._]*/{HANDOUT}"))}
    others = [(course.tasks / file).resolve() for file in course.about.pages]
    return handouts | {path: path.stem for path in others if path.is_file()}


def files(course: Course) -> dict[str, str]:
    """Name -> content, of all pages and of the mark."""
    from grader.report.pages import environment, stylesheet

    told, documents = course.about, _documents(_texts(course))
    stages = [document for document in documents if (course.tasks / document.name).is_dir()]
    gathered = [Document(_slug(title), title, "") for title in told.gathered]
    first, whole = Document("index", told.title, ""), Document("everything", "Everything on one page", "")
    named = {"course": told.title, "about": told, "stages": stages, "gathered": gathered, "documents": documents}
    template = environment(site_css=stylesheet(_HERE / "site.css"), **named).get_template("site.html.j2")
    others = [*documents[len(stages) :], *gathered, whole]
    made = {f"{page.name}.html": template.render(page=page, others=others) for page in [first, *stages, *others]}
    return {**made, MARK: _mark(course)}


def _documents(texts: Mapping[Path, str]) -> list[Document]:
    """The Markdown files as HTML, with formulas as GitHub reads them: ```math blocks and $`...`$."""
    from markdown_it import MarkdownIt
    from math_core import LatexToMathML

    # A formula that cannot be read is shown with what is amiss in it.
    mathml = LatexToMathML(continue_on_error=True).convert_with_local_state
    markdown, box = MarkdownIt("commonmark", {"html": True}).enable("table"), _BOX.format("scroll formula", "Formula")
    made = []
    for path, name in texts.items():
        text = path.read_text("utf-8", "replace")  # a damaged handout ends no grade
        text = _BLOCK.sub(lambda found: f"<div {box}>{mathml(found[1], displaystyle=True)}</div>\n\n", text)
        text = _INLINE.sub(lambda found: mathml(found[1], displaystyle=False), text)
        made.append(Document(name, text.partition("\n")[0].lstrip("# "), _finished(markdown.render(text), path, texts)))
    return made


def _finished(html: str, path: Path, names: Mapping[Path, str]) -> str:
    """With what Markdown has no words for: anchors, links from page to page, figures, boxes that scroll."""
    name = names[path]

    def link(found: re.Match[str]) -> str:
        file, _, part = found[1].partition("#")
        page = names.get((path.parent / file).resolve()) if file else name
        return found[0] if "://" in file else f'<a href="{page}.html{f"#{page}-{part}" if part else ""}"' if page else "<a"

    html = re.sub(r"<h1>(.*?)</h1>", rf'<h1 id="{name}">\1</h1>', html)
    html = re.sub(r"<(h\d)>(.*?)</\1>", lambda found: f'<{found[1]} id="{name}-{_slug(found[2])}">{found[2]}</{found[1]}>', html)
    html = re.sub(r'<a href="([^"]*)"', link, html)
    # A number such as 1e-06 stays on its line.
    html = re.sub(r"(?<![\w.])(\d[\d.]*e[+-]\d+)(?=[^<>]*<)", r'<span class="whole">\1</span>', html)
    html = _FIGURE.sub(lambda found: _figure(path.parent / found[1], found[2].replace("\n", " "), found[3]), html)
    table = f'<div {_BOX.format("scroll", "Table")}><table class="table">'
    html = html.replace("<table>", table).replace("</table>", "</table></div>").replace("<th></th>", "<td></td>")
    return html.replace("<pre>", f"<pre {_BOX.format('code', 'Code')}>")


def _figure(path: Path, alt: str, caption: str | None) -> str:
    """A drawing as an element of the page, in the page's own colours."""
    if path.suffix != ".svg" or not path.is_file():
        return f"<p><em>{alt}</em></p>\n"
    svg = re.sub(r"<style>.*?</style>|\n", "", path.read_text("utf-8", "replace"), flags=re.DOTALL)
    told = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f'<figure><svg class="plot" role="img" aria-label="{alt}" {svg.removeprefix("<svg ")}{told}</figure>\n'


def _slug(title: str) -> str:
    """A heading as GitHub makes an anchor of it."""
    return re.sub(r"<[^>]*>|[^a-z0-9 _-]", "", title.lower()).replace(" ", "-")
