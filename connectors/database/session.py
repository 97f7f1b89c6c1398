"""One connection of the database sink, and the transaction in which it stores polls."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import msgspec
import numpy as np
from psycopg.errors import UniqueViolation

from connectors.database.connection import connect
from connectors.database.copy_rows import SampleRows
from connectors.database.parameter_ids import ParameterIds
from connectors.database.positions import Positions
from connectors.database.sample_table import Counts, copy_samples, merge_samples
from connectors.database.whole_polls import Batch
from connectors.messages import Anomaly, Poll, Scored, moment

# A lower or equal revision is a repeat, and changes nothing.
_STORE_ANOMALY = """
    INSERT INTO anomaly AS stored (
        id, parameter_id, started_at, ended_at, severity, peak_score, samples,
        detector, explanation, revision
    )
    VALUES (
        %(id)s, %(parameter_id)s, %(started_at)s, %(ended_at)s,
        (SELECT level FROM severity WHERE name = %(severity)s), %(peak_score)s,
        %(samples)s, %(detector)s, %(explanation)s, %(revision)s
    )
    ON CONFLICT (id, started_at) DO UPDATE
    SET ended_at = excluded.ended_at,
        severity = excluded.severity,
        peak_score = excluded.peak_score,
        samples = excluded.samples,
        detector = excluded.detector,
        explanation = excluded.explanation,
        revision = excluded.revision
    WHERE stored.revision < excluded.revision
"""

_json = msgspec.json.Encoder()


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

    def __init__(self, database: str, flow: str) -> None:
        self._connection = connect(database, flow)
        self._parameters = ParameterIds(flow)
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
            pieces
            for pieces in batch.polls
            if not self._positions.had_stored(pieces[0].poll)
        ]
        pieces = list(chain.from_iterable(new))
        samples, anomalies = Counts(0), 0
        if pieces or batch.settled:
            samples, anomalies = self._commit(pieces, batch.settled)
        return Written(
            polls=[pieces[0].poll for pieces in new],
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
                    [piece.samples.name for piece in pieces],
                    [piece.unit for piece in pieces],
                )
                counts = store_samples(self._connection, _rows(pieces, ids))
                anomalies = self._store_anomalies(pieces)
            self._positions.store(settled)
        self._parameters.keep()
        return counts, anomalies

    def _store_anomalies(self, pieces: Iterable[Scored]) -> int:
        latest: dict[str, Anomaly] = {}
        for anomaly in chain.from_iterable(piece.anomalies for piece in pieces):
            known = latest.get(anomaly.id)
            if known is None or known.revision < anomaly.revision:
                latest[anomaly.id] = anomaly
        if not latest:
            return 0
        rows = [
            _anomaly_row(anomaly, self._parameters.id_of(anomaly.name))
            for anomaly in latest.values()
        ]
        with self._connection.cursor() as cursor:
            cursor.executemany(_STORE_ANOMALY, rows)
            return cursor.rowcount


def _rows(pieces: Sequence[Scored], ids: Sequence[int]) -> SampleRows:
    lengths = [len(piece.samples) for piece in pieces]
    return SampleRows(
        np.repeat(np.array(ids, np.int32), lengths),
        np.concatenate([piece.samples.times_us for piece in pieces]),
        np.concatenate([piece.samples.values for piece in pieces]),
        np.concatenate([piece.scores for piece in pieces]),
        np.concatenate([piece.severities for piece in pieces]),
    )


def _anomaly_row(anomaly: Anomaly, parameter_id: int) -> dict[str, object]:
    ended_us = anomaly.ended_us
    return {
        "id": anomaly.id,
        "parameter_id": parameter_id,
        "started_at": moment(anomaly.started_us),
        "ended_at": None if ended_us is None else moment(ended_us),
        "severity": anomaly.severity,
        "peak_score": anomaly.peak_score,
        "samples": anomaly.samples,
        "detector": anomaly.explanation.detector,
        "explanation": _json.encode(anomaly.explanation).decode(),
        "revision": anomaly.revision,
    }
