"""The bytes of a bank of detectors: tables with a row a parameter."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dataflows.detectors.array_detector import Arrays
from dataflows.detectors.context_detector import triangle_of
from dataflows.detectors.record_envelope import RecordEnvelope
from dataflows.detectors.recursive_least_squares_kernel import INDEX
from dataflows.state.arrays import Floats, Times
from dataflows.state.snapshot import (
    SnapshotError,
    label,
    pack,
    parts_of_any,
    unpack,
)
from dataflows.verdicts.watch import ParameterWatch

__all__ = ["Saved", "keys_in", "read_bank", "write_bank"]

_LABEL = label("envelope_bank", 3, {})


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
        fresh = [drift.name for drift in watch.drifts]
        if self.episodes:
            try:
                watch.episodes.restore(self.episodes)
            except SnapshotError:
                fresh.append(watch.episodes.name)
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
        # Where the keys are, stays so in all versions.
        identity,
        b"\n".join(keys),
        json.dumps(context_names).encode(),
        pack(_LABEL, limits),
        np.array(whose, np.int32).tobytes(),
        np.array(open_, np.int32).tobytes(),
        pack(_LABEL, [episodes[k].snapshot() for k in open_]),
        clocks.tobytes(),
        told.tobytes(),
        *(array.tobytes() for array in own),
    ]
    return pack(_LABEL, parts)


def keys_in(data: bytes) -> list[bytes]:
    """Return which parameters a snapshot holds, of whatever version it is."""
    return parts_of_any(data)[1].split(b"\n")


def read_bank(data: bytes) -> Iterator[Saved]:
    """Return the parameters in the snapshot of a bank, to be gone through once.

    Raises SnapshotError, at once, if the bytes are of another version or no bank.
    """
    parts = unpack(data, _LABEL)
    identity, keys, context, limits, whose, open_, episodes, *parts = parts
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
    limit_of = [identities[number] for number in np.frombuffer(whose, np.int32)]
    episode_of = [episode.get(k, b"") for k in range(len(names))]
    rows = zip(names, limit_of, times, ranges, states, episode_of, strict=True)
    return (Saved(key, identity, context_names, *row) for key, *row in rows)


def _states(
    tables: Sequence[Floats], count: int, context_columns: int
) -> Iterator[Arrays]:
    """Return what each record envelope resumes from; nothing where no table is."""
    if not tables:
        return iter([()] * count)
    used = INDEX + context_columns
    sizes = [array.size for array in RecordEnvelope().state[:-2]]
    sizes += [2 * used, used * (used + 1) // 2]
    if [table.size for table in tables] != [count * size for size in sizes]:
        raise SnapshotError(f"a bank with tables of {[t.size for t in tables]} numbers")
    return zip(*(table.reshape(count, -1) for table in tables), strict=True)
