"""What the demo plays of launches: an ascent from liftoff, as fast as it is."""

from __future__ import annotations

from datetime import timedelta
from itertools import dropwhile

from connectors import topics
from connectors.settings import Settings
from simulators.pacing import EventPacer
from simulators.play import DemoPlay, Play
from simulators.rocket_launch.packets import Launches, fault_plan, simulated_packets

LATE = timedelta(seconds=2)


def demo_play(_settings: Settings, seed: int, _seconds: int) -> DemoPlay:
    """An ascent, with some faults of each sensor a minute."""
    launches = Launches(seed=seed)
    packets = dropwhile(
        lambda packet: packet.generation_time < launches.t0,
        simulated_packets(launches),
    )
    plan = fault_plan(300, 600)
    return DemoPlay(
        Play(packets, None, topics.ROCKET_LAUNCH, EventPacer(1.0), plan), LATE
    )
