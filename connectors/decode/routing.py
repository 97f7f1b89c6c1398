"""Which parameters meet: what stays together is in one shard, in one step."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import TypeAlias

from connectors.messages.samples import ParameterName

# Parameters are dealt with in this many lots. Snapshots are kept by lot: with another
# number, what they hold would not be found.
SHARDS = 16

Route: TypeAlias = Callable[[ParameterName], str]
"""What a parameter stays together with: those of one text are in one shard."""


def by_subsystem(name: ParameterName) -> str:
    """Keeps together what comes in one packet, and parts the rest as far as can be."""
    return f"{name.spacecraft}/{name.subsystem}"


def by_spacecraft(name: ParameterName) -> str:
    """Keeps together all subsystems of a spacecraft, for who judges them as one."""
    return name.spacecraft


def shard_of(together: str) -> int:
    """The shard of all that is routed by this text."""
    return zlib.crc32(together.encode()) % SHARDS
