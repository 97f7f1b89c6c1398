"""The record envelopes of many parameters in a few arrays, judged together.

Most parameters are watched by their limits and a record envelope and nothing else. For
a few samples of each, going from one to the next takes far longer than judging them.
So their states stand in common arrays, a row each, and three kernels go through all
rows. The detectors of each parameter go on to work: their arrays are views of the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from connectors.messages.findings import AnomalyChange, ExpectedRange
from connectors.messages.samples import Context
from dataflows.detectors.array_detector import Arrays
from dataflows.detectors.known_context import KnownContext
from dataflows.detectors.limits import Limits
from dataflows.detectors.limits_kernel import run_many as run_limits
from dataflows.detectors.record_envelope import BANDS, PREDICTED, RecordEnvelope
from dataflows.detectors.record_envelope_kernel import run_many as run_envelopes
from dataflows.detectors.recursive_least_squares_kernel import predict_many
from dataflows.detectors.severities import learned_severities
from dataflows.state.arrays import Floats, Severities, Times
from dataflows.state.arrival_clock import EPOCH, LATE, NEWEST, epoch_code
from dataflows.verdicts.bank_snapshot import write_bank
from dataflows.verdicts.expected_range import Indices, news_of_many, untold
from dataflows.verdicts.watch import ParameterWatch

__all__ = ["BankKind", "BankVerdict", "DetectorBank", "bank_of"]

_FIRST_ROWS = 16
_NO_BANDS = np.empty((0, 0))


class BankKind(NamedTuple):
    """What the parameters of a bank have in common.

    Args:
        envelope: identity of the record envelopes; empty if there are none.
        context_names: what these know of the context, in their order.
    """

    envelope: bytes = b""
    context_names: tuple[str, ...] = ()


def bank_of(watch: ParameterWatch) -> BankKind | None:
    """Return the kind of bank that a parameter can be in; None for none.

    >>> bank_of(ParameterWatch([])) == bank_of(ParameterWatch([], Limits(soft_high=1)))
    True
    """
    if not watch.limits.at_once or watch.drifts:
        return None
    match watch.panel.detectors[1:]:
        case []:
            return BankKind()
        case [RecordEnvelope() as envelope]:
            return BankKind(envelope.identity, envelope.context_names)
    return None


@dataclass(frozen=True, slots=True)
class BankVerdict:
    """What was made of the runs that a bank was given.

    Args:
        scores: one per sample, as in a `Verdict`.
        severities: one per sample.
        changes: of anomalies, with the run's index among those given.
        left: the runs (their indices) that were not judged: each has to be by itself.
        ranges: of values that are expected from now on, with the run's index.
    """

    scores: Floats
    severities: Severities
    changes: Sequence[tuple[int, tuple[AnomalyChange, ...]]]
    left: Sequence[int]
    ranges: Sequence[tuple[int, ExpectedRange]]


@dataclass(frozen=True, slots=True)
class _Seat:
    """A parameter in a bank."""

    key: bytes
    watch: ParameterWatch
    envelope: RecordEnvelope | None

    def recall(
        self, run: slice, values: Floats, limits: Floats, bands: Floats
    ) -> list[Floats]:
        """Tell the detectors what the kernels found; return the scores of each."""
        scores = [self.watch.limits.recall(values[run], limits[:, run])]
        if self.envelope:
            scores.append(self.envelope.recall(values[run], bands[:, run]))
        return scores


class DetectorBank:
    """Parameters watched by limits and record envelopes of the same settings.

    Or by limits alone, if `like` has no record envelope. The envelopes know the same
    names of the context. All is bit for bit what the watch of each parameter would
    find by itself.

    >>> watches = [ParameterWatch([RecordEnvelope()]) for _ in range(2)]
    >>> bank = DetectorBank(watches[0])
    >>> rows = [bank.add(str(k).encode(), watch) for k, watch in enumerate(watches)]
    >>> times_us, values = np.array([10, 20, 10]), np.array([1.0, 1.1, 7.0])
    >>> begins, ends = np.array([0, 2]), np.array([2, 3])
    >>> bank.judge(np.array(rows), begins, ends, times_us, values).scores.tolist()
    [0.0, 0.0, 0.0]
    """

    def __init__(self, like: ParameterWatch) -> None:
        """Make an empty bank for parameters watched as `like` is."""
        self.kind = bank_of(like)
        self._envelope = envelope = _envelope(like)
        most = envelope.most_context_columns if envelope else 0
        names = envelope.context_names if envelope else ()
        self._known = KnownContext(most, names)
        self._starts = np.zeros(len(names))
        self._seats: list[_Seat | None] = []
        self._free: list[int] = []
        self._arrays: Arrays = tuple(
            _rows_like(array) for array in (envelope.state if envelope else ())
        )
        self._edges = np.zeros((_FIRST_ROWS, 4))
        self._clocks = np.zeros((_FIRST_ROWS, 4), np.int64)
        self._told = untold(_FIRST_ROWS)
        self._open = np.zeros(_FIRST_ROWS, np.bool_)

    def __len__(self) -> int:
        """Return how many parameters are in it."""
        return len(self._seats) - len(self._free)

    def add(self, key: bytes, watch: ParameterWatch) -> int:
        """Take in a plain parameter with what it has learnt; return its row.

        Raises ValueError if it is watched in another way.
        """
        if self.kind is None or bank_of(watch) != self.kind:
            raise ValueError(f"{key!r} is not watched as this bank's parameters are")
        if not self._free:
            self._free.append(len(self._seats))
            self._seats.append(None)
        row = self._free.pop()
        while row >= len(self._open):
            self._grow()
        self._edges[row] = watch.limits.edges
        self._seats[row] = seat = _Seat(key, watch, _envelope(watch))
        self._sit(seat, row)
        self.note(row)
        return row

    def _sit(self, seat: _Seat, row: int) -> None:
        """Make the state of a parameter views of its row, which gets its numbers."""
        self._clocks[row], self._told[row] = seat.watch.clock, seat.watch.told
        seat.watch.clock, seat.watch.told = self._clocks[row], self._told[row : row + 1]
        if seat.envelope:
            seat.envelope.keep_in(tuple(array[row] for array in self._arrays))

    def _grow(self) -> None:
        self._arrays = tuple(_doubled(array) for array in self._arrays)
        self._edges, self._clocks = _doubled(self._edges), _doubled(self._clocks)
        self._told, self._open = _doubled(self._told), _doubled(self._open)
        for row, seat in enumerate(self._seats):
            if seat is not None:
                self._sit(seat, row)

    def remove(self, row: int) -> None:
        """Let a parameter go, with all it has learnt."""
        seat = self._seats[row]
        if seat is not None:
            seat.watch.clock = seat.watch.clock.copy()
            seat.watch.told = seat.watch.told.copy()
            if seat.envelope:
                own = tuple(array.copy() for array in seat.envelope.state)
                seat.envelope.keep_in(own)
            self._seats[row] = None
            self._free.append(row)

    def note(self, row: int) -> None:
        """Look again whether an anomaly of a parameter is open."""
        seat = self._seats[row]
        self._open[row] = seat is not None and seat.watch.episodes.is_open

    def open_among(self, rows: Indices) -> list[int]:
        """Return the indices of those rows that are in an anomaly."""
        found: list[int] = np.flatnonzero(self._open[rows]).tolist()
        return found

    def judge(
        self,
        rows: Indices,
        begins: Indices,
        ends: Indices,
        times_us: Times,
        values: Floats,
        context: Context | None = None,
        epochs: Sequence[tuple[int, str]] = (),
    ) -> BankVerdict:
        """Return what becomes of runs of samples: run k is `begins[k]` to `ends[k]`.

        `rows[k]` is the row of its parameter; no row occurs twice, no run is empty.
        `context` and `epochs` are those of every run, as in `ParameterWatch.update`.
        Left to the watch of their parameter are runs with late samples, with another
        epoch, and with names of the context that are new.
        """
        in_time = self._in_time(rows, begins, ends, times_us)
        for _, epoch in epochs:
            in_time &= self._clocks[rows, EPOCH] == epoch_code(epoch)
        if not in_time.any() or (context and self._known.news(context)):
            nothing = np.zeros(len(values))
            severities = Limits.severities_of(nothing)
            return BankVerdict(nothing, severities, (), range(len(rows)), ())
        left = np.flatnonzero(~in_time).tolist()
        if left:
            begins, ends, rows = begins[in_time], ends[in_time], rows[in_time]
        self._clocks[rows, NEWEST] = times_us[ends - 1]
        self._clocks[rows, LATE] = 0
        limits, bands = self._bands(rows, begins, ends, values, context or {})
        scores, severities = limits[0], Limits.severities_of(limits[0])
        if self._envelope:
            scores = np.maximum(bands[0], scores)
            np.maximum(severities, learned_severities(bands[0]), out=severities)
        changes = []
        for k in self._eventful(rows, begins, ends, scores).tolist():
            run, row = slice(begins[k], ends[k]), int(rows[k])
            if seat := self._seats[row]:
                found = seat.recall(run, values, limits, bands)
                verdict = seat.watch.follow(times_us[run], values[run], found)
                seat.watch.forget_batch()
                changes.append((k, verdict.changes))
                self.note(row)
        ranges = self._ranges(rows, begins, ends, times_us, values, bands)
        if left:
            given = np.flatnonzero(in_time).tolist()
            changes = [(given[k], found) for k, found in changes]
            ranges = [(given[k], told) for k, told in ranges]
        return BankVerdict(scores, severities, changes, left, ranges)

    def _ranges(
        self,
        rows: Indices,
        begins: Indices,
        ends: Indices,
        times_us: Times,
        values: Floats,
        bands: Floats,
    ) -> list[tuple[int, ExpectedRange]]:
        """Return what there is to tell of expected ranges, by run."""
        envelope = self._envelope
        if envelope is None:
            return []
        return news_of_many(
            *(times_us, values, begins, ends, rows),
            *(lambda places: envelope.band_in(bands[:, places]), self._told),
        )

    def _in_time(
        self, rows: Indices, begins: Indices, ends: Indices, times_us: Times
    ) -> NDArray[np.bool_]:
        """Return of each run whether all its samples are later than any before."""
        later = np.ones(len(times_us) + 1, np.bool_)
        later[1:-1] = times_us[1:] > times_us[:-1]
        later[begins] = times_us[begins] > self._clocks[rows, NEWEST]
        breaks = np.cumsum(~later)
        found: NDArray[np.bool_] = (breaks[ends - 1] == breaks[begins]) & later[begins]
        return found

    def _bands(
        self,
        rows: Indices,
        begins: Indices,
        ends: Indices,
        values: Floats,
        context: Context,
    ) -> tuple[Floats, Floats]:
        """Return what the kernels of the limits and of the envelopes write."""
        values = np.ascontiguousarray(values, np.float64)
        # Runs that are not ours leave gaps, in which nobody looks.
        limits = np.zeros((1, len(values)))
        run_limits(values, limits, begins, ends, rows, self._edges)
        if self._envelope is None:
            return limits, _NO_BANDS
        length = int(ends[0] - begins[0])
        columns, places = self._known.columns(context, length)
        bands = np.zeros((BANDS, len(values)))
        scalars, rings, envelopes, filters, vectors, inverses = self._arrays
        predict_many(
            *(values, bands[PREDICTED:], begins, ends, rows),
            *(filters, vectors, inverses, self._starts, columns, places),
        )
        run_envelopes(
            *(bands[PREDICTED:], bands[:PREDICTED], begins, ends, rows),
            *(self._envelope.numbers, scalars, rings, envelopes),
        )
        return limits, bands

    def _eventful(
        self, rows: Indices, begins: Indices, ends: Indices, scores: Floats
    ) -> Indices:
        """Return the runs with an anomaly in it, or during one."""
        anomalous = np.zeros(len(scores) + 1, np.int64)
        np.cumsum(scores >= 1.0, out=anomalous[1:])
        found: Indices = np.flatnonzero(
            (anomalous[ends] > anomalous[begins]) | self._open[rows]
        )
        return found

    def snapshot(self) -> bytes:
        """Return the state of all parameters."""
        kept = [row for row, seat in enumerate(self._seats) if seat is not None]
        seats = [seat for seat in self._seats if seat is not None]
        arrays = tuple(array[kept] for array in self._arrays)
        return write_bank(
            *(self.kind or BankKind()),
            [seat.key for seat in seats],
            [seat.watch for seat in seats],
            self._clocks[kept],
            self._told[kept],
            arrays,
        )


def _envelope(watch: ParameterWatch) -> RecordEnvelope | None:
    found = watch.panel.detectors[-1]
    return found if isinstance(found, RecordEnvelope) else None


def _rows_like(array: NDArray[Any]) -> NDArray[Any]:
    return np.zeros((_FIRST_ROWS, *array.shape), array.dtype)


def _doubled(array: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([array, np.zeros_like(array)])
