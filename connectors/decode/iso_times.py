"""Generation times in the forms of ISO 8601 that are taken beside RFC 3339.

The day may be a calendar day, one of the year (2026-005) or one of a week (2026-W02-1).
Hyphens and colons may be missing, and so may seconds. A fraction may follow a comma.
24:00 is the start of the next day, and so is a leap second.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

EXAMPLE = "2026-01-05T12:58:51Z"
LONGEST_TOLD = 40

_FORM = re.compile(
    r"""
    (?P<year>[0-9]{4})
    (?:
        -(?P<month>[0-9]{2})-(?P<day>[0-9]{2})
        | (?P<plain_month>[0-9]{2})(?P<plain_day>[0-9]{2})
        | -?(?P<day_of_year>[0-9]{3})
        | -?[Ww](?P<week>[0-9]{2})-?(?P<weekday>[0-9])
    )
    [Tt ]
    (?P<hour>[0-9]{2}) :? (?P<minute>[0-9]{2})
    (?: :? (?P<second>[0-9]{2}) (?: [.,] (?P<fraction>[0-9]{1,30}) )? )?
    (?P<zone>
        [Zz] | (?P<sign>[+-]) (?P<hours>[0-9]{2}) (?: :? (?P<minutes>[0-9]{2}) )?
    )?
    """,
    re.VERBOSE,
)


def iso_time(text: object) -> datetime:
    """The time that a text stands for, to the nearest microsecond.

    Raises ValueError for what is none, which tells the text and a form that is taken.

    >>> iso_time("2026-005T12:58:51,5Z").isoformat()
    '2026-01-05T12:58:51.500000+00:00'
    """
    if not isinstance(text, str):
        raise ValueError(_not_taken(text, "is no text"))
    parts = _FORM.fullmatch(text)
    if parts is None:
        raise ValueError(_not_taken(text, "has another form"))
    if parts["zone"] is None:
        raise ValueError(_not_taken(text, "has no time zone"))
    try:
        return _time(parts)
    except (ValueError, OverflowError) as error:
        raise ValueError(_not_taken(text, str(error))) from None


def _not_taken(given: object, problem: str) -> str:
    told = repr(given)
    if len(told) > LONGEST_TOLD:
        told = f"{told[:LONGEST_TOLD]}..."
    return f"generation_time {told} {problem}; send it as {EXAMPLE}"


def _time(parts: re.Match[str]) -> datetime:
    hour, minute, second = (int(parts[of] or 0) for of in ("hour", "minute", "second"))
    since_midnight = timedelta(
        hours=hour, minutes=minute, seconds=second, microseconds=_fraction_us(parts)
    )
    if since_midnight > timedelta(days=1) or hour > 24:
        if not (hour == 23 and minute == 59 and second == 60):
            raise ValueError("has an hour beyond 24:00")
    if minute > 59 or second > 60:
        raise ValueError("has a minute or second beyond 59")
    midnight = datetime.combine(_day(parts), datetime.min.time(), _zone(parts))
    moment = midnight + since_midnight
    if second == 60:
        before = (moment - timedelta(seconds=1)).astimezone(UTC)
        if (before.hour, before.minute, before.second) != (23, 59, 59):
            raise ValueError("has a leap second that is not before midnight UTC")
    return moment


def _fraction_us(parts: re.Match[str]) -> int:
    digits = f"{parts['fraction'] or ''}0000000"
    return int(digits[:6]) + (digits[6] >= "5")


def _day(parts: re.Match[str]) -> date:
    year = int(parts["year"])
    if parts["week"]:
        return date.fromisocalendar(year, int(parts["week"]), int(parts["weekday"]))
    if parts["day_of_year"]:
        day = date(year, 1, 1) + timedelta(days=int(parts["day_of_year"]) - 1)
        if day.year != year:
            raise ValueError("has a day that the year lacks")
        return day
    month, day_of_month = (
        int(parts[of] or parts[f"plain_{of}"]) for of in ("month", "day")
    )
    return date(year, month, day_of_month)


def _zone(parts: re.Match[str]) -> timezone:
    if not parts["sign"]:
        return UTC
    hours, minutes = int(parts["hours"]), int(parts["minutes"] or 0)
    if hours > 23 or minutes > 59:
        raise ValueError("has an offset beyond 23:59")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if parts["sign"] == "-" else offset)
