"""What the demo plays: a spacecraft, an ascent and a few satellites, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import dropwhile

from connectors import topics
from connectors.files.orbital_elements import read_elements
from connectors.messages.times import moment
from connectors.settings import Settings
from simulators import iss_tracking, rocket_launch
from simulators.faults import FaultPlan
from simulators.pacing import EventPacer, Pacer
from simulators.play import Play
from simulators.spacecraft import PARAMETERS, SUBSYSTEMS, Timing, synthetic_packets

SAMPLES_HZ = 150.0
FAULTS = 30
LONGEST_GAP_SAMPLES = 8000
SATELLITES = 5
# An orbit takes a minute and a half: minutes are counted, and stations passed.
POSITIONS_HZ = 6.0
POSITION_INTERVAL_S = 10.0
ISS = "ISS"


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
    return (
        # Some detectors wait for a few more samples before they call it an anomaly.
        Telemetry("spacecraft", _spacecraft(seed, seconds), timedelta(seconds=120)),
        Telemetry("rocket_launch", _launch(seed), timedelta(seconds=2)),
        Telemetry("iss_tracking", _satellites(settings, seed), None),
    )


def fault_plan(seconds: int) -> FaultPlan:
    """Some FAULTS faults of the spacecraft in the time there is."""
    samples = int(SAMPLES_HZ * seconds)
    warm_up = min(1000, samples // 2)
    gap = PARAMETERS * (samples - warm_up) // FAULTS
    return FaultPlan(warm_up, min(LONGEST_GAP_SAMPLES, max(gap, 300)))


def _spacecraft(seed: int, seconds: int) -> Play:
    packets = synthetic_packets(seed, Timing())
    pacer = Pacer(SAMPLES_HZ * SUBSYSTEMS)
    return Play(packets, None, topics.SPACECRAFT, pacer, fault_plan(seconds))


def _launch(seed: int) -> Play:
    """An ascent from liftoff, as fast as it is; some faults of each sensor a minute."""
    launches = rocket_launch.Launches(seed=seed)
    packets = dropwhile(
        lambda packet: packet.generation_time < launches.t0,
        rocket_launch.simulated_packets(launches),
    )
    plan = rocket_launch.fault_plan(300, 600)
    return Play(packets, None, topics.ROCKET_LAUNCH, EventPacer(1.0), plan)


def _satellites(settings: Settings, seed: int) -> Play:
    elements = read_elements(settings.elements)
    satellites = iss_tracking.constellation(elements, SATELLITES, seed)
    start = moment(iss_tracking.newest_epoch_us(satellites))
    packets = iss_tracking.tracked_packets(
        satellites, Timing(start, POSITION_INTERVAL_S)
    )
    pacer = Pacer(POSITIONS_HZ * SATELLITES)
    return Play(packets, None, topics.ISS_TRACKING, pacer, FaultPlan())
