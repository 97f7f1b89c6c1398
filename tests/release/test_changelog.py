"""The changelog has a dated section for what is released."""

from datetime import date

import pytest

from tests.release.changelog import problems, sections

TODAY = date(2026, 3, 1)
GOOD = """# Changelog

## Unreleased

## [1.1.0] - 2026-02-28

### Added

- A detector.

## 1.0.0 - 2026-01-05

### Fixed

- A flow that stopped.
"""


def told(text: str, version: str = "1.1.0") -> list[str]:
    return [problem.text for problem in problems(text, version, TODAY)]


def test_a_section_with_date_and_entries_is_all_it_takes():
    assert told(GOOD) == []
    assert told(GOOD, "1.0.0") == []


def test_a_section_ends_where_the_next_one_begins():
    found = sections(GOOD)
    assert [(each.version, each.dated) for each in found] == [
        ("Unreleased", ""),
        ("1.1.0", "2026-02-28"),
        ("1.0.0", "2026-01-05"),
    ]
    assert "A flow" not in found[1].text


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("1.1.0", "1.1.1", "there are 0 sections '## 1.1.0 - DATE'"),
        ("1.0.0", "1.1.0", "there are 2 sections"),
        ("- A detector.", "", "nothing is said below 1.1.0"),
        ("2026-02-28", "2026-02-30", "'2026-02-30' behind 1.1.0 is no date"),
        (" - 2026-02-28", "", "'' behind 1.1.0 is no date such as 2026-03-01"),
        ("2026-02-28", "2026-03-02", "1.1.0 is dated 2026-03-02, which is to come"),
        ("### Added", "### New", "'### New' below 1.1.0 is none of Added, Changed"),
    ],
)
def test_what_is_wrong_is_said_and_does_not_wait(before, after, problem):
    (found,) = problems(GOOD.replace(before, after), "1.1.0", TODAY)
    assert problem in found.text
    assert not found.may_wait


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("2026-02-28", "unreleased", "put the date of the release behind 1.1.0"),
        ("Unreleased\n", "Unreleased\n\n- Another.\n", "move what is below Unreleased"),
    ],
)
def test_what_is_done_on_the_day_of_the_release_may_wait(before, after, problem):
    (found,) = problems(GOOD.replace(before, after), "1.1.0", TODAY)
    assert problem in found.text
    assert found.may_wait
