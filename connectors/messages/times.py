"""Times as the project counts them: microseconds since 1970 UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 UTC, exact; `moment` must have a time zone."""
    since = moment - EPOCH  # which could be divided, in twice the time
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(time_us: int) -> datetime:
    """The UTC datetime of a time in microseconds since 1970."""
    return EPOCH + timedelta(microseconds=int(time_us))
