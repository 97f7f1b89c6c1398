"""Recordings with labels counted from the first sample that is scored."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from connectors.errors import SettingsError
from dataflows.backtest.recordings import read_recordings
from dataflows.backtest.scoring import Span

START = datetime(2024, 1, 1, tzinfo=UTC)
LABELS = "chan_id,spacecraft,anomaly_sequences\n"
TRUTH = "spacecraft,subsystem,parameter,fault,started_at,ended_at\n"


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat()


@pytest.fixture
def channels(tmp_path: Path) -> Path:
    for part, samples in (("train", 3), ("test", 5)):
        (tmp_path / part).mkdir()
        rows = np.column_stack([np.arange(samples) / 10, np.ones(samples)])
        np.save(tmp_path / part / "P-1.npy", rows.astype(np.float32))
    (tmp_path / "labeled_anomalies.csv").write_text(LABELS + 'P-1,SMAP,"[[1, 5]]"\n')
    return tmp_path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [f"S,p,v,{at(10 * i)},{i}" for i in range(10)]
    file = tmp_path / "a.csv"
    header = "spacecraft,subsystem,parameter,generation_time,value"
    file.write_text("\n".join([header, *rows]))
    return file


def test_a_channel_is_its_parts_with_a_new_epoch_between(channels: Path):
    ((recording,), notes) = read_recordings(str(channels))
    assert (recording.channel, recording.scored_from) == ("/SMAP/P/P-1", 3)
    expected = np.array([0, 0.1, 0.2, 0, 0.1, 0.2, 0.3, 0.4], np.float32)
    assert recording.values.tolist() == expected.tolist()
    assert recording.new_epoch
    assert {k: v.tolist() for k, v in (recording.context or {}).items()} == {
        "command_1": [1.0] * 8
    }
    # A label that runs past the end ends with it.
    assert recording.labels == (Span(1, 4),)
    assert recording.place(2) == "sample 2"
    assert notes == []


def test_a_channel_without_a_train_part_begins_with_its_test_part(channels: Path):
    (channels / "train" / "P-1.npy").unlink()
    ((recording,), _) = read_recordings(str(channels))
    assert (recording.scored_from, recording.new_epoch) == (0, False)


def test_a_label_beyond_the_test_part_is_refused(channels: Path):
    (channels / "labeled_anomalies.csv").write_text(LABELS + 'P-1,SMAP,"[[5, 6]]"\n')
    with pytest.raises(SettingsError, match="P-1 has a label beyond its 5 test"):
        read_recordings(str(channels))


def test_parts_of_different_width_are_refused(channels: Path):
    np.save(channels / "train" / "P-1.npy", np.zeros((3, 5)))
    with pytest.raises(SettingsError, match=r"P-1: .* differ in their columns"):
        read_recordings(str(channels))


def test_the_labels_of_channels_belong_to_the_folder(channels: Path):
    with pytest.raises(SettingsError, match="--truth: goes with an archive and"):
        read_recordings(str(channels), channels / "truth.csv")


def test_a_table_without_labels_has_none(table: Path):
    ((recording,), _) = read_recordings(str(table))
    assert (recording.labels, recording.scored_from) == (None, 0)
    assert recording.place(1) == "2024-01-01T00:00:10Z"


@pytest.mark.parametrize(
    ("first_s", "last_s", "span"),
    [
        (20, 40, Span(2, 4)),
        (19, 41, Span(2, 4)),
        (25, 28, Span(3, 3)),  # no sample: the next one can show it
        (-50, 5, Span(0, 0)),
        (85, 900, Span(9, 9)),
    ],
)
def test_a_fault_labels_the_samples_of_its_time(table: Path, first_s, last_s, span):
    truth = table.with_name("truth.csv")
    truth.write_text(f"{TRUTH}S,p,v,rail,{at(first_s)},{at(last_s)}\n")
    ((recording,), notes) = read_recordings(str(table), truth)
    assert (recording.labels, notes) == ((span,), [])


def test_labels_of_what_is_not_scored_are_told(table: Path):
    truth = table.with_name("truth.csv")
    rows = [
        f"S,p,v,rail,{at(10)},{at(20)}",  # before what is scored
        f"S,p,v,rail,{at(900)},{at(901)}",
        f"S,p,other,rail,{at(60)},{at(70)}",
        f"S,p,v,rail,{at(60)},{at(70)}",
    ]
    truth.write_text(TRUTH + "\n".join(rows))
    found, notes = read_recordings(str(table), truth, START + timedelta(seconds=50))
    assert (found[0].scored_from, found[0].labels) == (5, (Span(1, 2),))
    assert found[0].place(0) == "2024-01-01T00:00:50Z"
    assert notes == ["3 labels are of parameters or times that are not scored"]


def test_a_table_that_ends_before_what_is_scored_is_refused(table: Path):
    with pytest.raises(
        SettingsError, match=r"--score-from: there are no samples from then"
    ):
        read_recordings(str(table), None, START + timedelta(days=1))
