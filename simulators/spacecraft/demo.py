"""What the demo plays of spacecraft: the synthetic one, with faults."""

from __future__ import annotations

from datetime import timedelta

from connectors import topics
from connectors.settings import Settings
from simulators.faults import FaultPlan
from simulators.pacing import Pacer
from simulators.play import DemoPlay, Play
from simulators.spacecraft.packets import PARAMETERS, SUBSYSTEMS, synthetic_packets
from simulators.timing import Timing

SAMPLES_HZ = 150.0
FAULTS = 30
LONGEST_GAP_SAMPLES = 8000
# Some detectors wait for a few more samples before they call it an anomaly.
LATE = timedelta(seconds=120)


def demo_play(_settings: Settings, seed: int, seconds: int) -> DemoPlay:
    """The synthetic spacecraft, in a demo of so many seconds."""
    packets = synthetic_packets(seed, Timing())
    pacer = Pacer(SAMPLES_HZ * SUBSYSTEMS)
    plan = fault_plan(seconds)
    return DemoPlay(Play(packets, None, topics.SPACECRAFT, pacer, plan), LATE)


def fault_plan(seconds: int) -> FaultPlan:
    """Some FAULTS faults in the time there is."""
    samples = int(SAMPLES_HZ * seconds)
    warm_up = min(1000, samples // 2)
    gap = PARAMETERS * (samples - warm_up) // FAULTS
    return FaultPlan(warm_up, min(LONGEST_GAP_SAMPLES, max(gap, 300)))
