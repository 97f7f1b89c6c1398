"""The forms in which packets, samples and anomalies travel on Kafka."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
import numpy as np
import pyarrow as pa

from connectors.messages.findings import (
    Anomaly,
    AnomalyChange,
    ChangeKind,
    Explanation,
    Severity,
)
from connectors.messages.samples import ParameterName, Samples
from connectors.messages.times import microseconds, moment

ARROW_CONTENT_TYPE = "application/vnd.apache.arrow.stream"
# Values are doubles, which hold all integers up to here, and not all beyond.
LARGEST_WHOLE = 2**53
_Whole = Annotated[int, msgspec.Meta(ge=-LARGEST_WHOLE, le=LARGEST_WHOLE)]

ARROW_SCHEMA = pa.schema(
    [
        ("spacecraft", pa.string()),
        ("subsystem", pa.string()),
        ("parameter", pa.string()),
        ("generation_time", pa.timestamp("us", tz="UTC")),
        ("value", pa.float64()),
    ]
)


class Packet(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """All the values one spacecraft reported for one instant.

    `values` maps parameters to finite numbers, or None where not acquired.
    `context` holds numbers that describe the situation (command flags, modes); what is
    not named is 0. `epoch` names the stretch of the mission the packet belongs to,
    where that changes what is normal (a phase, a calibration): in another epoch, a
    parameter is learnt anew. `generation_time` is the time on board, with a time zone.
    `replay` marks what was played back from an archive: it must not raise alarms.
    """

    spacecraft: str
    subsystem: str | None = None
    generation_time: Annotated[datetime, msgspec.Meta(tz=True)]
    sequence: _Whole | None = None
    values: dict[str, float | None]
    context: dict[str, float] | None = None
    epoch: str | None = None
    replay: bool = False

    @property
    def key(self) -> str:
        """The Kafka key: packets with one key stay in order."""
        if self.subsystem:
            return f"{self.spacecraft}/{self.subsystem}"
        return self.spacecraft


_encoder = msgspec.json.Encoder()


def encode_packet(packet: Packet) -> bytes:
    """The packet as JSON, the form in which it stands on a telemetry topic."""
    return _encoder.encode(packet)


def encode_arrow(batches: Iterable[Samples]) -> bytes:
    """Many samples as one Arrow IPC stream (sent with ARROW_CONTENT_TYPE)."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, ARROW_SCHEMA) as writer:
        for batch in batches:
            writer.write_batch(_record_batch(batch))
    return sink.getvalue()


def _record_batch(samples: Samples) -> pa.RecordBatch:
    count = len(samples)
    name = samples.name
    columns: Sequence[pa.Array] = [
        pa.array([name.spacecraft] * count, pa.string()),
        pa.array([name.subsystem] * count, pa.string()),
        pa.array([name.parameter] * count, pa.string()),
        pa.array(samples.times_us, pa.timestamp("us", tz="UTC")),
        pa.array(samples.values, pa.float64(), mask=np.isnan(samples.values)),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=ARROW_SCHEMA)


class _AnomalyDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An anomaly as it stands on `telemetry.anomalies`."""

    id: str
    change: ChangeKind
    revision: int
    spacecraft: str
    subsystem: str
    parameter: str
    started_at: Annotated[datetime, msgspec.Meta(tz=True)]
    ended_at: Annotated[datetime, msgspec.Meta(tz=True)] | None
    severity: str
    peak_score: float
    samples: int
    explanation: dict[str, Any]


_NUMBERS = ("observed", "expected", "lower", "upper", "threshold")
_anomalies = msgspec.json.Decoder(_AnomalyDocument)


def encode_anomaly(anomaly: Anomaly) -> bytes:
    """The anomaly as JSON, the form in which it stands on `telemetry.anomalies`."""
    name, change = anomaly.name, anomaly.change
    document = _AnomalyDocument(
        id=anomaly.id,
        change=change.kind,
        revision=change.revision,
        spacecraft=name.spacecraft,
        subsystem=name.subsystem,
        parameter=name.parameter,
        started_at=moment(change.started_us),
        ended_at=None if change.ended_us is None else moment(change.ended_us),
        severity=change.severity.name,
        peak_score=change.peak_score,
        samples=change.samples,
        explanation=msgspec.to_builtins(change.explanation),
    )
    return _encoder.encode(document)


def decode_explanation(document: Mapping[str, Any]) -> Explanation:
    """The explanation in JSON, which may be of an older version; NaN is null there.

    Raises msgspec.ValidationError for what is none.
    """
    lacking = {"detector": ""} | dict.fromkeys(_NUMBERS)
    scores = document.get("contributions") or {}
    known = {name: score for name, score in scores.items() if score is not None}
    whole = {**lacking, **document, "contributions": known}
    return msgspec.convert(whole, Explanation)


def decode_anomaly(data: bytes) -> Anomaly:
    """The anomaly in a message of `telemetry.anomalies`.

    Raises msgspec.DecodeError, and its ValidationError, for what is none.
    """
    told = _anomalies.decode(data)
    if told.severity not in Severity.__members__:
        raise msgspec.ValidationError(f"no severity: {told.severity!r}")
    change = AnomalyChange(
        told.change,
        told.revision,
        microseconds(told.started_at),
        None if told.ended_at is None else microseconds(told.ended_at),
        Severity[told.severity],
        told.peak_score,
        told.samples,
        decode_explanation(told.explanation),
    )
    name = ParameterName(told.spacecraft, told.subsystem, told.parameter)
    return Anomaly(told.id, name, change)
