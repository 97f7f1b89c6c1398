"""The live picture tells how far each flow is and what was found, and fits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from connectors.database.overview import LatestAnomaly
from connectors.messages.samples import ParameterName
from connectors.recordings.truth import Injected
from simulators.demo.live import Picture, faults_found, severities, status_line
from simulators.demo.speeds import Reading, Speeds
from simulators.demo.verdicts import Verdict, judge

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
LATE = timedelta(seconds=120)
TEXT = "44.3761 has not changed in 128 samples and 1270 s (30 samples at most)."
FLOWS = ("spacecraft", "rocket_launch", "iss_tracking", "archive")
SIZES = [(80, 24), (100, 30), (159, 40), (160, 40), (200, 60)]


def anomaly(minute: int, severity: str = "WARNING") -> LatestAnomaly:
    """One a minute, each of a parameter of its own."""
    started_at = NOON + timedelta(minutes=minute)
    name = f"/ORBITER-1/thermal/panel_minus_x_temperature_{minute:03}"
    return LatestAnomaly(name, severity, 2.0, started_at, None, TEXT)


ANOMALIES = [anomaly(minute) for minute in range(150)]


def speeds() -> dict[str, Speeds]:
    found = {name: Speeds() for name in FLOWS}
    for each in found.values():
        each.add(Reading(5, 1000, 990))
    return found


def lines(
    width: int,
    height: int,
    anomalies: list[LatestAnomaly],
    verdicts: list[Verdict] | None = None,
) -> list[str]:
    """The picture in a terminal of that size."""
    console = Console(width=width, height=height)
    with console.capture() as capture:
        console.print(Picture(speeds(), anomalies, verdicts or [], 12.4))
    return capture.get().splitlines()


def shown(text: list[str]) -> list[int]:
    """The minutes of the anomalies that are there, from top to bottom."""
    return [
        int(line.split("_temperature_")[1][:3])
        for line in text
        if "_temperature_" in line
    ]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_it_tells_of_every_flow_and_how_long_it_goes_on(width: int, height: int):
    text = "\n".join(lines(width, height, []))
    assert "12 s to go" in text
    for part in (*FLOWS, "1,000", "990", "0 anomalies, 0 open"):
        assert part in text
    assert "…" not in text


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_as_many_of_the_latest_anomalies_as_fit_are_shown_whole(
    width: int, height: int
):
    text = lines(width, height, ANOMALIES)
    minutes = shown(text)
    assert minutes == [*range(149, 149 - len(minutes), -1)]
    # The lines of the last one are there, and another one would not fit.
    ends = [index for index, line in enumerate(text) if "at most)." in line]
    assert len(ends) == len(minutes)
    each = ends[-1] - ends[-2]
    assert height - each <= len(text) < height


@pytest.mark.parametrize("width", [100, 200])
def test_a_higher_terminal_shows_more(width: int):
    few, many = (len(shown(lines(width, height, ANOMALIES))) for height in (30, 60))
    assert 5 <= few < many


def test_a_very_high_terminal_shows_a_hundred():
    assert len(shown(lines(200, 1000, ANOMALIES))) == 100


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_tiny_terminal_still_shows_the_latest_anomaly(width: int):
    text = "\n".join(lines(width, 5, ANOMALIES))
    assert "has not changed" in text.replace("\n  ", " ")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_no_line_is_wider_than_the_terminal(width: int, height: int):
    verdicts, _ = judge([fault(ANOMALIES[-1])], ANOMALIES, LATE)
    for line in lines(width, height, ANOMALIES, verdicts):
        assert len(line.rstrip()) <= width


def fault(found: LatestAnomaly, delay_s: float = 90) -> Injected:
    name = ParameterName(*found.parameter.strip("/").split("/"))
    began = found.started_at - timedelta(seconds=delay_s)
    return Injected(name, "stuck", began, found.started_at)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_row_says_when_its_fault_was_injected_and_how_soon_it_was_found(
    width: int, height: int
):
    last = ANOMALIES[-1]
    verdicts, _ = judge([fault(last)], ANOMALIES, LATE)
    text = " ".join(" ".join(lines(width, height, ANOMALIES, verdicts)).split())
    assert "stuck injected 14:27:30, found after 90 s" in text
    assert text.count("injected 1") == 1
    assert "1 of 1 injected faults found" in text


@pytest.mark.parametrize(
    ("width", "state"), [(80, "ended"), (200, "ended 2024-01-02 02:29:00")]
)
def test_a_row_says_on_what_day_it_began_and_whether_it_goes_on(width: int, state: str):
    ended = replace(ANOMALIES[-1], ended_at=NOON + timedelta(minutes=869))
    first, second = (
        line
        for line in lines(width, 40, [*ANOMALIES[:-1], ended])
        if "_temperature_" in line and ("_149" in line or "_148" in line)
    )
    assert first.startswith("2024-01-01 14:29:00")
    assert state in first
    assert second.startswith("2024-01-01 14:28:00")
    assert "open" in second
    headings = next(
        line for line in lines(width, 40, ANOMALIES) if line.startswith("on board")
    )
    assert "(UTC)" in headings


def test_texts_are_shown_as_they_are():
    odd = replace(ANOMALIES[0], text="[red]odd[/red] [text]")
    assert "[red]odd[/red] [text]" in "\n".join(lines(100, 30, [odd]))


def test_severities_are_counted_from_the_worst_down():
    ended = replace(anomaly(1, "WARNING"), ended_at=NOON)
    found = [ended, anomaly(2, "WARNING"), anomaly(3, "CRITICAL"), anomaly(4, "SEVERE")]
    assert severities(found) == (
        "4 anomalies, 3 open (SEVERE 1 of 1, CRITICAL 1 of 1, WARNING 1 of 2)"
    )
    assert severities([]) == "0 anomalies, 0 open"


def test_faults_that_were_missed_are_counted():
    found, missed = fault(ANOMALIES[0]), fault(ANOMALIES[1])
    verdicts, _ = judge([found, missed], ANOMALIES[:1], LATE)
    assert faults_found(verdicts) == "1 of 2 injected faults found"


def test_without_a_terminal_all_is_said_in_one_line():
    verdicts, _ = judge([fault(ANOMALIES[0])], ANOMALIES[:1], LATE)
    two = {name: each for name, each in speeds().items() if name in FLOWS[::3]}
    assert status_line(two, ANOMALIES[:1], verdicts) == (
        "   5 s: samples stored: spacecraft 990 of 1,000, archive 990 of 1,000; "
        "1 anomaly, 1 open; 1 of 1 injected faults found"
    )
