"""What the demo plays: something of every system that has something to show.

The module `simulators.<stem>.demo` of a system says what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Protocol, cast

from connectors.settings import Settings
from connectors.systems import SYSTEMS, System
from simulators.play import DemoPlay, Play

ISS = "ISS"


class SimulatorDemo(Protocol):
    """What a module `simulators.<stem>.demo` has."""

    def demo_play(self, settings: Settings, seed: int, seconds: int, /) -> DemoPlay:
        """What is played in a demo of so many seconds.

        Raises SettingsError for files of the settings that cannot be used.
        """


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What is played for a system.

    An anomaly may be `late` after the fault it tells of; None: there are no faults.
    """

    system: str
    play: Play
    late: timedelta | None


def demo_telemetry(settings: Settings, seed: int, seconds: int) -> Sequence[Telemetry]:
    """All that is played in a demo of so many seconds.

    Raises SettingsError for orbital elements that are none.
    """
    return [
        _telemetry(system, settings, seed, seconds)
        for system in SYSTEMS
        if system.demo is not None
    ]


def _telemetry(
    system: System, settings: Settings, seed: int, seconds: int
) -> Telemetry:
    simulator = cast(SimulatorDemo, import_module(f"{system.simulator}.demo"))
    shown = simulator.demo_play(settings, seed, seconds)
    return Telemetry(system.stem, shown.play, shown.late)
