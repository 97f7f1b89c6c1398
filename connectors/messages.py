"""What travels: packets in, samples between the steps, anomalies out."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ARROW_CONTENT_TYPE = "application/vnd.apache.arrow.stream"
Context = Mapping[str, NDArray[np.float64]]
"""The situation of a run of samples: one column a name; what is not named is 0."""

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
    sequence: Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)] | None = None
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


# What is replayed is told of as another spacecraft, which nobody operates.
REPLAYED = "replay:"


class ParameterName(NamedTuple):
    """Which parameter of which spacecraft; `subsystem` is empty where none is given."""

    spacecraft: str
    subsystem: str
    parameter: str

    def __str__(self) -> str:
        """The qualified name, `/ISS/orbit/latitude`."""
        return "".join(f"/{part}" for part in self if part)

    @property
    def is_replayed(self) -> bool:
        """Whether its samples are replayed: nobody is to be alarmed by them."""
        return self.spacecraft.startswith(REPLAYED)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a partition has been read, and the latest Kafka timestamp up to there."""

    topic: str
    partition: int
    next_offset: int
    newest_message_us: int


@dataclass(frozen=True, slots=True)
class Poll:
    """The stretch of the stream a batch was cut from.

    A poll is cut into `pieces` batches. Its `positions` hold once all of them are
    stored: that is how the database sink knows a poll is whole.
    """

    number: int
    pieces: int
    positions: tuple[Position, ...]
    oldest_message_us: int


@dataclass(frozen=True, slots=True)
class Samples:
    """A run of samples of one parameter, in order of arrival.

    `times_us` are generation times, microseconds since 1970 UTC (int64, shape n);
    `values` are float64, shape n, NaN where not acquired. `epochs` are pairs of an
    index and the epoch's name from there on.
    """

    name: ParameterName
    times_us: NDArray[np.int64]
    values: NDArray[np.float64]
    context: Context | None = None
    epochs: tuple[tuple[int, str], ...] = ()

    def __len__(self) -> int:
        return len(self.values)


class Situation(NamedTuple):
    """What was told with a run of samples; as in `Samples`."""

    context: Context | None = None
    epochs: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Runs:
    """Samples of some parameters as columns: the run of the first, of the second, ...

    Rows `starts[i]` to before `starts[i + 1]` are those of `names[i]`, in order of
    arrival. `times_us` and `values` are as in `Samples`; `situations` has the context
    and the epochs of those runs (by their place) that came with any. `messages` says
    which message of the poll a row came in, if that is known (int64, shape n).
    """

    names: Sequence[ParameterName]
    starts: NDArray[np.int64]
    times_us: NDArray[np.int64]
    values: NDArray[np.float64]
    situations: Mapping[int, Situation] = field(default_factory=dict)
    messages: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, place: int) -> slice:
        """Where the samples of one parameter are."""
        begin, end = self.starts[place : place + 2].tolist()
        return slice(begin, end)

    def run(self, place: int) -> Samples:
        """The samples of one parameter."""
        rows = self.rows(place)
        told = self.situations.get(place, Situation())
        name, times_us, values = self.names[place], self.times_us, self.values
        return Samples(name, times_us[rows], values[rows], told.context, told.epochs)

    @classmethod
    def of(cls, runs: Sequence[Samples]) -> Runs:
        """The same samples in one piece; no parameter may occur twice.

        Runs that have one context in common share what tells it.
        """
        shared: dict[object, Situation] = {}
        situations = {
            place: shared.setdefault(
                (id(run.context), run.epochs), Situation(run.context, run.epochs)
            )
            for place, run in enumerate(runs)
            if run.context or run.epochs
        }
        return cls(
            [run.name for run in runs],
            np.cumsum([0, *map(len, runs)]),
            np.concatenate([np.empty(0, np.int64), *(run.times_us for run in runs)]),
            np.concatenate([np.empty(0), *(run.values for run in runs)]),
            situations,
        )


@dataclass(frozen=True, slots=True)
class Records:
    """Rows for a table of one system: `columns` in order, None for NULL.

    A row whose `key` is there already changes nothing; where there is a column
    `revision`, unless it has a higher one.
    """

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Polled:
    """Samples of some parameters, with the poll they came in.

    `records` are what else follows from them.
    """

    samples: Runs
    poll: Poll
    records: tuple[Records, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a sample is anomalous; None where the detector has no such notion.

    `contributions` are the scores of all detectors that were asked.
    """

    detector: str
    observed: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    threshold: float | None
    text: str
    contributions: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A change of one anomaly: it was opened, grew (`updated`) or ended (`closed`).

    `id` follows from the parameter and the start, and `revision` counts the changes:
    a reader keeps the highest revision it has seen of an id and drops the rest. Of two
    with the same revision the later counts: one of them was closed by hand.
    """

    id: str
    name: ParameterName
    change: Literal["opened", "updated", "closed"]
    revision: int
    started_us: int
    ended_us: int | None
    severity: str
    peak_score: float
    samples: int
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Drift:
    """The data of a parameter changed for good, which is not an anomaly."""

    name: ParameterName
    detected_us: int
    detector: str
    mean_before: float
    mean_after: float
    text: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What values of a parameter are expected from a time on; NaN = no such end."""

    name: ParameterName
    since_us: int
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Scored:
    """Samples with what the detectors made of them, on their way to the database.

    `scores` (float64, 1.0 = threshold, NaN = not scored) and `severities` (int8, as
    numbered in the table `severity`) have a number for each sample, `units` a unit for
    each parameter. `open_since_us` says of those in an anomaly, now that these samples
    were seen, when it started. What a timer brought about has no samples, and no poll.
    """

    samples: Runs
    scores: NDArray[np.float64]
    severities: NDArray[np.int8]
    anomalies: tuple[Anomaly, ...]
    units: Sequence[str]
    poll: Poll | None
    drifts: tuple[Drift, ...] = ()
    records: tuple[Records, ...] = ()
    expected: Sequence[Expected] = ()
    open_since_us: Mapping[ParameterName, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that could not be (wholly) used: its bytes, where it stood, and why."""

    value: bytes | None
    key: bytes | None
    topic: str
    partition: int
    offset: int
    reason: str
    detail: str


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 UTC, exact; `moment` must have a time zone."""
    since = moment - EPOCH  # which could be divided, in twice the time
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(time_us: int) -> datetime:
    """The UTC datetime of a time in microseconds since 1970."""
    return EPOCH + timedelta(microseconds=int(time_us))


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


def encode_anomaly(anomaly: Anomaly) -> bytes:
    """The anomaly as JSON, the form in which it stands on `telemetry.anomalies`."""
    name = anomaly.name
    ended = None if anomaly.ended_us is None else moment(anomaly.ended_us)
    document: Mapping[str, object] = {
        "id": anomaly.id,
        "change": anomaly.change,
        "revision": anomaly.revision,
        "spacecraft": name.spacecraft,
        "subsystem": name.subsystem,
        "parameter": name.parameter,
        "started_at": moment(anomaly.started_us),
        "ended_at": ended,
        "severity": anomaly.severity,
        "peak_score": anomaly.peak_score,
        "samples": anomaly.samples,
        "explanation": anomaly.explanation,
    }
    return _encoder.encode(document)
