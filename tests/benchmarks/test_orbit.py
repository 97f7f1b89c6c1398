"""What it costs to track many satellites, in processor time.

Run by `make bench`, which prints a Markdown table. The goal is 10,000 satellites with
a position each a second on half a core, which leaves 50 µs a position; the tracker may
take half of that, as the other half has to do for everything around it.
"""

import sys
import time

import pytest

from dataflows.orbit.propagation import Ephemeris
from dataflows.orbit.tracker import SatelliteTracker
from tests.dataflows.orbit.conftest import ISS, PARIS, STATIONS, positions

pytestmark = pytest.mark.benchmark

GOAL_US = 25.0
SECOND_US = 1_000_000


def cost_us(satellites: int, run: int, elements: bool) -> float:
    """Processor time a position (µs), over ten minutes of event time at least."""
    ephemeris = Ephemeris(*ISS)
    trackers = [
        SatelliteTracker([PARIS], STATIONS, ephemeris if elements else None)
        for _ in range(satellites)
    ]
    taken_s, start_us = 0.0, ephemeris.epoch_us
    runs = max(600 // run, 1)
    for number in range(runs):
        batch = positions(ephemeris, start_us + number * run * SECOND_US, run)
        started_s = time.process_time()
        for tracker in trackers:
            tracker.update(*batch)
        taken_s += time.process_time() - started_s
    return 1e6 * taken_s / (satellites * runs * run)


def test_a_position_costs_little_enough_for_10000_satellites():
    sys.stdout.write(
        "\n| positions a run | elements | µs a position |\n|---|---|---|\n"
    )
    costs = {}
    for run, satellites in ((1, 500), (60, 200)):
        for elements in (False, True):
            costs[run, elements] = cost_us(satellites, run, elements)
            known = "yes" if elements else "no"
            sys.stdout.write(f"| {run} | {known} | {costs[run, elements]:.1f} |\n")
    assert max(costs.values()) < GOAL_US
    assert costs[60, False] < costs[1, False] / 2


def test_a_snapshot_is_small():
    ephemeris = Ephemeris(*ISS)
    tracker = SatelliteTracker([PARIS], STATIONS, ephemeris)
    tracker.update(*positions(ephemeris, ephemeris.epoch_us, 3600))
    size = len(tracker.snapshot())
    started_s = time.process_time()
    for _ in range(200):
        tracker.snapshot()
    taken_us = 1e6 * (time.process_time() - started_s) / 200
    sys.stdout.write(f"\na snapshot: {size} bytes in {taken_us:.0f} µs\n")
    assert size < 32_000
