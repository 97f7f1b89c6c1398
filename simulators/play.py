"""What a system's arguments ask for: which packets, where to, how fast."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.messages.wire import Packet
from connectors.topics import Topic
from simulators.faults import FaultPlan
from simulators.replay import Pace


@dataclass(frozen=True, slots=True)
class Play:
    """Packets (`total` of them, None for no end), to be sent to a topic at a pace.

    `plan` says how they are spoiled, if they are; `bulk_packets` travel as one message.
    """

    packets: Iterator[Packet]
    total: int | None
    topic: Topic
    pacer: Pace
    plan: FaultPlan
    bulk_packets: int = 1
