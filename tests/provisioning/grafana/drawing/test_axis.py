"""Axes have round ticks, apart enough to be read."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.provisioning.grafana.drawing.axis import nice_step, number_axis, time_axis

NOON = datetime(2026, 6, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "first", "second"),
    [
        (timedelta(minutes=2), "12:00:00", "12:00:10"),
        (timedelta(hours=6), "12:00", "12:30"),
        (timedelta(days=2), "06/27 12:00", "06/27 15:00"),
        (timedelta(days=30), "06/28", "06/30"),
    ],
)
def test_a_time_axis_has_clock_times(span: timedelta, first: str, second: str):
    axis = time_axis(NOON, NOON + span, room_px=1200)
    assert axis.labels[:2] == [first, second]


def test_numbers_leave_room_above_and_below():
    axis = number_axis([27.0, 29.0], "none", room_px=200)
    assert axis.low < 27 < 29 < axis.high
    assert axis.ticks[0] == axis.low


def test_numbers_that_are_never_negative_start_at_zero():
    assert number_axis([0.2, 5.0], "none", room_px=200).low == 0


def test_an_end_that_the_panel_gives_is_kept():
    axis = number_axis([3.0, 5.0], "none", room_px=200, low=0, high=7)
    assert (axis.low, axis.high) == (0, 7)


def test_what_is_counted_has_no_halves():
    axis = number_axis([0.0, 1.0], "none", room_px=400, low=0, decimals=0)
    assert list(axis.labels) == ["0", "1", "2"]


def test_a_flat_line_at_zero_has_an_axis():
    assert number_axis([0.0, 0.0], "none", room_px=200).high == 1


def test_no_number_at_all_has_an_axis():
    assert number_axis([float("nan")], "none", room_px=200).ticks


def test_bytes_have_steps_in_powers_of_two():
    assert nice_step(100e6, "bytes") == 2**27


def test_a_step_is_one_two_or_five():
    assert [nice_step(finest, "none") for finest in (0.3, 1.5, 2.2, 60)] == [
        0.5, 2, 2.5, 100,
    ]  # fmt: skip
