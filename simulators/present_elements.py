"""Orbital elements for satellites that are simulated today.

python -m simulators.present_elements FILE

Writes the elements that ORBITWATCH_ELEMENTS names. Those too old for predictions are
dated now: the orbits of real satellites, but not where these are.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sgp4.api import Satrec

from connectors.command import Parser, exit_code
from connectors.files.orbital_elements import (
    OrbitalElements,
    dated,
    read_elements,
    write_elements,
)
from connectors.messages.times import moment
from connectors.settings import Settings
from dataflows.orbit.propagation import epoch_us

OLDEST = timedelta(days=7)
"""So that a simulation can last another week before they are of no use."""


def present(elements: OrbitalElements, now: datetime) -> OrbitalElements:
    """The elements, dated `now` if they are too far from it."""
    epoch = moment(epoch_us(Satrec.twoline2rv(elements.line1, elements.line2)))
    return elements if abs(now - epoch) <= OLDEST else dated(elements, now)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, or 2 for files that are not as they should be."""
    parser = Parser(prog="python -m simulators.present_elements", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE", help="where to write them")
    options = parser.parse_args(arguments)
    return exit_code(lambda: run(options))


def run(options: argparse.Namespace) -> None:
    """Writes them; raises SettingsError for files that are not as they should be."""
    now = datetime.now(UTC)
    elements = read_elements(Settings.from_environment().elements)
    write_elements(options.file, [present(one, now) for one in elements])


if __name__ == "__main__":
    sys.exit(main())
