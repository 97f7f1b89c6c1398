"""The trackers tried on recorded launches and positions: a command of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from connectors.command import Parser, exit_code
from connectors.errors import SettingsError
from connectors.files.orbital_elements import read_elements
from connectors.files.parameters import read_definitions
from connectors.files.places import read_places
from connectors.messages.places import Place
from connectors.recordings.launch_analyses import read_analysed_launches
from connectors.recordings.recorded_positions import read_positions
from dataflows.backtest import launch_trials, orbit_trials
from dataflows.backtest.score_options import (
    acceptance,
    add_acceptance,
)
from dataflows.backtest.scoring.tracking_report import (
    launches_table,
    satellite_table,
    worst,
)
from dataflows.orbit.propagation import Ephemeris

PROVISIONING = Path(__file__).resolve().parents[2] / "provisioning"
PLACE = "Paris"
BETTER = {**launch_trials.BETTER, **orbit_trials.BETTER}

DESCRIPTION = """\
Tracks recorded launches and positions of the ISS, without Kafka, database or engine,
and says how far that is from what others found. The same recordings and settings give
the same bytes.

DATA is a folder with
  launches/*/   a recording, `... raw.json`, and its analysis by others, analysed.json
                and events.json; each is flown clean, and eight times with faults
                planted: spikes, dropouts, zeros and values that are stuck
  iss/positions.csv   recorded positions, with the speeds and distances then derived"""

EPILOG = """\
example:
  python -m dataflows.backtest.tracking_scores ../shared/data

exit code: 0, or 1 if a figure of --check got worse, or 2 if something cannot be used"""


def parser() -> argparse.ArgumentParser:
    """What can be asked for on the command line."""
    command = Parser(
        prog="python -m dataflows.backtest.tracking_scores",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("data", type=Path, metavar="DATA", help="what is scored")
    add_acceptance(
        command.add_argument_group("what is told"), "provisioning/tracking_scores.yaml"
    )
    return command


def run(options: argparse.Namespace) -> int:
    """Does what was asked for; the exit code. Raises SettingsError."""
    accepted = acceptance(options, BETTER)
    launches = read_analysed_launches(options.data / "launches")
    positions = read_positions(options.data / "iss" / "positions.csv")
    recorded = {"launches": len(launches), "positions": len(positions)}
    if accepted is not None:
        accepted.refuse_others(recorded, options.accept)
    definitions = read_definitions(PROVISIONING / "parameters")
    flown: Mapping[str, Mapping[str, float | None]] = {
        launch.recording.name: launch_trials.try_launch(launch, definitions)
        for launch in launches
    }
    orbited = orbit_trials.try_positions(positions, _place(), _elements())
    print(launches_table(flown, launch_trials.BETTER))
    print(satellite_table(orbited), end="")
    if accepted is None:
        return 0
    figures = {**worst(flown, launch_trials.BETTER), **orbited}
    good, verdict = accepted.verdict(figures, recorded, options.accept)
    print(f"\n{verdict}")
    return 0 if good else 1


def _place() -> Place:
    """The place to which distances were recorded."""
    file = PROVISIONING / "places.yaml"
    for place in read_places(file).places:
        if place.name == PLACE:
            return place
    raise SettingsError(str(file), f"there is no place {PLACE}, which positions are of")


def _elements() -> Ephemeris:
    """The elements of the day on which the positions were recorded."""
    (elements,) = read_elements(PROVISIONING / "orbits" / "iss-2025-12-21.tle")
    return Ephemeris(elements.line1, elements.line2)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, 1 if a figure got worse, 2 if something cannot be used."""
    options = parser().parse_args(arguments)
    return exit_code(lambda: run(options), failed=2)


if __name__ == "__main__":
    sys.exit(main())
