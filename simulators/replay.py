"""Plays packets into Kafka at a pace, until they end or somebody says stop."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from typing import Protocol

from connectors.messages.wire import Packet
from connectors.process.stopping import StopRequest
from simulators.feed import Feed

# Shorter waits are left to the next packet: sleeping has its own delay.
SHORTEST_WAIT_S = 0.002
# How long a request to stop may go unnoticed.
LONGEST_WAIT_S = 0.1


class Pace(Protocol):
    """Says how long to wait before the next packet."""

    def wait_s(self, event_s: float) -> float:
        """The seconds to wait before a packet of that event time (since 1970)."""


class Display(Protocol):
    """Shows how far a replay is, every `period_s` seconds."""

    @property
    def period_s(self) -> float:
        """How often `show` is worth calling."""

    def show(self, feed: Feed) -> None:
        """Brings the display up to date."""


def replay(
    packets: Iterator[Packet],
    feed: Feed,
    pacer: Pace,
    stop: StopRequest,
    display: Display | None = None,
) -> None:
    """Sends every packet that was read, and returns once Kafka has confirmed them.

    Raises KafkaUnavailable if it did not.
    """
    try:
        _send_all(packets, feed, pacer, stop, display)
    finally:
        # What they spoiled is on record now, also if they were not read to the end.
        if isinstance(packets, Generator):
            packets.close()
        feed.finish()
        if display is not None:
            display.show(feed)


def _send_all(
    packets: Iterator[Packet],
    feed: Feed,
    pacer: Pace,
    stop: StopRequest,
    display: Display | None,
) -> None:
    shown_s = time.monotonic()
    while not stop() and not feed.failed:
        packet = next(packets, None)
        if packet is None:
            return
        wait_s = pacer.wait_s(packet.generation_time.timestamp())
        if wait_s > SHORTEST_WAIT_S:
            wait(wait_s, stop)
        feed.send(packet)
        if display is not None and time.monotonic() - shown_s > display.period_s:
            display.show(feed)
            shown_s = time.monotonic()


def wait(seconds: float, stop: StopRequest) -> None:
    """Sleeps, but not on when told to stop."""
    until_s = time.monotonic() + seconds
    while not stop() and (left_s := until_s - time.monotonic()) > 0:
        time.sleep(min(left_s, LONGEST_WAIT_S))
