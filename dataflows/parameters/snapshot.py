"""The snapshot of a shard: whole banks of detectors, and the others one by one."""

from __future__ import annotations

import logging
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from connectors.files.parameters import Definitions
from connectors.messages.samples import ParameterName
from dataflows.parameters.watched import Watched
from dataflows.state.snapshot import SnapshotError, label, pack, unpack
from dataflows.verdicts.bank import DetectorBank
from dataflows.verdicts.bank_snapshot import keys_in, read_bank

_SHARD = label("shard", 1, {})
# How many banks, and how many parts of those by themselves.
_COUNTS = struct.Struct("<II")

_log = logging.getLogger("orbitwatch.detect")


def write_shard(watched: Iterable[Watched], banks: Iterable[DetectorBank]) -> bytes:
    """All that the parameters of a shard have learnt."""
    saved = [bank.snapshot() for bank in banks]
    alone, silences = [], []
    for one in watched:
        if one.bank is None:
            alone += [one.key, one.watch.snapshot()]
        if one.staleness:
            silences += [one.key, one.staleness.snapshot()]
    # In one layer, as each is copied and has a checksum of its own.
    return pack(
        _SHARD, [_COUNTS.pack(len(saved), len(alone)), *saved, *alone, *silences]
    )


def read_shard(data: bytes, definitions: Definitions) -> Iterator[Watched]:
    """The parameters in a snapshot, as they are defined now.

    What has new settings, or is of a new version, starts afresh: better than to stop.
    Raises SnapshotError if the bytes are no snapshot of a shard.
    """
    counts, *parts = unpack(data, _SHARD)
    banks, alone = _COUNTS.unpack(counts)
    alone += banks
    silent = dict(_pairs(parts[alone:]))
    unread: Counter[str] = Counter()
    for bank in parts[:banks]:
        for one, fresh in _of_bank(bank, definitions, unread):
            yield _resumed(one, [*fresh], silent)
    for key, state in _pairs(parts[banks:alone]):
        one = _afresh(key, definitions)
        yield _resumed(one, [*_restored(one, state, unread)], silent)
    for problem, count in unread.items():
        _log.warning("%d parameters start afresh: %s", count, problem)


def _of_bank(
    bank: bytes, definitions: Definitions, unread: Counter[str]
) -> Iterator[tuple[Watched, Sequence[str]]]:
    """Yields the parameters of a bank, and which parts of them start afresh.

    If the bank cannot be read all do, which is counted in `unread`, by the reason.
    """
    try:
        found = read_bank(bank)
    except SnapshotError as error:
        keys = keys_in(bank)
        unread[str(error)] += len(keys)
        yield from ((_afresh(key, definitions), ()) for key in keys)
    else:
        for saved in found:
            one = _afresh(saved.key, definitions)
            yield one, saved.into(one.watch)


def _restored(one: Watched, state: bytes, unread: Counter[str]) -> Sequence[str]:
    """Has a parameter by itself go on; returns, or counts, what does not."""
    try:
        return one.watch.restore(state)
    except SnapshotError as error:
        unread[str(error)] += 1
        return ()


def _pairs(parts: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(parts[::2], parts[1::2], strict=True)


def _afresh(key: bytes, definitions: Definitions) -> Watched:
    return Watched.afresh(definitions.of(ParameterName(*key.decode().split("/"))))


def _resumed(one: Watched, fresh: list[str], silent: dict[bytes, bytes]) -> Watched:
    """Has the silence of a parameter go on; says what of all does not."""
    if one.staleness and one.key in silent:
        try:
            one.staleness.restore(silent[one.key])
        except SnapshotError:
            fresh.append(one.staleness.name)
    if fresh:
        _log.warning("%s: %s start afresh", one.name, ", ".join(fresh))
    return one
