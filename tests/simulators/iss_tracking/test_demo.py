"""The satellites of the demo."""

from itertools import islice

from connectors.settings import Settings
from simulators.iss_tracking.demo import demo_play


def test_an_orbit_takes_less_than_two_minutes():
    packets = demo_play(Settings(), 0, 60).play.packets
    first, *_, last = islice(packets, 5 * 6 * 100)
    assert (last.generation_time - first.generation_time).total_seconds() > 95 * 60
