"""CHANGELOG.md, as keepachangelog.com has it: a section for each version, dated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from tests.release import Problem

FILE = "CHANGELOG.md"
UNRELEASED = "unreleased"
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
_SECTION = re.compile(r"^## \[?([^\]\s]+)\]?(?: - (\S+))?[ ]*$", re.MULTILINE)
_KIND = re.compile(r"^### (.+)$", re.MULTILINE)
_ENTRY = re.compile(r"^- \S", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Section:
    """What changed with a version; `dated` is the text behind it, if there is one."""

    version: str
    dated: str
    text: str

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not _ENTRY.search(self.text)


def sections(text: str) -> list[Section]:
    """The sections, in order."""
    pieces = _SECTION.split(text)
    rows = zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True)
    return [Section(version, dated or "", body) for version, dated, body in rows]


def problems(text: str, version: str, today: date) -> Iterator[Problem]:
    """What is not right with the changelog for a release of `version` on this day."""
    found = sections(text)
    for section in found:
        for kind in _KIND.findall(section.text):
            if kind not in KINDS:
                yield Problem(
                    f"{FILE}: '### {kind}' below {section.version} is none of "
                    f"{', '.join(sorted(KINDS))}"
                )
    mine = [section for section in found if section.version == version]
    if len(mine) != 1:
        yield Problem(f"{FILE}: there are {len(mine)} sections '## {version} - DATE'")
        return
    yield from _problems_of_section(mine[0], today)
    for section in found:
        if section.version.lower() == UNRELEASED and not section.is_empty:
            yield Problem(
                f"{FILE}: move what is below {section.version} to {version}",
                may_wait=True,
            )


def _problems_of_section(section: Section, today: date) -> Iterator[Problem]:
    if section.is_empty:
        yield Problem(f"{FILE}: nothing is said below {section.version}")
    if section.dated.lower() == UNRELEASED:
        yield Problem(
            f"{FILE}: put the date of the release behind {section.version}, such as "
            f"'## {section.version} - {today}'",
            may_wait=True,
        )
        return
    try:
        dated = date.fromisoformat(section.dated)
    except ValueError:
        yield Problem(
            f"{FILE}: {section.dated!r} behind {section.version} is no date such as "
            f"{today}"
        )
        return
    if dated > today:
        yield Problem(f"{FILE}: {section.version} is dated {dated}, which is to come")
