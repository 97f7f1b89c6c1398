"""Numbers are written as Grafana 11.6 writes them."""

from datetime import UTC, datetime

import pytest

from tests.provisioning.grafana.drawing.units import shown, shown_ticks, shown_time


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.0, "none", "0"),
        (9000.0, "none", "9000"),
        (13.048, "none", "13.0"),
        (0.01236, "none", "0.0124"),
        (-2.5, "none", "-2.50"),
        (0.00731, "percentunit", "0.731%"),
        (42.0, "percent", "42%"),
        (0.0, "s", "0 s"),
        (0.00025, "s", "250 µs"),
        (0.5, "s", "500 ms"),
        (12.0, "s", "12 s"),
        (60.0, "s", "1 min"),
        (90.0, "s", "1.50 mins"),
        (7200.0, "s", "2 hours"),
        (1_000_000.0, "s", "1.65 weeks"),
        (0.5, "ms", "0.500 ms"),
        (90_000.0, "ms", "1.50 mins"),
        (5e7, "s", "1.58 years"),
        (5.86e-8, "pressurekpa", "5.86e-8 kPa"),
        (11.83, "lengthkm", "11.8 km"),
        (0.0821, "lengthkm", "82.1 m"),
        (20_000.0, "lengthkm", "20 Mm"),
        (1000.0, "lengthm", "1 km"),
        (2600.0, "velocityms", "2600 m/s"),
        (9.849, "accMS2", "9.85 m/sec²"),
        (43.69, "degree", "43.7 °"),
        (400.0, "cps", "400 c/s"),
        (677_000.0, "cps", "677K c/s"),
        (300 * 2**20, "bytes", "300 MiB"),
        (1500.0, "short", "1.50 K"),
        (6.886, "suffix: km/s", "6.89 km/s"),
        (28.0, "V", "28 V"),
    ],
)
def test_a_number_has_three_digits_and_its_unit(value: float, unit: str, expected: str):
    assert shown(value, unit) == expected


def test_a_panel_may_say_how_many_decimals():
    assert shown(27.95725, "volt", decimals=3) == "27.957 V"


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        ([0, 2.5, 5], "none", ["0.0", "2.5", "5.0"]),
        ([0, 0.05, 0.1], "percentunit", ["0%", "5%", "10%"]),
        ([0.001, 0.002], "s", ["1 ms", "2 ms"]),
        ([0, 500, 1500], "lengthm", ["0 m", "500 m", "1.50 km"]),
        ([50, 100, 150], "s", ["50 s", "1.67 mins", "2.50 mins"]),
    ],
)
def test_ticks_have_the_decimals_that_tell_them_apart(
    values: list[float], unit: str, expected: list[str]
):
    assert shown_ticks(values, unit) == expected


def test_a_time_is_written_to_the_second():
    assert shown_time(datetime(2026, 6, 27, 4, 5, 6, 789, UTC)) == "2026-06-27 04:05:06"


def test_a_time_may_have_a_form_of_its_own():
    time = datetime(2026, 6, 27, 4, 5, 6, 789, UTC)
    assert shown_time(time, "time:MM-DD HH:mm") == "06-27 04:05"


def test_a_date_that_is_todays_may_be_left_out():
    unit = "dateTimeAsIsoNoDateIfToday"
    assert shown_time(datetime(2026, 6, 27, tzinfo=UTC), unit).startswith("2026-06-27")
    now = datetime.now(UTC)
    assert shown_time(now, unit) in {f"{now:%H:%M:%S}", f"{now:%Y-%m-%d %H:%M:%S}"}
