"""The pages that people read, taken apart: code, links, headings and sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
# Those of folders say where to read on.
POINTERS = sorted((ROOT / "provisioning").glob("*/README.md"))
PAGES = [README, *sorted(DOCS.glob("*.md")), *POINTERS]

_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`]+)`")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"!?\[([^\]]*)\]\(([^)\s]+)\)|<img [^>]*src=\"([^\"]+)\"")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
# A list's item, a row of a table, a heading, a picture: no part of what came before.
_ITEM = re.compile(r"^ *(?:[-*]|\d+\.) ")
_APART = re.compile(r"^ *(?:\||#|<|!\[)")
_SENTENCE_ENDS = re.compile(r"(?<=[.!?])[)\"*_]* +(?=[\"(*_]*[^a-z ])")


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of code on a page, and the markers that it stands between, if any."""

    page: str
    line: int
    language: str
    code: str
    part: str = ""

    def __str__(self) -> str:
        """Where it stands."""
        return f"{self.page}:{self.line}"


def name_of(page: Path) -> str:
    """The path of a page in the project."""
    return page.relative_to(ROOT).as_posix()


def part(name: str, text: str) -> str:
    """What stands between two markers."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    return text.partition(begin)[2].partition(end)[0]


def blocks(page: Path) -> Iterator[Block]:
    """The fenced code of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for found in _FENCED.finditer(text):
        before = text[: found.start()]
        markers = re.findall(r"<!-- ([\w ]+): (begin|end) -->", before)
        name, kind = markers[-1] if markers else ("", "end")
        yield Block(
            name_of(page),
            before.count("\n") + 1,
            found[2],
            re.sub(rf"^{found[1]}", "", found[3], flags=re.MULTILINE),
            name if kind == "begin" else "",
        )


def without_code(text: str) -> str:
    """A page without its fenced code and its comments."""
    return _COMMENT.sub("", _FENCED.sub("", text))


def inline_code(text: str) -> list[str]:
    """What stands between backquotes on a page, outside fenced code."""
    return _INLINE.findall(without_code(text))


def links(text: str) -> list[str]:
    """Where the links and pictures of a page lead."""
    found = _LINK.findall(_INLINE.sub("", without_code(text)))
    return [target or source for _, target, source in found]


def anchors(text: str) -> set[str]:
    """What the headings of a page can be linked by."""
    return {_anchor(heading) for heading in _HEADING.findall(without_code(text))}


def _anchor(heading: str) -> str:
    words = re.sub(r"[^\w\- ]", "", heading.lower())
    return words.strip().replace(" ", "-")


def sentences(text: str) -> Iterator[str]:
    """The sentences of a page, outside code and tables; inline code is one word."""
    for paragraph in _paragraphs(without_code(text)):
        plain = _LINK.sub(r"\1", _INLINE.sub("Code", paragraph))
        yield from _SENTENCE_ENDS.split(" ".join(plain.split()))


def _paragraphs(text: str) -> Iterator[str]:
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        if not line.strip() or _ITEM.match(line) or _APART.match(line):
            if lines:
                yield " ".join(lines)
            lines = [] if _APART.match(line) or not line.strip() else [line]
        else:
            lines.append(line)
