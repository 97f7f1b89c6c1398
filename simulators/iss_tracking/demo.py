"""What the demo plays of satellites: a few of them, faster than they are."""

from __future__ import annotations

from connectors import topics
from connectors.files.orbital_elements import read_elements
from connectors.messages.times import moment
from connectors.settings import Settings
from simulators.faults import FaultPlan
from simulators.iss_tracking.packets import (
    constellation,
    newest_epoch_us,
    tracked_packets,
)
from simulators.pacing import Pacer
from simulators.play import DemoPlay, Play
from simulators.timing import Timing

SATELLITES = 5
# An orbit takes a minute and a half: minutes are counted, and stations passed.
POSITIONS_HZ = 6.0
POSITION_INTERVAL_S = 10.0


def demo_play(settings: Settings, seed: int, _seconds: int) -> DemoPlay:
    """A few satellites; raises SettingsError for orbital elements that are none."""
    satellites = constellation(read_elements(settings.elements), SATELLITES, seed)
    start = moment(newest_epoch_us(satellites))
    packets = tracked_packets(satellites, Timing(start, POSITION_INTERVAL_S))
    pacer = Pacer(POSITIONS_HZ * SATELLITES)
    return DemoPlay(Play(packets, None, topics.ISS_TRACKING, pacer, FaultPlan()), None)
