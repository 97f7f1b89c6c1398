"""One connection of the database sink, and the transaction in which it stores polls."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from psycopg.errors import UniqueViolation

from connectors.database.connection import connect
from connectors.database.copy_rows import SampleRows
from connectors.database.event_tables import (
    store_anomalies,
    store_drifts,
    store_expected,
)
from connectors.database.parameter_ids import ParameterIds
from connectors.database.positions import Positions
from connectors.database.record_tables import store_records
from connectors.database.sample_table import Counts, copy_samples, merge_samples
from connectors.database.whole_polls import Batch
from connectors.messages import Poll, Records, Scored


@dataclass(frozen=True, slots=True)
class Written:
    """What a committed transaction did.

    `polls` were stored by it; `replayed` counts those dropped, as they were stored
    before a restart. `samples` are new rows; `repeated` ones were there already, and
    the `contradicted` among them with another value, which stays. `anomalies` counts
    rows added or changed, `retries` the attempts that failed before.
    """

    polls: Sequence[Poll] = ()
    replayed: int = 0
    samples: int = 0
    repeated: int = 0
    contradicted: int = 0
    anomalies: int = 0
    retries: int = 0
    seconds: float = 0.0


class Session:
    """A connection, with what it knows to be in the database.

    It is thrown away with the connection: after a failure nobody knows what was
    committed, so the next one asks the database.
    """

    def __init__(self, database: str, flow: str, most_names: int) -> None:
        self._connection = connect(database, flow)
        self._parameters = ParameterIds(flow, most_names)
        try:
            self._positions = Positions(self._connection, flow)
        except BaseException:
            self._connection.close()
            raise
        self._expect_repeats = False

    def close(self) -> None:
        """Ends the connection, and a transaction that is not committed with it."""
        self._connection.close()

    def store(self, batch: Batch) -> Written:
        """Stores the batch in one transaction: all of it or, on an error, nothing."""
        started_s = time.monotonic()
        new = [
            (poll, pieces)
            for poll, pieces in batch.polls
            if not self._positions.had_stored(poll)
        ]
        pieces = [*chain.from_iterable(pieces for _, pieces in new), *batch.timely]
        samples, anomalies = Counts(0), 0
        if pieces or batch.settled:
            samples, anomalies = self._commit(pieces, batch.settled)
        return Written(
            polls=[poll for poll, _ in new],
            replayed=len(batch.polls) - len(new),
            samples=samples.stored,
            repeated=samples.repeated,
            contradicted=samples.contradicted,
            anomalies=anomalies,
            seconds=time.monotonic() - started_s,
        )

    def _commit(
        self, pieces: Sequence[Scored], settled: Sequence[Poll]
    ) -> tuple[Counts, int]:
        """Tries the fast way first, unless the last batch had repeated rows in it."""
        if not self._expect_repeats:
            try:
                return self._transaction(pieces, settled)
            except UniqueViolation:
                self._expect_repeats = True
        counts, anomalies = self._transaction(pieces, settled)
        self._expect_repeats = counts.repeated > 0
        return counts, anomalies

    def _transaction(
        self, pieces: Sequence[Scored], settled: Sequence[Poll]
    ) -> tuple[Counts, int]:
        store_samples = merge_samples if self._expect_repeats else copy_samples
        with self._connection.transaction():
            counts, anomalies = Counts(0), 0
            if pieces:
                ids = self._parameters.look_up(
                    self._connection,
                    [name for piece in pieces for name in piece.samples.names],
                    [unit for piece in pieces for unit in piece.units],
                )
                counts = store_samples(self._connection, _rows(pieces, ids))
                anomalies = store_anomalies(self._connection, pieces, self._parameters)
                store_drifts(self._connection, pieces, self._parameters)
                store_expected(self._connection, pieces, self._parameters)
                store_records(self._connection, _joined(pieces))
            self._positions.store(settled)
        self._parameters.keep()
        return counts, anomalies


def _joined(pieces: Sequence[Scored]) -> Iterator[Records]:
    """The records of all pieces, those for one table together."""
    found: dict[str, list[Records]] = {}
    for records in chain.from_iterable(piece.records for piece in pieces):
        found.setdefault(records.table, []).append(records)
    for of_table in found.values():
        rows = [*chain.from_iterable(records.rows for records in of_table)]
        yield replace(of_table[0], rows=rows)


def _rows(pieces: Sequence[Scored], ids: Sequence[int]) -> SampleRows:
    lengths = [np.diff(piece.samples.starts) for piece in pieces]
    return SampleRows(
        np.repeat(np.array(ids, np.int32), np.concatenate(lengths)),
        np.concatenate([piece.samples.times_us for piece in pieces]),
        np.concatenate([piece.samples.values for piece in pieces]),
        np.concatenate([piece.scores for piece in pieces]),
        np.concatenate([piece.severities for piece in pieces]),
    )
