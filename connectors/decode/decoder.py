"""Decodes polls of messages, JSON packets and Arrow streams alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from connectors.decode.arrow import arrow_rows
from connectors.decode.mending import bad_names_in, mended, rounded_in
from connectors.decode.names import MOST_NAMES, NO_NAME, Names, full_key, is_name
from connectors.decode.refusals import REASONS, Fault, Refusal, Unusable
from connectors.decode.routing import Route, by_subsystem
from connectors.decode.rows import (
    MOST_CONTEXT_NAMES,
    PollInTheMaking,
    Rows,
    by_shard,
)
from connectors.errors import one_line
from connectors.messages.samples import ParameterName, Runs
from connectors.messages.times import microseconds
from connectors.messages.wire import ARROW_CONTENT_TYPE, LARGEST_WHOLE, Packet

# Databases and languages know no earlier and no later time.
YEAR_1_US = microseconds(datetime.min.replace(tzinfo=UTC))
YEAR_9999_US = microseconds(datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Decoded:
    """A poll as columns: `samples`, one entry a shard, and what was refused.

    `shards` says which shard each entry is of; `faults` are of values in messages that
    are used but for them.
    """

    samples: list[Runs]
    shards: list[int]
    refused: list[Refusal]
    faults: list[Fault] = field(default_factory=list)


class Decoder:
    """Decodes polls; keeps nothing between them but the numbers of known parameters.

    `future_seconds`: how much later than its Kafka timestamp a sample's generation
    time may be before it is refused. `identify` makes one name of several that a
    parameter may come under; `route` says what stays together. `most_names` are kept
    between polls.
    """

    def __init__(
        self,
        future_seconds: float,
        identify: Callable[[ParameterName], ParameterName] = lambda name: name,
        most_names: int = MOST_NAMES,
        route: Route = by_subsystem,
    ) -> None:
        self._future_us = int(future_seconds * 1e6)
        self._identify, self._route, self._most_names = identify, route, most_names
        self._json = msgspec.json.Decoder(Packet)
        self._names = Names(identify, route, most_names)

    def decode(
        self,
        values: Sequence[bytes | None],
        content_types: Sequence[str | None],
        received_us: NDArray[np.int64],
    ) -> Decoded:
        """The samples of a poll, by shard and parameter, in order of arrival.

        The three sequences describe the messages: value, `content-type` header and
        Kafka timestamp (microseconds since 1970).
        """
        poll, rows = self._collect(values, content_types, received_us)
        pieces = [*by_shard(rows, self._names, poll.situations)]
        samples = [runs for _, runs in pieces]
        shards = [shard for shard, _ in pieces]
        refused = sorted(poll.refused, key=lambda one: one.index)
        return Decoded(samples, shards, refused, poll.faults)

    def rows(
        self,
        values: Sequence[bytes | None],
        content_types: Sequence[str | None],
        received_us: NDArray[np.int64],
    ) -> tuple[Rows, Sequence[ParameterName]]:
        """The same samples just as they arrived, and the names by number."""
        _, rows = self._collect(values, content_types, received_us)
        return rows, self._names.names

    def _collect(
        self,
        values: Sequence[bytes | None],
        content_types: Sequence[str | None],
        received_us: NDArray[np.int64],
    ) -> tuple[PollInTheMaking, Rows]:
        if self._names.is_full():
            self._names = Names(self._identify, self._route, self._most_names)
        poll = PollInTheMaking(self._names)
        decode, add = self._json.decode, poll.add_packet
        for index, value in enumerate(values):
            try:
                if not value:
                    raise Unusable("empty", REASONS["empty"])
                if content_types[index] == ARROW_CONTENT_TYPE:
                    rows, faults = arrow_rows(value, index, self._names)
                    poll.add_rows(rows)
                    poll.faults += faults
                    poll.looked_through.add(index)
                    continue
                try:
                    packet = decode(value)
                except msgspec.DecodeError as error:
                    packet = _mend(value, index, error, poll)
                if packet.context or packet.epoch:
                    _check_situation(packet)
                add(packet, index)
            except Unusable as problem:
                refusal = Refusal(index, problem.reason, str(problem))
                poll.refused.append(refusal)
            except (UnicodeDecodeError, RecursionError) as error:
                poll.refused.append(Refusal(index, "not_json", one_line(error)))
        rows = poll.rows()
        _note_rounded(poll, rows, values)
        return poll, self._refuse_rows(poll, rows, received_us, values)

    def _refuse_rows(
        self,
        poll: PollInTheMaking,
        rows: Rows,
        received_us: NDArray[np.int64],
        values: Sequence[bytes | None],
    ) -> Rows:
        """The rows that can be used; the messages of the others are refused."""
        latest_us = received_us[rows.messages] + self._future_us
        faults = {
            "bad_name": rows.parameters == NO_NAME,
            "non_finite": np.isinf(rows.values),
            "time_before_year_1": rows.times_us < YEAR_1_US,
            "time_in_future": rows.times_us > np.minimum(latest_us, YEAR_9999_US),
        }
        unusable = np.logical_or.reduce(list(faults.values()))
        if not unusable.any():
            return rows
        for reason, rows_at_fault in faults.items():
            for row in _first_of_each_message(rows, rows_at_fault):
                index = int(rows.messages[row])
                detail = REASONS[reason]
                if reason == "time_in_future":
                    detail = _two_times(rows.times_us[row], received_us[index])
                if reason == "bad_name" and (names := bad_names_in(values[index])):
                    detail = f"{detail}: {names}"
                poll.refused.append(Refusal(index, reason, detail))
        usable = ~unusable
        return Rows(
            rows.parameters[usable],
            rows.times_us[usable],
            rows.values[usable],
            rows.messages[usable],
        )


def _mend(
    value: bytes, index: int, problem: msgspec.DecodeError, poll: PollInTheMaking
) -> Packet:
    """The usable part of a packet; notes what is left out of it."""
    found = mended(value, problem)
    packet = found.packet
    poll.looked_through.add(index)
    for key, reason in found.faults:
        full = full_key(packet.spacecraft, packet.subsystem, key)
        poll.faults.append(Fault(index, full, reason))
    return packet


def _note_rounded(
    poll: PollInTheMaking, rows: Rows, values: Sequence[bytes | None]
) -> None:
    """Notes integers that no double holds; such large values are rare."""
    large = np.abs(rows.values) >= LARGEST_WHOLE
    if not large.any():
        return
    for index in np.unique(rows.messages[large]).tolist():
        value = values[index]
        if value and index not in poll.looked_through:
            keys = rounded_in(value)
            poll.faults += [Fault(index, key, "rounded") for key in keys]


def _first_of_each_message(rows: Rows, chosen: NDArray[np.bool_]) -> list[int]:
    found = np.flatnonzero(chosen)
    _, firsts = np.unique(rows.messages[found], return_index=True)
    return [int(row) for row in found[firsts]]


def _two_times(generation_us: int, received_us: int) -> str:
    """Both clocks, as either may be wrong; years may have any number of digits."""
    on_board, kafkas = (
        f"{np.datetime64(int(time_us), 'us')}Z"
        for time_us in (generation_us, received_us)
    )
    return (
        f"the generation time {on_board} is later than the message could know: Kafka "
        f"has it from {kafkas}"
    )


def _check_situation(packet: Packet) -> None:
    """Raises Unusable for what detectors should not have to deal with."""
    context = packet.context or {}
    if packet.epoch and not is_name(packet.epoch):
        raise Unusable("bad_name", REASONS["bad_name"])
    if len(context) > MOST_CONTEXT_NAMES:
        raise Unusable("too_large", f"more than {MOST_CONTEXT_NAMES} context values")
    if not all(map(math.isfinite, context.values())):
        raise Unusable("non_finite", "a context value is infinite")
    if not all(map(is_name, context)):
        raise Unusable("bad_name", REASONS["bad_name"])
