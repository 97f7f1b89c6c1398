"""Messages to columns: a whole poll of packets becomes one run of samples a parameter.

Nothing a message can hold raises here: what cannot be used comes back as a `Refusal`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from connectors.errors import one_line
from connectors.messages import (
    ARROW_CONTENT_TYPE,
    Context,
    Packet,
    ParameterName,
    Samples,
    microseconds,
)

LONGEST_NAME = 128
# pyarrow reads a stream cut off between two batches as if it were whole.
ARROW_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"
# A producer gone wild may invent names for ever; the table then starts afresh.
MOST_NAMES = 1_000_000
# Databases and languages know no earlier time.
YEAR_1_US = microseconds(datetime.min.replace(tzinfo=UTC))
_REFUSED: Final = -1


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why message `index` of a poll could not be (wholly) used.

    `reason` is one of REASONS, a metric label; `detail` is for people.
    """

    index: int
    reason: str
    detail: str


REASONS = {
    "empty": "the message has no value",
    "not_json": "the value is not JSON",
    "wrong_shape": "the JSON is not a packet",
    "not_arrow": "the value is not a whole Arrow stream",
    "wrong_columns": "the Arrow stream lacks columns, or they have other types",
    "bad_name": "a name is empty, too long, or has a slash or control characters",
    "non_finite": "a number is infinite",
    "time_before_year_1": "the generation time is before the year 1",
    "time_in_future": "the generation time is later than the message could know",
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A poll as columns: `samples`, one entry a parameter, and what was refused."""

    samples: list[Samples]
    refused: list[Refusal]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Samples of many parameters, in order of arrival; all arrays have one shape."""

    parameters: NDArray[np.int64]
    times_us: NDArray[np.int64]
    values: NDArray[np.float64]
    messages: NDArray[np.int64]


class _Unusable(Exception):
    """A message that has to be refused whole."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class _Subsystem(dict[str, int]):
    """Parameter name to number, for one spacecraft and subsystem."""

    def __init__(self, spacecraft: str, subsystem: str, names: list[ParameterName]):
        self._spacecraft, self._subsystem, self._names = spacecraft, subsystem, names
        usable = is_name(spacecraft) and (subsystem == "" or is_name(subsystem))
        self._usable = usable

    def __missing__(self, parameter: str) -> int:
        number = _REFUSED
        if self._usable and is_name(parameter):
            number = len(self._names)
            name = ParameterName(self._spacecraft, self._subsystem, parameter)
            self._names.append(name)
        self[parameter] = number
        return number


def is_name(text: str) -> bool:
    """Whether `text` may name a spacecraft, subsystem or parameter."""
    return 0 < len(text) <= LONGEST_NAME and "/" not in text and text.isprintable()


@dataclass(slots=True)
class _Names:
    """The number of every parameter seen, kept from poll to poll."""

    names: list[ParameterName] = field(default_factory=list)
    subsystems: dict[tuple[str, str | None], _Subsystem] = field(default_factory=dict)
    seen: int = 0

    def of(self, spacecraft: str, subsystem: str | None) -> _Subsystem:
        found = self.subsystems.get((spacecraft, subsystem))
        if found is None:
            found = _Subsystem(spacecraft, subsystem or "", self.names)
            self.subsystems[spacecraft, subsystem] = found
        return found

    def is_full(self) -> bool:
        known = sum(map(len, self.subsystems.values())) + len(self.subsystems)
        return known > MOST_NAMES


class Decoder:
    """Decodes polls; keeps nothing between them but the numbers of known parameters.

    `future_seconds`: how much later than its Kafka timestamp a sample's generation
    time may be before it is refused.
    """

    def __init__(self, future_seconds: float) -> None:
        self._future_us = int(future_seconds * 1e6)
        self._json = msgspec.json.Decoder(Packet)
        self._names = _Names()

    def decode(
        self,
        values: Sequence[bytes | None],
        content_types: Sequence[str | None],
        received_us: NDArray[np.int64],
    ) -> Decoded:
        """The samples of a poll, by parameter, in order of arrival.

        The three sequences describe the messages: value, `content-type` header and
        Kafka timestamp (microseconds since 1970).
        """
        if self._names.is_full():
            self._names = _Names()
        poll = _PollInTheMaking()
        for index, value in enumerate(values):
            try:
                if not value:
                    raise _Unusable("empty", REASONS["empty"])
                if content_types[index] == ARROW_CONTENT_TYPE:
                    poll.add_rows(_arrow_rows(value, index, self._names))
                else:
                    poll.add_packet(self._packet(value), index, self._names)
            except _Unusable as problem:
                refusal = Refusal(index, problem.reason, str(problem))
                poll.refused.append(refusal)
        rows = self._refuse_rows(poll, received_us)
        samples = list(_by_parameter(rows, self._names.names, poll.contexts))
        return Decoded(samples, sorted(poll.refused, key=lambda one: one.index))

    def _packet(self, value: bytes) -> Packet:
        try:
            packet = self._json.decode(value)
        except msgspec.ValidationError as error:
            raise _Unusable("wrong_shape", one_line(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _Unusable("not_json", one_line(error)) from None
        if packet.context and not all(map(math.isfinite, packet.context.values())):
            raise _Unusable("non_finite", "a context value is infinite")
        return packet

    def _refuse_rows(
        self, poll: _PollInTheMaking, received_us: NDArray[np.int64]
    ) -> _Rows:
        """The rows that can be used; the messages of the others are refused."""
        rows = poll.rows()
        latest_us = received_us[rows.messages] + self._future_us
        faults = {
            "bad_name": rows.parameters == _REFUSED,
            "non_finite": np.isinf(rows.values),
            "time_before_year_1": rows.times_us < YEAR_1_US,
            "time_in_future": rows.times_us > latest_us,
        }
        unusable = np.logical_or.reduce(list(faults.values()))
        if not unusable.any():
            return rows
        for reason, rows_at_fault in faults.items():
            for index in np.unique(rows.messages[rows_at_fault]).tolist():
                refusal = Refusal(index, reason, REASONS[reason])
                poll.refused.append(refusal)
        usable = ~unusable
        return _Rows(
            rows.parameters[usable],
            rows.times_us[usable],
            rows.values[usable],
            rows.messages[usable],
        )


class _PollInTheMaking:
    """Collects rows: JSON packets value by value, Arrow messages as whole arrays."""

    def __init__(self) -> None:
        self.refused: list[Refusal] = []
        self.contexts: dict[int, dict[str, float]] = {}
        self._finished: list[_Rows] = []
        self._start_packets()

    def _start_packets(self) -> None:
        self._parameters: list[int] = []
        self._values: list[float | None] = []
        self._counts: list[int] = []
        self._times_us: list[int] = []
        self._messages: list[int] = []

    def add_packet(self, packet: Packet, index: int, names: _Names) -> None:
        numbers = names.of(packet.spacecraft, packet.subsystem)
        self._parameters.extend(map(numbers.__getitem__, packet.values))
        self._values.extend(packet.values.values())
        self._counts.append(len(packet.values))
        self._times_us.append(microseconds(packet.generation_time))
        self._messages.append(index)
        if packet.context:
            self.contexts[index] = packet.context

    def add_rows(self, rows: _Rows) -> None:
        self._finish_packets()
        self._finished.append(rows)

    def _finish_packets(self) -> None:
        if not self._counts:
            return
        counts = np.array(self._counts)
        rows = _Rows(
            np.array(self._parameters, np.int64),
            np.repeat(np.array(self._times_us, np.int64), counts),
            np.array(self._values, np.float64),  # None becomes NaN
            np.repeat(np.array(self._messages, np.int64), counts),
        )
        self._finished.append(rows)
        self._start_packets()

    def rows(self) -> _Rows:
        self._finish_packets()
        if len(self._finished) == 1:
            return self._finished[0]
        parts = [
            *self._finished,
            _Rows(*(np.empty(0, kind) for kind in (int, int, float, int))),
        ]
        return _Rows(
            np.concatenate([part.parameters for part in parts]),
            np.concatenate([part.times_us for part in parts]),
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.messages for part in parts]),
        )


def _arrow_rows(value: bytes, index: int, names: _Names) -> _Rows:
    """The rows of an Arrow message; NaN and null both mean not acquired."""
    if not value.endswith(ARROW_END_OF_STREAM):
        raise _Unusable("not_arrow", "the Arrow stream has no end marker")
    try:
        with pa.ipc.open_stream(value) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _Unusable("not_arrow", one_line(error)) from None
    try:
        return _table_rows(table, index, names)
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise _Unusable("wrong_columns", one_line(error)) from None


def _table_rows(table: pa.Table, index: int, names: _Names) -> _Rows:
    if not pa.types.is_timestamp(table.schema.field("generation_time").type):
        raise ValueError("generation_time is not a timestamp")
    if table.schema.field("generation_time").type.tz is None:
        raise ValueError("generation_time has no time zone")
    times = table["generation_time"].cast(pa.timestamp("us", tz="UTC"))
    if times.null_count:
        raise ValueError("a generation_time is null")
    values = table["value"].cast(pa.float64())
    return _Rows(
        _parameter_numbers(table, names),
        times.cast(pa.int64()).to_numpy(),
        values.to_numpy(zero_copy_only=False)
        if values.null_count == 0
        else pc.fill_null(values, math.nan).to_numpy(),
        np.full(table.num_rows, index),
    )


def _parameter_numbers(table: pa.Table, names: _Names) -> NDArray[np.int64]:
    """The parameter number of each row, with one look-up a distinct name."""
    columns = ["spacecraft", "subsystem", "parameter"]
    if "subsystem" not in table.schema.names:
        table = table.append_column("subsystem", pa.array([""] * table.num_rows))
    text = pa.table({name: table[name].cast(pa.string()) for name in columns})
    row = pa.array(np.arange(table.num_rows))
    groups = text.append_column("row", row).group_by(columns)
    numbers = np.full(table.num_rows, _REFUSED)
    for group in groups.aggregate([("row", "list")]).to_pylist():
        rows = group["row_list"]
        if group["spacecraft"] is not None and group["parameter"] is not None:
            found = names.of(group["spacecraft"], group["subsystem"])
            numbers[rows] = found[group["parameter"]]
    return numbers


def _by_parameter(
    rows: _Rows, names: list[ParameterName], contexts: dict[int, dict[str, float]]
) -> Iterator[Samples]:
    """Cuts the rows into one run a parameter; arrival order is kept inside a run."""
    if len(rows.parameters) == 0:
        return
    order = np.argsort(rows.parameters, kind="stable")
    parameters = rows.parameters[order]
    times_us, values = rows.times_us[order], rows.values[order]
    messages = rows.messages[order]
    cuts = np.flatnonzero(np.diff(parameters)) + 1
    starts = [0, *cuts.tolist()]
    ends = [*cuts.tolist(), len(parameters)]
    for start, end in zip(starts, ends, strict=True):
        run = slice(start, end)
        context = _context(messages[run], contexts) if contexts else None
        name = names[int(parameters[start])]
        yield Samples(name, times_us[run], values[run], context)


def _context(
    messages: NDArray[np.int64], contexts: dict[int, dict[str, float]]
) -> Context | None:
    found = [contexts.get(index, {}) for index in messages.tolist()]
    names = sorted(set().union(*found))
    return {
        name: np.array([situation.get(name, 0.0) for situation in found])
        for name in names
    } or None
