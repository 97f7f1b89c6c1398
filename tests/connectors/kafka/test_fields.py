"""What producers say of the time is believed where it can be one."""

import time
from dataclasses import dataclass
from typing import cast

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_NOT_AVAILABLE, Message

from connectors.kafka.fields import EARLIEST_MS, LATEST_MS, times_us_of
from connectors.messages.times import moment


@dataclass(frozen=True)
class Stamped:
    """As much of a message as says when it was produced."""

    time_ms: int

    def timestamp(self) -> tuple[int, int]:
        kind = TIMESTAMP_NOT_AVAILABLE if self.time_ms == -1 else TIMESTAMP_CREATE_TIME
        return kind, self.time_ms

    def topic(self) -> str:
        return f"stamped.{self.time_ms}"

    def partition(self) -> int:
        return 3

    def offset(self) -> int:
        return 4


def told_us(*times_ms: int) -> list[int]:
    messages = [cast(Message, Stamped(time_ms)) for time_ms in times_ms]
    found: list[int] = times_us_of(messages).tolist()
    return found


def test_times_from_the_first_year_of_kafka_to_9999_are_taken_as_they_are():
    first = EARLIEST_MS
    times_ms = [first, first + 1, 1_700_000_000_123, LATEST_MS - 1, LATEST_MS]
    assert told_us(*times_ms) == [time_ms * 1000 for time_ms in times_ms]
    assert str(moment(EARLIEST_MS * 1000)) == "2011-01-01 00:00:00+00:00"
    assert str(moment(LATEST_MS * 1000)) == "9999-12-31 23:59:59.999000+00:00"


SECONDS_OF_2026 = 1_767_571_200
FIRST_START_OF_A_CLOCK_MS = 946_684_800_000  # 2000-01-01, as many clocks begin


@pytest.mark.parametrize(
    "time_ms",
    [
        *(-(2**63), -1000, -1, 0, EARLIEST_MS - 1, LATEST_MS + 1, 2**63 - 1),
        *(SECONDS_OF_2026, FIRST_START_OF_A_CLOCK_MS, SECONDS_OF_2026 * 10**6),
    ],
)
def test_a_time_that_cannot_be_one_is_the_present_and_its_neighbours_stay(time_ms: int):
    before_us = time.time_ns() // 1_000_000 * 1000
    first, present, last = told_us(LATEST_MS, time_ms, EARLIEST_MS)
    after_us = time.time_ns() // 1000
    assert before_us <= present <= after_us
    assert (first, last) == (LATEST_MS * 1000, EARLIEST_MS * 1000)


def test_timestamps_that_cannot_be_any_are_told_of_once_a_topic(caplog):
    told_us(EARLIEST_MS + 7, SECONDS_OF_2026 + 1)
    told_us(SECONDS_OF_2026 + 1, SECONDS_OF_2026 + 1)
    [line] = caplog.messages
    assert f"stamped.{SECONDS_OF_2026 + 1}[3] offset 4" in line


def test_a_message_without_a_timestamp_is_nothing_to_tell_of(caplog):
    told_us(-1)
    assert caplog.messages == []
