"""Packets of a synthetic spacecraft: 40 parameters in six subsystems, without end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from connectors.messages.wire import Packet
from simulators.spacecraft.orbiter import Orbiter
from simulators.spacecraft.situation import context, situation
from simulators.timing import Timing

SPACECRAFT = "ORBITER-1"
# Samples made at once; the noise depends on it, so it is no setting.
BLOCK_SAMPLES = 512
# As an instrument reports them, and short on the wire.
DECIMALS = 4
SUBSYSTEMS = 6
PARAMETERS = 40


def synthetic_packets(seed: int, timing: Timing) -> Iterator[Packet]:
    """A packet a subsystem for each sample time; the same for the same arguments."""
    orbiter = Orbiter(seed)
    first = 0
    while timing.samples is None or first < timing.samples:
        for index, packets in enumerate(_block(orbiter, first, timing), start=first):
            if timing.samples is not None and index >= timing.samples:
                return
            yield from packets
        first += BLOCK_SAMPLES


def _block(orbiter: Orbiter, first: int, timing: Timing) -> Iterator[list[Packet]]:
    """The packets of each sample time, for BLOCK_SAMPLES of them."""
    times_s = timing.interval_s * np.arange(first, first + BLOCK_SAMPLES)
    now = situation(times_s, orbiter.seed)
    columns = {
        subsystem: (
            tuple(parameters),
            np.round(np.column_stack([*parameters.values()]), DECIMALS).tolist(),
        )
        for subsystem, parameters in orbiter.housekeeping(now).items()
    }
    flags = {name: values.tolist() for name, values in context(now).items()}
    for row in range(BLOCK_SAMPLES):
        generation_time = timing.moment(first + row)
        named = {name: values[row] for name, values in flags.items() if values[row]}
        yield [
            Packet(
                spacecraft=SPACECRAFT,
                subsystem=subsystem,
                generation_time=generation_time,
                sequence=first + row,
                values=dict(zip(parameters, rows[row], strict=True)),
                context=named or None,
            )
            for subsystem, (parameters, rows) in columns.items()
        ]
