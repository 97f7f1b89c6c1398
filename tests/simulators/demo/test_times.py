"""Times are told with their date, and spans as short as they can be."""

from datetime import UTC, datetime

import pytest

from simulators.demo.times import date_and_time, span, time_beside

NOON = datetime(2024, 1, 1, 12, 4, 0, 900_000, tzinfo=UTC)


def test_a_time_has_its_date():
    assert date_and_time(NOON) == "2024-01-01 12:04:00"


def test_the_date_is_left_out_beside_a_time_of_the_same_day_only():
    assert time_beside(NOON, NOON.replace(hour=23)) == "12:04:00"
    assert time_beside(NOON, NOON.replace(day=2)) == "2024-01-01 12:04:00"
    assert time_beside(NOON, NOON.replace(year=2025)) == "2024-01-01 12:04:00"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (0.2, "0.2 s"), (9.94, "9.9 s"), (90, "90 s"), (1290.4, "1290 s")],
)
def test_a_span_is_told_to_a_tenth_only_if_it_is_short(seconds: float, words: str):
    assert span(seconds) == words
