"""What is told of samples: few rows, each stored once whatever is repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain

import msgspec

from connectors.database.connection import Connection
from connectors.database.parameter_ids import ParameterIds
from connectors.messages.findings import Anomaly, Drift
from connectors.messages.samples import ParameterName
from connectors.messages.times import moment
from connectors.messages.writes import Findings

# A lower revision is a repeat, and changes nothing; nor does an equal one, unless it
# says otherwise of the end: then the stored one was closed on behalf of the flow.
_STORE_ANOMALY = """
    INSERT INTO anomaly AS stored (
        id, parameter_id, started_at, ended_at, severity, peak_score, samples,
        detector, explanation, revision
    )
    VALUES (
        %(id)s, %(parameter_id)s, %(started_at)s, %(ended_at)s,
        %(severity)s, %(peak_score)s, %(samples)s, %(detector)s, %(explanation)s,
        %(revision)s
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
        OR stored.revision = excluded.revision
            AND stored.ended_at IS DISTINCT FROM excluded.ended_at
"""

_STORE_DRIFT = """
    INSERT INTO drift_event (
        parameter_id, detected_at, detector, mean_before, mean_after, text
    )
    VALUES (
        %(parameter_id)s, %(detected_at)s, %(detector)s, %(mean_before)s,
        %(mean_after)s, %(text)s
    )
    ON CONFLICT DO NOTHING
"""

_STORE_EXPECTED = """
    INSERT INTO expected_range (parameter_id, since, lower, upper)
    SELECT parameter_id, since, nullif(lower, 'NaN'), nullif(upper, 'NaN')
    FROM unnest(
        %(parameter_ids)s::int[], %(since)s::timestamptz[], %(lower)s::float8[],
        %(upper)s::float8[]
    ) AS told (parameter_id, since, lower, upper)
    ON CONFLICT DO NOTHING
"""

IdOf = Callable[[ParameterName], int]

_json = msgspec.json.Encoder()


def store_anomalies(
    connection: Connection, found: Iterable[Findings], id_of: IdOf
) -> int:
    """Stores the latest change of each anomaly; returns how many rows that changed."""
    latest: dict[str, Anomaly] = {}
    for anomaly in chain.from_iterable(each.anomalies for each in found):
        known = latest.get(anomaly.id)
        if known is None or known.change.revision < anomaly.change.revision:
            latest[anomaly.id] = anomaly
    rows = [_anomaly_row(one, id_of(one.name)) for one in latest.values()]
    return _execute(connection, _STORE_ANOMALY, rows)


def store_drifts(
    connection: Connection, found: Iterable[Findings], ids: ParameterIds
) -> int:
    """Stores the drifts; returns how many were not stored before."""
    told = chain.from_iterable(each.drifts for each in found)
    rows = [_drift_row(drift, ids.id_of(name)) for name, drift in told]
    return _execute(connection, _STORE_DRIFT, rows)


def store_expected(
    connection: Connection, found: Iterable[Findings], ids: ParameterIds
) -> None:
    """Stores from when on what was expected: thousands, when a flow starts."""
    told = [*chain.from_iterable(each.expected for each in found)]
    if told:
        columns = {
            "parameter_ids": [ids.id_of(name) for name, _ in told],
            "since": [moment(expected.since_us) for _, expected in told],
            "lower": [expected.lower for _, expected in told],
            "upper": [expected.upper for _, expected in told],
        }
        connection.execute(_STORE_EXPECTED, columns)


def _execute(connection: Connection, query: str, rows: list[dict[str, object]]) -> int:
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.executemany(query, rows)
        return cursor.rowcount


def _anomaly_row(anomaly: Anomaly, parameter_id: int) -> dict[str, object]:
    change = anomaly.change
    return {
        "id": anomaly.id,
        "parameter_id": parameter_id,
        "started_at": moment(change.started_us),
        "ended_at": None if change.ended_us is None else moment(change.ended_us),
        "severity": int(change.severity),
        "peak_score": change.peak_score,
        "samples": change.samples,
        "detector": change.explanation.detector,
        "explanation": _json.encode(change.explanation).decode(),
        "revision": change.revision,
    }


def _drift_row(drift: Drift, parameter_id: int) -> dict[str, object]:
    return {
        "parameter_id": parameter_id,
        "detected_at": moment(drift.at_us),
        "detector": drift.detector,
        "mean_before": drift.mean_before,
        "mean_after": drift.mean_after,
        "text": drift.text,
    }
