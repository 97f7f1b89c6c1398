"""What producers say of the time is believed where it can be one."""

import time
from dataclasses import dataclass
from typing import cast

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_NOT_AVAILABLE, Message

from connectors.kafka.fields import LATEST_MS, times_us_of
from connectors.messages.times import moment


@dataclass(frozen=True)
class Stamped:
    """As much of a message as says when it was produced."""

    time_ms: int

    def timestamp(self) -> tuple[int, int]:
        kind = TIMESTAMP_NOT_AVAILABLE if self.time_ms == -1 else TIMESTAMP_CREATE_TIME
        return kind, self.time_ms


def told_us(*times_ms: int) -> list[int]:
    messages = [cast(Message, Stamped(time_ms)) for time_ms in times_ms]
    found: list[int] = times_us_of(messages).tolist()
    return found


def test_times_from_1970_to_the_year_9999_are_taken_as_they_are():
    times_ms = [0, 1, 1_700_000_000_123, LATEST_MS - 1, LATEST_MS]
    assert told_us(*times_ms) == [time_ms * 1000 for time_ms in times_ms]
    assert str(moment(LATEST_MS * 1000)) == "9999-12-31 23:59:59.999000+00:00"


@pytest.mark.parametrize("time_ms", [-(2**63), -1000, -1, LATEST_MS + 1, 2**63 - 1])
def test_a_time_that_cannot_be_one_is_the_present_and_its_neighbours_stay(time_ms: int):
    before_us = time.time_ns() // 1_000_000 * 1000
    first, present, last = told_us(7, time_ms, 8)
    after_us = time.time_ns() // 1000
    assert before_us <= present <= after_us
    assert (first, last) == (7000, 8000)
