"""One connection of the database sink, and the transaction in which it stores polls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np
from psycopg.errors import ForeignKeyViolation, UniqueViolation

from connectors.database.connection import cancel, connect, sever
from connectors.database.copy_rows import SampleRows
from connectors.database.finding_tables import (
    store_anomalies,
    store_drifts,
    store_expected,
)
from connectors.database.left_open import Heard, close_forgotten
from connectors.database.parameter_ids import ParameterIds
from connectors.database.positions import Key, Positions, latest_positions
from connectors.database.record_tables import store_records
from connectors.database.sample_table import Counts, copy_samples, merge_samples
from connectors.database.whole_polls import Batch
from connectors.messages.findings import Anomaly
from connectors.messages.polls import Poll, Position, ToStore
from connectors.messages.samples import ParameterName
from connectors.messages.writes import (
    Findings,
    Records,
    ScoredSamples,
    anomalies_in,
)


@dataclass(frozen=True, slots=True)
class Written:
    """What a committed transaction did.

    `polls` were stored by it; `replayed` counts those dropped, as they were stored
    before a restart. `samples` are new rows; `repeated` ones were there already, and
    the `contradicted` among them with another value, which stays. `anomalies` counts
    rows added or changed, `retries` the attempts that failed before. `forgotten` are
    anomalies that were found open and closed, as they do not go on. `reached` is how
    far it moved the positions; `overtaken` are those that another process has moved on.
    """

    polls: Sequence[Poll] = ()
    replayed: int = 0
    samples: int = 0
    repeated: int = 0
    contradicted: int = 0
    anomalies: int = 0
    forgotten: Sequence[Anomaly] = ()
    reached: Mapping[Key, Position] = field(default_factory=dict)
    overtaken: Sequence[Position] = ()
    retries: int = 0
    seconds: float = 0.0


_NOTHING = Counts(0)


@dataclass(frozen=True, slots=True)
class _Stored:
    """What a transaction did; see `Written`."""

    samples: Counts = _NOTHING
    anomalies: int = 0
    forgotten: Sequence[Anomaly] = ()
    overtaken: Sequence[Position] = ()


class Session:
    """A connection, with what it knows to be in the database.

    It is thrown away with the connection: after a failure nobody knows what was
    committed, so the next one asks the database. `tell` hears of forgotten anomalies
    before they are closed for good, so perhaps twice.
    """

    def __init__(
        self,
        database: str,
        flow: str,
        parameters: ParameterIds,
        tell: Callable[[Sequence[Anomaly]], None],
    ) -> None:
        self._tell = tell
        # Parameters whose open anomalies were not looked at yet.
        self._unchecked: set[ParameterName] = set()
        self._connection = connect(database, flow)
        self._parameters = parameters
        try:
            self._positions = Positions(self._connection, flow)
        except BaseException:
            self._connection.close()
            raise
        self._expect_repeats = False

    def lacks(self, reached: Mapping[Key, Position]) -> Position | None:
        """A position that was stored, and that the database did not have at the start.

        What was committed is lost then, with all that went before it since.
        """
        known = self._positions.at_open
        for key, position in reached.items():
            if key not in known or not known[key].covers(position):
                return position
        return None

    def close(self) -> None:
        """Ends the connection, and a transaction that is not committed with it."""
        self._connection.close()

    def cancel(self) -> None:
        """Ends what another thread has the server do."""
        cancel(self._connection)

    def sever(self) -> None:
        """Ends the connection while another thread waits for an answer."""
        sever(self._connection)

    def store(self, batch: Batch) -> Written:
        """Stores the batch in one transaction: all of it or, on an error, nothing."""
        started_s = time.monotonic()
        new = [
            (poll, pieces)
            for poll, pieces in batch.polls
            if not self._positions.had_stored(poll)
        ]
        stored = _Stored()
        if new or batch.timely or batch.settled:
            stored = self._commit(Batch(new, batch.settled, batch.timely))
        return Written(
            polls=[poll for poll, _ in new],
            replayed=_with_samples(batch.polls) - _with_samples(new),
            samples=stored.samples.stored,
            repeated=stored.samples.repeated,
            contradicted=stored.samples.contradicted,
            anomalies=stored.anomalies,
            forgotten=stored.forgotten,
            reached=latest_positions(batch.settled),
            overtaken=stored.overtaken,
            seconds=time.monotonic() - started_s,
        )

    def _commit(self, new: Batch) -> _Stored:
        """Tries the fast way first, unless the last batch had repeated rows in it."""
        if not self._expect_repeats:
            try:
                return self._with_parameters(new)
            except UniqueViolation:
                self._expect_repeats = True
        stored = self._with_parameters(new)
        self._expect_repeats = stored.samples.repeated > 0
        return stored

    def _with_parameters(self, new: Batch) -> _Stored:
        """Tries again if rows of parameters turn out to be deleted."""
        try:
            return self._transaction(new)
        except ForeignKeyViolation:
            self._parameters.doubt()
            return self._transaction(new)

    def _transaction(self, new: Batch) -> _Stored:
        store_samples = merge_samples if self._expect_repeats else copy_samples
        pieces = [*chain.from_iterable(pieces for _, pieces in new.polls), *new.timely]
        stored, checked = _Stored(), set[ParameterName]()
        with self._connection.transaction():
            if pieces:
                scored, found, records = _by_kind(pieces)
                ids = self._parameters.look_up(
                    self._connection, [*_names_of(scored), *_names_in(found)]
                )
                anomalies = store_anomalies(
                    self._connection, found, self._parameters.id_of
                )
                heard = self._first_heard(new)
                forgotten, early = close_forgotten(
                    self._connection, heard.values(), [*_told_by(new.timely)]
                )
                counts = store_samples(self._connection, _rows(scored, ids))
                checked = {of for of in heard if heard[of].parameter_id not in early}
                stored = _Stored(counts, anomalies, forgotten)
                store_drifts(self._connection, found, self._parameters)
                store_expected(self._connection, found, self._parameters)
                store_records(self._connection, _joined(records))
            overtaken = self._positions.store(latest_positions(new.settled))
            if stored.forgotten:
                self._tell(stored.forgotten)
        self._parameters.keep()
        self._unchecked -= checked
        return replace(stored, overtaken=overtaken)

    def _first_heard(self, new: Batch) -> dict[ParameterName, Heard]:
        """The parameters to be looked at: of polls not stored before, even in part."""
        self._unchecked |= self._parameters.new
        heard: dict[ParameterName, Heard] = {}
        if not self._unchecked:
            return heard
        for poll, pieces in new.polls:
            if self._positions.had_not_stored(poll):
                for piece in pieces:
                    heard |= self._heard(piece, heard)
        return heard

    def _heard(
        self, piece: ToStore, before: Mapping[ParameterName, Heard]
    ) -> dict[ParameterName, Heard]:
        """The unchecked parameters of a piece, which tells what is open of them now."""
        scored, found, _ = _by_kind([piece])
        open_since_us = {
            name: since_us
            for each in found
            for name, since_us in each.open_since_us.items()
        }
        heard: dict[ParameterName, Heard] = {}
        for samples in (each.samples for each in scored):
            for place, name in enumerate(samples.names):
                if name in self._unchecked:
                    last_us = int(samples.times_us[samples.rows(place)].max())
                    if name in before:
                        last_us = max(last_us, before[name].last_us)
                    parameter_id = self._parameters.id_of(name)
                    open_us = open_since_us.get(name)
                    heard[name] = Heard(parameter_id, last_us, open_us)
        return heard


def _with_samples(polls: Iterable[tuple[Poll, Sequence[ToStore]]]) -> int:
    """How many polls are more than a position."""
    return sum(any(piece.writes for piece in pieces) for _, pieces in polls)


def _by_kind(
    pieces: Iterable[ToStore],
) -> tuple[list[ScoredSamples], list[Findings], list[Records]]:
    """What is to be stored of all pieces, in their order."""
    scored: list[ScoredSamples] = []
    found: list[Findings] = []
    records: list[Records] = []
    for write in chain.from_iterable(piece.writes for piece in pieces):
        match write:
            case ScoredSamples():
                scored.append(write)
            case Findings():
                found.append(write)
            case Records():
                records.append(write)
    return scored, found, records


def _names_of(scored: Iterable[ScoredSamples]) -> Iterator[ParameterName]:
    return chain.from_iterable(each.samples.names for each in scored)


def _names_in(found: Iterable[Findings]) -> Iterator[ParameterName]:
    for each in found:
        yield from (anomaly.name for anomaly in each.anomalies)
        yield from (name for name, _ in each.drifts)
        yield from (name for name, _ in each.expected)


def _told_by(timely: Iterable[ToStore]) -> Iterator[str]:
    """The ids of the anomalies that timers told of."""
    for piece in timely:
        yield from (anomaly.id for anomaly in anomalies_in(piece.writes))


def _joined(records: Iterable[Records]) -> Iterator[Records]:
    """The records, those for one table together."""
    found: dict[str, list[Records]] = {}
    for each in records:
        found.setdefault(each.table, []).append(each)
    for of_table in found.values():
        rows = [*chain.from_iterable(each.rows for each in of_table)]
        yield replace(of_table[0], rows=rows)


def _rows(scored: Sequence[ScoredSamples], ids: Sequence[int]) -> SampleRows:
    """The rows of samples, whose parameters have the first of these ids."""
    nothing = np.empty(0, np.int64)
    lengths = [nothing, *(np.diff(each.samples.starts) for each in scored)]
    counts = np.concatenate(lengths)
    return SampleRows(
        np.repeat(np.array(ids[: len(counts)], np.int32), counts),
        np.concatenate([nothing, *(each.samples.times_us for each in scored)]),
        np.concatenate([np.empty(0), *(each.samples.values for each in scored)]),
        np.concatenate([np.empty(0), *(each.scores for each in scored)]),
        np.concatenate([np.empty(0, np.int8), *(each.severities for each in scored)]),
    )
