"""The ascent of the demo."""

from connectors.settings import Settings
from simulators.rocket_launch.demo import demo_play
from simulators.rocket_launch.packets import DEFAULT_T0


def test_the_launch_begins_with_liftoff():
    first = next(demo_play(Settings(), 0, 60).play.packets)
    assert first.generation_time == DEFAULT_T0
