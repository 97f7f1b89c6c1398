"""The snapshot of a shard: whole banks of detectors, and the others one by one."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from connectors.messages import ParameterName
from connectors.parameters import Definitions
from dataflows.detectors.bank import EnvelopeBank
from dataflows.detectors.bank_snapshot import read_bank
from dataflows.detectors.snapshot import SnapshotError, label, pack, unpack
from dataflows.watched import Watched

_SHARD = label("shard", 1, {})

_log = logging.getLogger("orbitwatch.detect")


def write_shard(watched: Iterable[Watched], banks: Iterable[EnvelopeBank]) -> bytes:
    """All that the parameters of a shard have learnt."""
    alone, silences = [], []
    for one in watched:
        if one.bank is None:
            alone.append(pack(_SHARD, [one.key, one.watch.snapshot()]))
        if one.staleness:
            silences.append(pack(_SHARD, [one.key, one.staleness.snapshot()]))
    parts = [[bank.snapshot() for bank in banks if len(bank)], alone, silences]
    return pack(_SHARD, [pack(_SHARD, each) for each in parts])


def read_shard(data: bytes, definitions: Definitions) -> Iterator[Watched]:
    """The parameters in a snapshot, as they are defined now.

    What has new settings, or is of a new version, starts afresh: better than to stop.
    Raises SnapshotError if the bytes are no snapshot of a shard.
    """
    banks, alone, silences = (unpack(part, _SHARD) for part in unpack(data, _SHARD))
    silent = dict(unpack(each, _SHARD) for each in silences)
    for bank in banks:
        for saved in read_bank(bank):
            one = _afresh(saved.key, definitions)
            yield _resumed(one, [*saved.into(one.watch)], silent)
    for each in alone:
        key, state = unpack(each, _SHARD)
        one = _afresh(key, definitions)
        yield _resumed(one, [*one.watch.restore(state)], silent)


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
