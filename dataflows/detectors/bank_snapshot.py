"""The bytes of a bank of detectors: tables with a row a parameter."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dataflows.detectors import Floats, Times
from dataflows.detectors.array_detector import Arrays
from dataflows.detectors.context_detector import triangle_of
from dataflows.detectors.record_envelope import RecordEnvelope
from dataflows.detectors.recursive_least_squares import INDEX
from dataflows.detectors.snapshot import SnapshotError, label, pack, unpack
from dataflows.detectors.watch import ParameterWatch

__all__ = ["Saved", "read_bank", "write_bank"]

_LABEL = label("envelope_bank", 2, {})


@dataclass(frozen=True, slots=True)
class Saved:
    """A parameter as the snapshot of a bank has it."""

    key: bytes
    envelope: bytes
    context_names: Sequence[str]
    limits: bytes
    clock: Times
    told: Floats
    arrays: Arrays
    episodes: bytes

    def into(self, watch: ParameterWatch) -> Sequence[str]:
        """Have a watch continue; return the names of its parts that start afresh."""
        watch.clock[:] = self.clock
        watch.told[0] = self.told
        if self.episodes:
            watch.episodes.restore(self.episodes)
        fresh = [drift.name for drift in watch.drifts]
        for detector in watch.panel.detectors:
            if isinstance(detector, RecordEnvelope):
                if detector.identity == self.envelope:
                    detector.resume(self.context_names, self.arrays)
                    continue
            elif detector is watch.limits and watch.limits.identity == self.limits:
                continue
            fresh.append(detector.name)
        return fresh


def write_bank(
    identity: bytes,
    context_names: Sequence[str],
    keys: Sequence[bytes],
    watches: Sequence[ParameterWatch],
    clocks: Times,
    told: Floats,
    arrays: Arrays,
) -> bytes:
    """Return a snapshot; all arrays have a row for each of the watches."""
    episodes = [watch.episodes for watch in watches]
    open_ = [k for k, each in enumerate(episodes) if each.is_open]
    limits = sorted({watch.limits.identity for watch in watches})
    number = {each: k for k, each in enumerate(limits)}
    whose = [number[watch.limits.identity] for watch in watches]
    own = [*arrays[:-2]]
    if arrays:
        vectors, inverses = arrays[-2:]
        used = INDEX + len(context_names)
        own += [vectors[:, :2, :used], triangle_of(inverses, used)]
    parts = [
        identity,
        json.dumps(context_names).encode(),
        b"\n".join(keys),
        pack(_LABEL, limits),
        np.array(whose, np.int32).tobytes(),
        np.array(open_, np.int32).tobytes(),
        pack(_LABEL, [episodes[k].snapshot() for k in open_]),
        clocks.tobytes(),
        told.tobytes(),
        *(array.tobytes() for array in own),
    ]
    return pack(_LABEL, parts)


def read_bank(data: bytes) -> Iterator[Saved]:
    """Yield the parameters in the snapshot of a bank.

    Raises SnapshotError if the bytes are anything else.
    """
    parts = unpack(data, _LABEL)
    identity, context, keys, limits, whose, open_, episodes, *parts = parts
    clocks, told, *tables = parts
    context_names = json.loads(context)
    names = keys.split(b"\n")
    identities = unpack(limits, _LABEL)
    places = np.frombuffer(open_, np.int32).tolist()
    episode = dict(zip(places, unpack(episodes, _LABEL), strict=True))
    times = np.frombuffer(clocks, np.int64).reshape(len(names), -1)
    ranges = np.frombuffer(told).reshape(len(names), -1)
    read = [np.frombuffer(table) for table in tables]
    states = _states(read, len(names), len(context_names))
    for k, (key, state) in enumerate(zip(names, states, strict=True)):
        limit = identities[np.frombuffer(whose, np.int32)[k]]
        yield Saved(
            *(key, identity, context_names, limit),
            *(times[k], ranges[k], state, episode.get(k, b"")),
        )


def _states(
    tables: Sequence[Floats], count: int, context_columns: int
) -> Iterator[Arrays]:
    """Yield what each record envelope resumes from; nothing where there is no table."""
    if not tables:
        yield from [()] * count
        return
    used = INDEX + context_columns
    sizes = [array.size for array in RecordEnvelope().state[:-2]]
    sizes += [2 * used, used * (used + 1) // 2]
    if [table.size for table in tables] != [count * size for size in sizes]:
        raise SnapshotError(f"a bank with tables of {[t.size for t in tables]} numbers")
    for rows in zip(*(table.reshape(count, -1) for table in tables), strict=True):
        yield tuple(rows)
