"""What a system's arguments ask for: which packets, where to, how fast."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from connectors.messages.wire import Packet
from connectors.process.stopping import StopRequest
from connectors.settings import Settings
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


Player = Callable[[argparse.Namespace, Settings, StopRequest], Play]
"""Makes what was asked for; raises OrbitwatchError where that cannot be done."""


@dataclass(frozen=True, slots=True)
class DemoPlay:
    """What the demo plays of a system.

    An anomaly may be `late` after the fault it tells of; None: there are no faults.
    """

    play: Play
    late: timedelta | None
