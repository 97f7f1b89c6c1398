"""The live picture tells how far each flow is."""

from datetime import UTC, datetime

from rich.console import Console

from connectors.database.overview import LatestAnomaly
from simulators.demo.live import Reading, Speeds, live_table, status_line

ANOMALY = LatestAnomaly(
    *("/LAUNCHER/ascent/velocity_limit_use", "WARNING", 2.0),
    datetime(2024, 1, 1, 12, tzinfo=UTC),
    None,
    "[odd] text",
)


def speeds_of(*readings: Reading) -> Speeds:
    speeds = Speeds()
    for reading in readings:
        speeds.add(reading)
    return speeds


def test_the_table_shows_every_flow_and_anomaly():
    speeds = {
        "spacecraft": speeds_of(Reading(1, 1000, 500)),
        "archive": speeds_of(Reading(1, 1234, 0)),
    }
    console = Console(width=80)
    with console.capture() as capture:
        console.print(live_table(speeds, [ANOMALY], 12))
    text = capture.get()
    assert "12 s to go" in text
    for shown in ("spacecraft", "archive", "1,000", "1,234", "500"):
        assert shown in text
    for shown in ("LAUNCHER", "velocity_limit_use", "WARNING", "[odd] text"):
        assert shown in text
    assert "…" not in text


def test_the_line_names_every_flow():
    speeds = {
        "spacecraft": speeds_of(Reading(5, 1000, 990)),
        "archive": speeds_of(Reading(5, 1000, 0)),
    }
    assert status_line(speeds, 3) == (
        "   5 s: samples stored: spacecraft 990 of 1,000, archive 0 of 1,000; "
        "3 anomalies"
    )


def test_lag_is_the_age_of_the_latest_sample_that_is_stored():
    speeds = speeds_of(
        *(
            Reading(second, 100 * second, max(0, 100 * (second - 2)))
            for second in range(60)
        )
    )
    assert speeds.lag_s == 2
    assert round(speeds.sent_hz) == 100
    assert round(speeds.stored_hz) == 100


def test_speeds_remember_a_bounded_number_of_readings():
    speeds = speeds_of(*(Reading(index / 2, index, index) for index in range(10_000)))
    assert len(speeds._readings) < 20
