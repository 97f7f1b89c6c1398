"""What the demo reports at its end: details first, the result last."""

import re
import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
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
    Counts,
    event_table,
    headline,
    in_the_archive,
    verdict_table,
    what_is_kept,
    where_it_is,
    where_to_look_next,
)
from simulators.demo.verdicts import Verdict
from simulators.spacecraft.packets import SUBSYSTEMS, synthetic_packets
from simulators.timing import Timing

START = datetime(2024, 1, 1, tzinfo=UTC)
FOLDER = Path("/srv/a demo")
ALL_KEPT = Counts(1000, 1000, 1000)


def verdict(start_s: float, end_s: float, found_s: float | None = None) -> Verdict:
    name = ParameterName("S", "power", "voltage")
    start, end = (START + timedelta(seconds=s) for s in (start_s, end_s))
    fault = Injected(name, "rail", start, end)
    if found_s is None:
        return Verdict(fault, ())
    started_at = START + timedelta(seconds=found_s)
    found = LatestAnomaly(str(name), "WARNING", 2.0, started_at, None, "[odd] text")
    return Verdict(fault, (found,))


def shown(table: Table | str, width: int = 80) -> str:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


@pytest.mark.parametrize("width", [80, 200])
def test_the_verdicts_fit_with_their_dates(width: int):
    packets = islice(synthetic_packets(0, Timing()), SUBSYSTEMS)
    longest = max((name for packet in packets for name in packet.values), key=len)
    name = ParameterName("ORBITER-1", "power", longest)
    fault = Injected(name, "dropout", START, START + timedelta(seconds=1710))
    found = LatestAnomaly(
        *(str(name), "DISTRESS", 2.0, START + timedelta(seconds=1290), None, "text")
    )
    verdicts = [
        Verdict(fault, (found,)),
        verdict(100, 200, 110.25),
        verdict(900, 901.5),
    ]
    text = shown(verdict_table(verdicts, width), width)
    for part in ("2024-01-01 00:01:40", "on board (UTC)", longest, "dropout", "1710 s"):
        assert part in text
    for part in ("WARNING", "100 s", "1.5 s", "10 s", "1290 s"):
        assert part in text
    assert "…" not in text


def test_the_headline_tells_how_many_faults_were_found_and_how_soon():
    verdicts = [
        *(verdict(0, 100, 0), verdict(0, 100, 4), verdict(0, 100, 95)),
        verdict(0, 100),
    ]
    assert headline(verdicts, 7, 2, ALL_KEPT) == (
        "Found 3 of 4 injected faults: half of them after 4.0 s, the slowest after "
        "95 s on board.\n"
        "False anomalies, where no fault was injected: 2 of 7.\n"
        "Samples sent = stored = archived: 1,000."
    )


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ([], "No fault was injected in this time."),
        ([verdict(0, 100)], "Found 0 of 1 injected faults."),
        ([verdict(0, 100, 0)], "Found 1 of 1 injected faults, at once on board."),
        ([verdict(0, 100, 30)], "Found 1 of 1 injected faults, after 30 s on board."),
    ],
)
def test_few_faults_are_told_of_too(verdicts: list[Verdict], words: str):
    assert headline(verdicts, 0, 0, ALL_KEPT).splitlines()[0] == words


@pytest.mark.parametrize("lacking", [{"stored": 999}, {"archived": 998}])
def test_samples_that_are_missing_somewhere_are_told_of(lacking: dict[str, int]):
    line = headline([], 0, 0, replace(ALL_KEPT, **lacking)).splitlines()[-1]
    assert "=" not in line
    assert f"{min(lacking.values())}" in line
    assert "should be equal" in line


def test_the_events_of_a_flight_are_told_with_their_time():
    event = FlightEvent("LAUNCHER", "max_q", START, 0.5, 12.34, 451.0)
    text = shown(event_table([event], 80))
    for part in ("LAUNCHER", "max_q", "2024-01-01 00:00:00", "on board (UTC)"):
        assert part in text
    for part in ("0.5 s", "12.3 km", "451 m/s"):
        assert part in text
    assert shown(event_table([], 80)) == "The launch has had no event so far.\n"


def test_a_satellite_is_told_with_its_next_pass():
    position = OrbitPosition("ISS", START, -39.26, 152.81, 427.9)
    aos, los = (START + timedelta(minutes=minutes) for minutes in (44, 49))
    text = where_it_is(position, ExpectedPass("ISS", "Redu", aos, los, 10.2))
    assert text == (
        "ISS at 2024-01-01 00:00:00 UTC: 39.3° S, 152.8° E, 428 km up.\n"
        "Next pass: over Redu, 2024-01-01 00:44:00 to 00:49:00 UTC, up to 10° above "
        "the horizon."
    )


def test_a_pass_that_has_begun_is_the_present_one():
    los = START + timedelta(minutes=5)
    expected = ExpectedPass("ISS", "Redu", START, los, 10.2)
    position = OrbitPosition("ISS", START, 1.0, 2.0, None)
    assert "\nPresent pass: over Redu, 2024-01-01 00:00:00 to" in where_it_is(
        position, expected
    )


def test_what_is_not_known_of_a_satellite_is_said():
    assert "No position" in where_it_is(None, None)
    text = where_it_is(OrbitPosition("ISS", START, 1.0, -2.0, None), None)
    assert "1.0° N, 2.0° W.\nNo pass" in text


def test_the_archive_is_summed_up():
    text = in_the_archive({"spacecraft": 1000, "iss_tracking": 234})
    assert (
        text == "The archive holds 1,234 samples (iss_tracking 234, spacecraft 1,000)."
    )


@pytest.mark.parametrize("text", [what_is_kept(FOLDER), where_to_look_next(FOLDER)])
def test_the_commands_name_the_folder_as_a_shell_takes_it(text: str):
    commands = [line for line in text.splitlines() if line.startswith("  ")]
    assert commands
    for command in commands:
        assert any(str(FOLDER) in word for word in shlex.split(command))


def test_the_part_of_the_readme_that_is_named_is_there():
    [heading] = re.findall(r'README\.md, "(.+)"', where_to_look_next(FOLDER))
    readme = Path(__file__).parents[3] / "README.md"
    assert f"\n## {heading}\n" in readme.read_text(encoding="utf-8")
