"""Times and spans of the demo as people read them; times are UTC, those on board."""

from __future__ import annotations

from datetime import datetime

ON_BOARD = "on board (UTC)"
"""What a column of times is called: when a sample was made, not when it was played."""


def date_and_time(moment: datetime) -> str:
    """To the second."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def time_beside(moment: datetime, other: datetime) -> str:
    """A time near another that has its date: without one, if it is the same."""
    same = moment.date() == other.date()
    return f"{moment:%H:%M:%S}" if same else date_and_time(moment)


def span(seconds: float) -> str:
    """A span, to three digits or so."""
    return f"{seconds:.0f} s" if seconds >= 10 or not seconds else f"{seconds:.1f} s"
