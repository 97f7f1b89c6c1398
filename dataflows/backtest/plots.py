"""A picture of a channel: its values, what was expected, labels, alarms and scores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from connectors.errors import SettingsError
from dataflows.backtest.detections import Detection
from dataflows.backtest.recordings import Recording
from dataflows.backtest.scoring import Span
from dataflows.backtest.scoring.events import ChannelScore
from dataflows.state.arrays import Floats

SIZE_INCHES = (12.5, 6.5)
DOTS_PER_INCH = 110
HIGHEST_SCORE = 4.0  # what is beyond is drawn there
ROOM = 0.15  # above and below the values, as a share of their range

# Okabe & Ito (2008): told apart with any kind of colour vision. Alarms and labels
# also differ in place and pattern.
VALUE, LEARNT, BAND = "#000000", "#999999", "#56B4E9"
LABEL, ALARM, EPOCH = "#009E73", "#D55E00", "#CC79A7"


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn of a channel, and where to; `unit` may be unknown (empty)."""

    recording: Recording
    detection: Detection
    score: ChannelScore
    unit: str
    file: Path


def draw(picture: Picture) -> None:
    """Writes the PNG; raises SettingsError where that cannot be done."""
    figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    values, scores = figure.subplots(2, sharex=True, height_ratios=[3, 1])
    x = _positions(picture.recording)
    _draw_values(values, picture, x)
    _draw_scores(scores, picture, x[picture.recording.scored_from :])
    for axes in (values, scores):
        _shade(axes, picture, x[picture.recording.scored_from :])
        axes.grid(alpha=0.25)
        axes.margins(x=0.005)
    _name_positions(scores, picture.recording)
    values.set_title(_title(picture), loc="left", fontsize=12)
    figure.legend(
        *values.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=7,
        frameon=False,
    )
    try:
        # A fixed name of the program: the same picture is the same file.
        figure.savefig(picture.file, metadata={"Software": "Orbitwatch"})
    except OSError as error:
        raise SettingsError("--plot", f"{picture.file}: {error.strerror}") from None


def _positions(recording: Recording) -> Floats:
    """Days since 1970, or where times were made up the sample's number."""
    if recording.clocked:
        return recording.times_us.astype(np.float64) / 86_400e6
    return np.arange(len(recording.values), dtype=np.float64) - recording.scored_from


def _name_positions(axes: Axes, recording: Recording) -> None:
    if not recording.clocked:
        axes.set_xlabel("sample (0 is the first that is scored)")
        return
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.set_xlabel("generation time (UTC)")


def _title(picture: Picture) -> str:
    score = picture.score
    told = f"{picture.recording.channel}    alarms: {len(score.alarms)}"
    if score.labels is None:
        return told
    found, false = len(score.delays), len(score.false_alarms)
    return f"{told} ({false} false)    labels found: {found} of {len(score.labels)}"


def _draw_values(axes: Axes, picture: Picture, x: Floats) -> None:
    recording, detection = picture.recording, picture.detection
    start = recording.scored_from
    if detection.band_of:
        axes.fill_between(
            x[start:],
            detection.lower,
            detection.upper,
            color=BAND,
            alpha=0.35,
            linewidth=0,
            label=f"expected ({detection.band_of})",
        )
    if start:
        axes.plot(x[:start], recording.values[:start], color=LEARNT, linewidth=0.7)
        axes.axvline(
            float(x[start]),
            color=EPOCH,
            linestyle="--",
            linewidth=1.5,
            label="new epoch" if recording.new_epoch else "scored from here",
        )
    axes.plot(x[start:], recording.values[start:], color=VALUE, lw=0.7, label="value")
    axes.set_ylabel(f"value [{picture.unit}]" if picture.unit else "value")
    axes.set_ylim(*_limits(recording.values))


def _limits(values: Floats) -> tuple[float, float]:
    """The range of the values with some room, however wide the band is."""
    known = values[np.isfinite(values)]
    if not len(known):
        return -1.0, 1.0
    low, high = float(known.min()), float(known.max())
    room = ROOM * (high - low) or max(abs(low), 1.0) * ROOM
    return low - room, high + room


def _draw_scores(axes: Axes, picture: Picture, x: Floats) -> None:
    scores = np.minimum(picture.detection.scores, HIGHEST_SCORE)
    axes.plot(x, scores, color=VALUE, linewidth=0.7)
    axes.axhline(1.0, color=ALARM, linestyle=":", linewidth=1.2)
    axes.annotate(
        "threshold",
        (0.003, 1.0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        xytext=(0, 2),
        fontsize=8,
        color=ALARM,
    )
    axes.set_ylabel(f"score (cut at {HIGHEST_SCORE:g})")
    # NaN is not above 2.
    top = np.max(scores, initial=2.0, where=scores > 2.0)
    axes.set_ylim(0, 1.05 * float(top))


def _shade(axes: Axes, picture: Picture, x: Floats) -> None:
    labels = picture.score.labels or ()
    _shade_spans(axes, labels, x, {"color": LABEL, "hatch": "//"}, "labelled")
    _shade_spans(axes, picture.score.alarms, x, {"color": ALARM}, "alarm")


def _shade_spans(
    axes: Axes, spans: Iterable[Span], x: Floats, style: dict[str, str], name: str
) -> None:
    # Half a step on both sides, that an alarm of one sample can be seen.
    half = float(np.median(np.diff(x))) / 2 if len(x) > 1 else 0.5
    color, hatch = style["color"], style.get("hatch")
    for number, span in enumerate(spans):
        axes.axvspan(
            float(x[span.first]) - half,
            float(x[span.last]) + half,
            facecolor=(color, 0.18 if hatch else 0.35),
            edgecolor=(color, 0.6 if hatch else 0.9),
            hatch=hatch,
            linewidth=0.0 if hatch else 1.5,
            label=name if number == 0 else None,
        )
