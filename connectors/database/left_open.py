"""Anomalies whose end nobody will tell, as whoever watched them forgot of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from connectors.database.connection import Connection
from connectors.messages.findings import Anomaly, AnomalyChange, Severity
from connectors.messages.samples import ParameterName
from connectors.messages.times import microseconds, moment
from connectors.messages.wire import decode_explanation

FORGOTTEN = (
    "When it ended was not seen: what was known of it was lost, and it did not go on "
    "when the parameter was heard again."
)

# Those in progress are not meant: an anomaly is known by its parameter and start.
# Silence is over when its parameter is heard, unless it was told of with the samples:
# it began by the clock, which may be years ahead of them.
_FIND = """
    SELECT anomaly.id, parameter_id,
        CASE detector
            WHEN 'staleness' THEN anomaly.id <> ALL(%(told)s::uuid[])
            ELSE started_at <= heard.last
                AND started_at IS DISTINCT FROM heard.open_since
        END AS is_past
    FROM anomaly
    JOIN unnest(
        %(parameter_ids)s::int[], %(last)s::timestamptz[], %(open_since)s::timestamptz[]
    ) AS heard (parameter_id, last, open_since) USING (parameter_id)
    WHERE ended_at IS NULL
"""
_CLOSE = """
    UPDATE anomaly
    SET ended_at = greatest(
            started_at,
            (
                SELECT generation_time
                FROM sample
                WHERE sample.parameter_id = anomaly.parameter_id
                ORDER BY generation_time DESC
                LIMIT 1
            )
        ),
        revision = revision + 1,
        explanation = explanation || jsonb_build_object(
            'text', concat_ws(' ', explanation ->> 'text', %(why)s::text)
        )
    FROM parameter, severity
    WHERE anomaly.id = ANY(%(ids)s::uuid[])
        AND ended_at IS NULL
        AND parameter.id = anomaly.parameter_id
        AND severity.level = anomaly.severity
    RETURNING anomaly.id, spacecraft, subsystem, parameter.name AS parameter,
        started_at, ended_at, severity.name AS severity, peak_score, samples,
        explanation, revision
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """A parameter in what is being stored: until when, and what stays open."""

    parameter_id: int
    last_us: int
    open_since_us: int | None


@dataclass(frozen=True, slots=True)
class _Found:
    """An open anomaly: past, or in progress, or it begins later than heard."""

    id: UUID
    parameter_id: int
    is_past: bool


@dataclass(frozen=True, slots=True)
class _Closed:
    id: UUID
    spacecraft: str
    subsystem: str
    parameter: str
    started_at: datetime
    ended_at: datetime
    severity: str
    peak_score: float
    samples: int
    explanation: dict[str, Any]
    revision: int

    def told(self) -> Anomaly:
        change = AnomalyChange(
            "closed",
            self.revision,
            microseconds(self.started_at),
            microseconds(self.ended_at),
            Severity[self.severity],
            self.peak_score,
            self.samples,
            decode_explanation(self.explanation),
        )
        name = ParameterName(self.spacecraft, self.subsystem, self.parameter)
        return Anomaly(str(self.id), name, change)


def close_forgotten(
    connection: Connection, heard: Iterable[Heard], told: Sequence[str]
) -> tuple[list[Anomaly], set[int]]:
    """Closes what is open of these parameters, but not in progress; returns it.

    To be called before what is heard now is stored: it ended with what was before.
    `told` are the ids of what timers told of at the same time. Also returns the
    parameters (their ids) for which it is too early to tell. What was stored before
    goes further than what is stored now, and they may be in one then; or one goes on,
    of which more was told before than will be, so that its end would be dropped.
    """
    rows = [*heard]
    if not rows:
        return [], set()
    columns = {
        "told": told,
        "parameter_ids": [row.parameter_id for row in rows],
        "last": [moment(row.last_us) for row in rows],
        "open_since": [
            None if row.open_since_us is None else moment(row.open_since_us)
            for row in rows
        ],
    }
    with connection.cursor(row_factory=class_row(_Found)) as cursor:
        found = cursor.execute(_FIND, columns).fetchall()
    past = [each.id for each in found if each.is_past]
    early = {each.parameter_id for each in found if not each.is_past}
    return close(connection, past, FORGOTTEN), early


def close(connection: Connection, ids: Sequence[UUID], why: str) -> list[Anomaly]:
    """Closes anomalies at the last stored sample of their parameters.

    That is their next revision, whose text also says `why`. Those that are closed
    already stay as they are; returns the others.
    """
    if not ids:
        return []
    given = {"ids": [*ids], "why": why}
    with connection.cursor(row_factory=class_row(_Closed)) as cursor:
        return [row.told() for row in cursor.execute(_CLOSE, given).fetchall()]
