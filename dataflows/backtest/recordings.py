"""Recorded parameters with their labels, as detectors are tried on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from connectors.errors import SettingsError
from connectors.messages.samples import ParameterName
from connectors.messages.times import microseconds, moment
from connectors.parquet.columns import Columns, Series, by_parameter
from connectors.parquet.reader import is_archive, read_all
from connectors.parquet.storage import Storage
from connectors.recordings import telemanom
from connectors.recordings.sample_files import read_sample_files
from connectors.recordings.truth import Injected, read_truth
from dataflows.backtest.scoring import Span
from dataflows.state.arrays import Floats, Times


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded parameter.

    Args:
        name: of the parameter.
        times_us: microseconds since 1970 (UTC), in order, one per sample.
        values: in the parameter's unit; NaN = not acquired.
        scored_from: the index from which samples are scored; before, they are learnt.
        labels: of what is scored, counted from there; None where nobody labelled it.
        context: numbers that describe the situation, a column per name.
        new_epoch: whether other values may be normal from `scored_from` on.
        clocked: whether the times were recorded, not made up from the sample's place.
    """

    name: ParameterName
    times_us: Times
    values: Floats
    scored_from: int = 0
    labels: tuple[Span, ...] | None = None
    context: Mapping[str, Floats] | None = None
    new_epoch: bool = False
    clocked: bool = True

    @property
    def channel(self) -> str:
        """The qualified name."""
        return str(self.name)

    def place(self, index: int) -> str:
        """Where scored sample `index` is, for people."""
        if not self.clocked:
            return f"sample {index}"
        at = moment(int(self.times_us[self.scored_from + index]))
        return at.isoformat().replace("+00:00", "Z")


def read_recordings(
    data: str, truth: Path | None = None, score_from: datetime | None = None
) -> tuple[list[Recording], list[str]]:
    """The recordings in a folder or file or at a URL, by name, and notes for people.

    Raises SettingsError, naming the file, for what cannot be read as any, and
    ArchiveUnavailable for an archive that cannot be read.
    """
    if telemanom.is_layout(folder := Path(data)):
        for option, given in (("--truth", truth), ("--score-from", score_from)):
            if given is not None:
                problem = "goes with an archive and with tables of samples only"
                raise SettingsError(option, problem)
        return _telemanom_recordings(folder), []
    samples = by_parameter(_samples(Storage.at(data)))
    faults = None if truth is None else list(read_truth(truth))
    recordings = [
        _timed(name, series, faults, score_from) for name, series in samples.items()
    ]
    recordings = [one for one in recordings if one.scored_from < len(one.values)]
    if not recordings:
        raise SettingsError("--score-from", "there are no samples from then on")
    return recordings, _notes(recordings, faults or ())


def _samples(storage: Storage) -> Columns:
    """What the archive holds, or the tables, if it is none."""
    place = storage.local_root
    if place is None or (place.is_dir() and is_archive(storage)):
        return read_all(storage)
    return read_sample_files(place)


def _telemanom_recordings(folder: Path) -> list[Recording]:
    channels = telemanom.read_channels(folder, ["test"])
    labels = telemanom.read_labels(folder)
    parts = {one.name: one.parts for one in telemanom.read_channels(folder)}
    found = []
    for channel in channels:
        (test,) = channel.parts
        spans = tuple(Span(*pair) for pair in labels[channel.name])
        if any(span.first >= len(test) for span in spans):
            problem = f"{channel.name} has a label beyond its {len(test)} test samples"
            raise SettingsError(str(folder / telemanom.LABELS), problem)
        clipped = tuple(Span(first, min(last, len(test) - 1)) for first, last in spans)
        found.append(_recorded(channel, parts[channel.name], clipped))
    return found


def _recorded(
    channel: telemanom.Channel, parts: tuple[Floats, ...], labels: tuple[Span, ...]
) -> Recording:
    if len({part.shape[1] for part in parts}) > 1:
        problem = f"the parts of {channel.name} differ in their columns"
        raise SettingsError(channel.name, problem)
    samples = np.concatenate(parts).astype(np.float64)
    step_us = round(telemanom.DEFAULT_INTERVAL_S * 1e6)
    names = telemanom.command_names(samples.shape[1])
    columns = np.ascontiguousarray(samples.T)
    return Recording(
        channel.parameter,
        np.arange(len(samples), dtype=np.int64) * step_us,
        columns[0],
        len(samples) - len(parts[-1]),
        labels,
        dict(zip(names[1:], columns[1:], strict=True)),
        new_epoch=len(parts) > 1,
        clocked=False,
    )


def _timed(
    name: ParameterName,
    series: Series,
    faults: list[Injected] | None,
    score_from: datetime | None,
) -> Recording:
    times_us, values = series
    start = 0
    if score_from is not None:
        start = int(np.searchsorted(times_us, microseconds(score_from)))
    scored_us = times_us[start:]
    labels = None
    if faults is not None and len(scored_us):
        own = [_span(fault, scored_us) for fault in faults if fault.name == name]
        labels = tuple(sorted(span for span in own if span is not None))
    return Recording(name, times_us, values, start, labels)


def _span(fault: Injected, times_us: Times) -> Span | None:
    """The samples of a fault; None where it ends before or starts after them all."""
    start_us, end_us = microseconds(fault.started_at), microseconds(fault.ended_at)
    if end_us < times_us[0] or start_us > times_us[-1]:
        return None
    first = int(np.searchsorted(times_us, start_us))
    last = int(np.searchsorted(times_us, end_us, side="right")) - 1
    # Where a fault left no sample, the next one is the first that can show it.
    return Span(first, max(first, last))


def _notes(recordings: list[Recording], faults: Iterable[Injected]) -> list[str]:
    used = sum(len(one.labels or ()) for one in recordings)
    left_out = len(list(faults)) - used
    if not left_out:
        return []
    return [f"{left_out} labels are of parameters or times that are not scored"]
