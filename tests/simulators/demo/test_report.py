"""Anomalies are matched with the faults that explain them."""

import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from connectors.database.overview import (
    ExpectedPass,
    FlightEvent,
    LatestAnomaly,
    OrbitPosition,
)
from connectors.messages.samples import ParameterName
from connectors.recordings.truth import Injected
from simulators.demo.report import (
    event_table,
    how_to_look,
    in_the_archive,
    judge,
    summary,
    verdict_table,
    where_it_is,
)

LATE = timedelta(seconds=120)
START = datetime(2024, 1, 1, tzinfo=UTC)
NAME = ParameterName("S", "power", "voltage")


def fault(start_s: float, end_s: float, name: ParameterName = NAME) -> Injected:
    start, end = (START + timedelta(seconds=s) for s in (start_s, end_s))
    return Injected(name, "rail", start, end)


def anomaly(start_s: float, parameter: str = str(NAME)) -> LatestAnomaly:
    started_at = START + timedelta(seconds=start_s)
    return LatestAnomaly(parameter, "WARNING", 2.0, started_at, None, "[odd] text")


def shown(table: Table | str) -> str:
    console = Console(width=80)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_an_anomaly_that_starts_during_a_fault_belongs_to_it():
    verdicts, rest = judge([fault(100, 200)], [anomaly(180), anomaly(130)], LATE)
    assert rest == []
    assert verdicts[0].delay_s == 30
    assert len(verdicts[0].detections) == 2


def test_detection_may_be_a_little_late_but_not_early():
    late_s = LATE.total_seconds()
    found = [anomaly(99), anomaly(200 + late_s), anomaly(201 + late_s)]
    verdicts, rest = judge([fault(100, 200)], found, LATE)
    assert verdicts[0].detections == (found[1],)
    assert rest == [found[0], found[2]]


def test_an_anomaly_of_another_parameter_explains_nothing():
    verdicts, rest = judge([fault(100, 200)], [anomaly(150, "/S/power/current")], LATE)
    assert verdicts[0].delay_s is None
    assert len(rest) == 1


def test_an_anomaly_of_a_derived_parameter_belongs_to_the_fault():
    found = [anomaly(110, f"{NAME}_silence"), anomaly(110, f"{NAME}s")]
    verdicts, rest = judge([fault(100, 200)], found, LATE)
    assert verdicts[0].detections == (found[0],)
    assert rest == [found[1]]


def test_the_verdicts_fit_in_80_columns():
    verdicts, rest = judge(
        [fault(100, 200), fault(900, 901.5)], [anomaly(110.25)], LATE
    )
    text = shown(verdict_table(verdicts))
    for part in ("voltage", "WARNING", "100 s", "1.5 s", "10 s"):
        assert part in text
    assert "…" not in text
    assert "Detected 1 of 2 injected faults" in summary(verdicts, rest)


def test_the_events_of_a_flight_are_told_with_their_time():
    event = FlightEvent("LAUNCHER", "max_q", START, 0.5, 12.34, 451.0)
    text = shown(event_table([event]))
    for part in ("LAUNCHER", "max_q", "00:00:00", "0.5 s", "12.3 km", "451 m/s"):
        assert part in text
    assert shown(event_table([])) == "The launch has had no event so far.\n"


def test_a_satellite_is_told_with_its_next_pass():
    position = OrbitPosition("ISS", START, -39.26, 152.81, 427.9)
    aos, los = (START + timedelta(minutes=minutes) for minutes in (44, 49))
    text = where_it_is(position, ExpectedPass("ISS", "Redu", aos, los, 10.2))
    assert text == (
        "ISS at 2024-01-01 00:00:00 UTC: 39.3° S, 152.8° E, 428 km up.\n"
        "Next pass: over Redu, 00:44:00 to 00:49:00, up to 10° above the horizon."
    )


def test_a_pass_that_has_begun_is_the_present_one():
    los = START + timedelta(minutes=5)
    expected = ExpectedPass("ISS", "Redu", START, los, 10.2)
    position = OrbitPosition("ISS", START, 1.0, 2.0, None)
    assert "\nPresent pass: over Redu, 00:00:00 to" in where_it_is(position, expected)


def test_what_is_not_known_of_a_satellite_is_said():
    assert "No position" in where_it_is(None, None)
    text = where_it_is(OrbitPosition("ISS", START, 1.0, -2.0, None), None)
    assert "1.0° N, 2.0° W.\nNo pass" in text


def test_the_archive_is_summed_up():
    text = in_the_archive({"spacecraft": 1000, "iss_tracking": 234})
    assert (
        text == "The archive holds 1,234 samples (iss_tracking 234, spacecraft 1,000)."
    )


def test_the_commands_name_the_folder_as_a_shell_takes_it():
    text = how_to_look(Path("/tmp/a demo"))  # noqa: S108
    for line in text.splitlines():
        if line.startswith("  "):
            assert any("/tmp/a demo" in word for word in shlex.split(line))  # noqa: S108
