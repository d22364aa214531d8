"""A page as a small tree, for tests: elements with attributes, children and text. Strict about what is closed."""

from collections.abc import Iterator
from html.parser import HTMLParser

VOID = {"col", "meta", "link", "img", "br", "hr", "input"}


class Element:
    """One element; `children` holds elements and strings in order."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag, self.attributes, self.children = tag, attributes, []

    def __iter__(self) -> Iterator["Element"]:
        """Itself and every element below it, in the order of the page."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    def all(self, tag: str = "", cls: str = "") -> list["Element"]:
        """Every element of that tag and class, itself included."""
        return [e for e in self if (not tag or e.tag == tag) and (not cls or cls in e.classes)]

    def id(self, name: str) -> "Element":
        found = [e for e in self if e.attributes.get("id") == name]
        assert len(found) == 1, f"{len(found)} elements have the id {name}"
        return found[0]


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack = [Element("page", {})]

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute of <{tag}> stands twice"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.stack[-1].children.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag):
        assert self.stack[-1].tag == tag, f"</{tag}> closes <{self.stack[-1].tag}>"
        self.stack.pop()

    def handle_data(self, data):
        self.stack[-1].children.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment in the page: {data}")


def parse(html: str) -> Element:
    """The tree of a page; fails if an element is closed by another's end tag or not at all."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    assert len(parser.stack) == 1, f"not closed: {[e.tag for e in parser.stack[1:]]}"
    return parser.stack[0]


def shape(element: Element) -> list[tuple[str, tuple[str, ...]]]:
    """The elements and the names of their attributes, in order: what text must never change."""
    return [(e.tag, tuple(sorted(e.attributes))) for e in element]
