"""Why a message, or a value in one, cannot be used."""

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
    "no_usable_value": "the packet has values, and none of them is a number",
    "bad_time": "the generation time is no time, has no zone, or another form",
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


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with values of message `index`, whose rest is used.

    `key` is what they came under, `/SAT/power/mode` or `/SAT/power/context.mode`;
    `reason` is one of FAULTS, a metric label.
    """

    index: int
    key: str
    reason: str
    values: int = 1


FAULTS = {
    "text": "text, which is left out",
    "boolean": "true or false, which is left out; send 1 or 0",
    "null": "null, where a number is needed, which is left out",
    "number": "a number, where a text is needed, which is left out",
    "fraction": "a fraction, where a whole number is needed, which is left out",
    "nested": "a list or an object, which is left out",
    "out_of_range": "a number that no double holds, which is left out",
    "rounded": "an integer beyond 2**53, which is rounded to the nearest double",
}
