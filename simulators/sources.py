"""What the command line asks of spacecraft and satellites, as packets to play."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import islice

from connectors import topics
from connectors.errors import SettingsError
from connectors.files.orbital_elements import read_elements
from connectors.messages.times import moment
from connectors.messages.wire import Packet
from connectors.open_notify import SHORTEST_INTERVAL_S, OpenNotify, positions
from connectors.process.stopping import StopRequest
from connectors.recordings.telemanom import DEFAULT_INTERVAL_S, PARTS, read_channels
from connectors.settings import Settings
from connectors.topics import Topic
from simulators import iss_tracking, spacecraft, telemanom
from simulators.faults import FaultPlan
from simulators.pacing import Pacer
from simulators.play import Play
from simulators.replay import wait
from simulators.spacecraft import Timing

LIVE_INTERVAL_S = 5.0

Source = tuple[Iterator[Packet], int | None]
"""The packets asked for, and how many they are (None: no end)."""


def play_spacecraft(options: argparse.Namespace, *_: object) -> Play:
    """What was asked for; raises SettingsError for recordings that are none."""
    return _play(options, topics.SPACECRAFT, *_spacecraft(options))


def play_satellites(
    options: argparse.Namespace, settings: Settings, stop: StopRequest
) -> Play:
    """What was asked for; raises SettingsError for elements that are none."""
    return _play(options, topics.ISS_TRACKING, *_satellites(options, settings, stop))


def _play(
    options: argparse.Namespace,
    topic: Topic,
    packets: Iterator[Packet],
    total: int | None,
) -> Play:
    plan = FaultPlan(options.warm_up, options.fault_gap)
    return Play(packets, total, topic, Pacer(options.rate), plan, options.arrow)


def _satellites(
    options: argparse.Namespace, settings: Settings, stop: StopRequest
) -> Source:
    if options.live:
        return _live(options, settings, stop), options.samples
    elements = read_elements(settings.elements)
    count = options.satellites or len(elements)
    satellites = iss_tracking.constellation(elements, count, options.seed)
    start = options.start or moment(iss_tracking.newest_epoch_us(satellites))
    interval_s = options.interval or iss_tracking.DEFAULT_INTERVAL_S
    timing = Timing(start, interval_s, options.samples)
    total = count * options.samples if options.samples else None
    return iss_tracking.tracked_packets(satellites, timing), total


def _live(
    options: argparse.Namespace, settings: Settings, stop: StopRequest
) -> Iterator[Packet]:
    for name in ("satellites", "start"):
        if getattr(options, name) is not None:
            raise SettingsError(f"--{name}", "does not go with --live")
    interval_s = options.interval or LIVE_INTERVAL_S
    if interval_s < SHORTEST_INTERVAL_S:
        problem = f"with --live, {SHORTEST_INTERVAL_S:g} is the least"
        raise SettingsError("--interval", problem)
    packets = positions(
        OpenNotify(settings.open_notify),
        interval_s,
        lambda seconds: wait(seconds, stop),
        stop,
        _complain,
    )
    return islice(packets, options.samples)


def _complain(problem: str) -> None:
    sys.stderr.write(f"orbitwatch: {problem}\n")


def _spacecraft(options: argparse.Namespace) -> Source:
    if options.data is None:
        for name in ("part", "channels"):
            if getattr(options, name) is not None:
                raise SettingsError(f"--{name}", "goes with --data only")
        timing = Timing(
            options.start or spacecraft.DEFAULT_START,
            options.interval or spacecraft.DEFAULT_INTERVAL_S,
            options.samples,
        )
        total = spacecraft.SUBSYSTEMS * options.samples if options.samples else None
        return spacecraft.synthetic_packets(options.seed, timing), total
    timing = Timing(
        options.start or spacecraft.DEFAULT_START,
        options.interval or DEFAULT_INTERVAL_S,
        options.samples,
    )
    parts = PARTS if options.part in (None, "both") else (options.part,)
    names = [] if options.channels is None else options.channels.split(",")
    channels = read_channels(options.data, parts, names)
    packets = telemanom.recorded_packets(channels, timing)
    return packets, telemanom.packet_count(channels, timing)
