"""Telemetry of a given shape: seeded noise, sines and steps, as Kafka messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from connectors.messages.samples import ParameterName, Samples
from connectors.messages.times import moment
from connectors.messages.wire import Packet, encode_arrow, encode_packet

SPACECRAFT = "BENCH-1"
START_US = 1_704_067_200_000_000  # 2024-01-01
INTERVAL_US = 1_000_000
# As an instrument reports them, and short on the wire.
DECIMALS = 4
STEPS_AN_INSTANT = 0.002
# Instants until each of the flags changes.
FLAG_HOLDS = (7, 19, 40, 90)
# Some 50 kB a message: the flow then takes several polls to read a backlog.
ARROW_PARAMETERS = 10
ARROW_INSTANTS = 100


@dataclass(frozen=True, slots=True)
class Shape:
    """How telemetry is cut into messages.

    A packet holds `values` of the `parameters` for one instant; an Arrow message holds
    ARROW_INSTANTS instants of them. Parameters fill the messages evenly. `flags` are
    numbers of the context in each packet, which change slowly.
    """

    parameters: int
    values: int
    arrow: bool = False
    flags: int = 0

    def __post_init__(self) -> None:
        if self.parameters % self.values:
            raise ValueError(f"{self.parameters} parameters do not fill {self.values}")

    @classmethod
    def packets(cls, parameters: int, values: int, flags: int = 0) -> Shape:
        """JSON packets of so many values, or of all the parameters if fewer."""
        return cls(parameters, min(parameters, values), flags=flags)

    @classmethod
    def bulk(cls, parameters: int) -> Shape:
        """Arrow messages."""
        return cls(parameters, min(parameters, ARROW_PARAMETERS), arrow=True)

    @property
    def groups(self) -> int:
        """How many messages it takes to tell of all parameters once."""
        return self.parameters // self.values

    @property
    def instants(self) -> int:
        """How many instants a message tells of."""
        return ARROW_INSTANTS if self.arrow else 1

    @property
    def samples_a_message(self) -> int:
        """Samples in each message."""
        return self.values * self.instants

    def __str__(self) -> str:
        """The shape as a table calls it."""
        form = "Arrow" if self.arrow else f"{self.values} a packet"
        told = f" with {self.flags} flags" if self.flags else ""
        return f"{form}{told}, {self.parameters:,} parameters"


@dataclass(frozen=True, slots=True)
class Message:
    """A message and which of the shape's groups of parameters it tells of."""

    group: int
    key: str
    value: bytes


def subsystem(group: int) -> str:
    """The subsystem whose parameters make up a group."""
    return f"subsystem_{group}"


def parameter_names(shape: Shape, group: int) -> list[str]:
    """The parameters of a group, in order."""
    first = group * shape.values
    return [f"parameter_{first + n}" for n in range(shape.values)]


def signals(parameters: int, instants: int, seed: int) -> NDArray[np.float64]:
    """Values by instant and parameter: noise, sines and steps in turn.

    The same arguments give the same values, and fewer instants the first of them.
    """
    fixed, noise, jumps = np.random.default_rng(seed).spawn(3)
    levels = fixed.uniform(-100.0, 100.0, parameters)
    periods_s = fixed.uniform(90.0, 6000.0, parameters)
    kinds = np.arange(parameters) % 3
    sines, steps = kinds == 1, kinds == 2
    values = levels + noise.normal(0.0, 0.05, (instants, parameters))
    times_s = np.arange(instants)[:, None]
    values[:, sines] += np.sin(2 * np.pi * times_s / periods_s[sines])
    changes = jumps.random((instants, int(steps.sum()))) < STEPS_AN_INSTANT
    values[:, steps] += np.cumsum(changes, axis=0) % 2
    rounded: NDArray[np.float64] = np.round(values, DECIMALS)
    return rounded


def instants_for(shape: Shape, samples: int) -> int:
    """The fewest instants with so many samples that fill whole messages."""
    instants = -(-samples // shape.parameters)
    return -(-instants // shape.instants) * shape.instants


def messages(shape: Shape, values: NDArray[np.float64]) -> Iterator[Message]:
    """The `values` by instant and parameter as messages, in order of time."""
    make = _arrow_message if shape.arrow else partial(_packet_message, shape.flags)
    names = [parameter_names(shape, group) for group in range(shape.groups)]
    for first in range(0, len(values), shape.instants):
        block = values[first : first + shape.instants]
        for group, parameters in enumerate(names):
            low = group * shape.values
            columns = block[:, low : low + shape.values]
            key = f"{SPACECRAFT}/{subsystem(group)}"
            yield Message(group, key, make(group, parameters, first, columns))


def _packet_message(
    flags: int, group: int, names: list[str], first: int, columns: NDArray[np.float64]
) -> bytes:
    packet = Packet(
        spacecraft=SPACECRAFT,
        subsystem=subsystem(group),
        generation_time=moment(START_US + first * INTERVAL_US),
        values=dict(zip(names, columns[0].tolist(), strict=True)),
        context={
            f"flag_{n}": float(first // instants % 2)
            for n, instants in enumerate(FLAG_HOLDS[:flags])
        }
        or None,
    )
    return encode_packet(packet)


def _arrow_message(
    group: int, names: list[str], first: int, columns: NDArray[np.float64]
) -> bytes:
    times_us = START_US + np.arange(first, first + len(columns)) * INTERVAL_US
    return encode_arrow(
        Samples(ParameterName(SPACECRAFT, subsystem(group), name), times_us, column)
        for name, column in zip(names, columns.T, strict=True)
    )
