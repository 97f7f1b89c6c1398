"""Why a message cannot be used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why message `index` of a poll could not be (wholly) used.

    `reason` is one of REASONS, a metric label; `detail` is for people.
    """

    index: int
    reason: str
    detail: str


REASONS = {
    "empty": "the message has no value",
    "not_json": "the value is not JSON",
    "wrong_shape": "the JSON is not a packet",
    "not_arrow": "the value is not a whole Arrow stream",
    "wrong_columns": "the Arrow stream lacks columns, or they have other types",
    "bad_name": "a name is empty, too long, or has a slash or control characters",
    "too_large": "the message holds more than anybody can mean",
    "non_finite": "a number is infinite",
    "time_before_year_1": "the generation time is before the year 1",
    "time_in_future": "the generation time is later than the message could know",
}


class Unusable(Exception):
    """A message that has to be refused whole."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
