"""The telemetry that is played: many streams of packets, each a function of a seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from connectors.messages.times import microseconds
from connectors.messages.wire import Packet, encode_packet

START = datetime(2026, 1, 1, tzinfo=UTC)
INTERVAL = timedelta(seconds=1)
PARAMETERS = ("bus_voltage", "panel_current", "mode")
SUBSYSTEMS = ("power", "thermal")
DECIMALS = 3
FAULT_EVERY_PACKETS = 400
FAULT_LASTS_PACKETS = 12
BLOCK_PACKETS = 1_000
# Detectors of many kinds that learn fast enough to judge most of a short trial.
DESCRIPTION = """
spacecraft: "*"
detectors:
  record_envelope: {{blind_samples: 100}}
  rolling_z_score: {{window_samples: 60, warm_up_samples: 60}}
  rolling_median: {{window_samples: 60, warm_up_samples: 60}}
  weighted_z_score: {{}}
parameters:
  panel_current: {{subsystem: {subsystem}, unit: A, soft: [-3, 3], hard: [-6, 8.5]}}
  bus_voltage: {{subsystem: {subsystem}, unit: V, soft: [27.7, 28.3]}}
  mode: {{subsystem: {subsystem}, soft: [0, 2]}}
"""


@dataclass(frozen=True, slots=True)
class Stream:
    """The packets of one subsystem, which stay in order in one partition."""

    spacecraft: str
    subsystem: str
    partition: int

    @property
    def key(self) -> str:
        """The Kafka key."""
        return f"{self.spacecraft}/{self.subsystem}"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value, as it was sent and as it is to be found."""

    parameter: str
    time_us: int
    value: float


@dataclass(frozen=True, slots=True)
class Sent:
    """A packet: what goes over the wire, and the samples in it."""

    stream: Stream
    value: bytes
    samples: tuple[Sample, ...]


def streams_of(spacecraft: str, partition: int) -> list[Stream]:
    """The streams of a spacecraft, all in one partition."""
    return [Stream(spacecraft, subsystem, partition) for subsystem in SUBSYSTEMS]


def describe(folder: Path) -> Path:
    """Writes the parameters' limits and detectors into a new folder; returns it."""
    folder.mkdir(parents=True)
    for subsystem in SUBSYSTEMS:
        text = DESCRIPTION.format(subsystem=subsystem)
        (folder / f"{subsystem}.yaml").write_text(text)
    return folder


def packets(stream: Stream, seed: int) -> Iterator[Sent]:
    """Noise, a sine with faults, and a state, without end."""
    rng = np.random.default_rng([seed, *stream.key.encode()])
    first = 0
    while True:
        count = np.arange(first, first + BLOCK_PACKETS)
        noise = rng.normal(28.0, 0.1, BLOCK_PACKETS)
        current = np.sin(count / 90) + rng.normal(0.0, 0.02, BLOCK_PACKETS)
        ago = (count + rng.integers(FAULT_EVERY_PACKETS)) % FAULT_EVERY_PACKETS
        current[ago < FAULT_LASTS_PACKETS] += 8.0
        values = np.stack([noise, current, count // 50 % 3], axis=1).round(DECIMALS)
        for number, row in zip(count.tolist(), values.tolist(), strict=True):
            yield _sent(stream, number, dict(zip(PARAMETERS, row, strict=True)))
        first += BLOCK_PACKETS


def _sent(stream: Stream, number: int, values: dict[str, float]) -> Sent:
    time = START + number * INTERVAL
    packet = Packet(
        spacecraft=stream.spacecraft,
        subsystem=stream.subsystem,
        generation_time=time,
        values=dict(values),
    )
    samples = tuple(
        Sample(f"/{stream.key}/{name}", microseconds(time), value)
        for name, value in values.items()
    )
    return Sent(stream, encode_packet(packet), samples)
