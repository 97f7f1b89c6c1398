"""Snapshots outlive releases: what cannot be read starts afresh, and says so."""

import numpy as np
import pytest

from dataflows.state.snapshot import SnapshotError, label, pack, parts_of_any
from dataflows.verdicts.open_episode import OpenEpisode
from tests.dataflows.parameters.kept_snapshots import (
    FOLDER,
    NAMES,
    TODAY,
    polled,
    resumed,
)
from tests.outcome import outcome

# Of each snapshot that an older release wrote, what cannot be read any more.
OLDER = {
    "bank_1_watch_2": {"enveloped", "limited", "by_itself", "perhaps_silent"},
    "bank_2_watch_3": {"enveloped", "limited", "perhaps_silent"},
}


def test_a_snapshot_of_today_is_read_whole_and_written_the_same(caplog):
    """If not, a layout changed: see the module of the kept snapshots."""
    logic = resumed(TODAY.read_bytes())
    assert caplog.messages == []
    assert logic.snapshot() == TODAY.read_bytes()
    [scored], _ = logic.on_batch([polled([20.0], 41)])
    assert (outcome(scored).scores > 1)[:3].all()
    [closed], _ = logic.on_batch([polled([0.0] * 30, 42)])
    ended = {one.name: one.change.kind for one in outcome(closed).anomalies}
    assert ended == dict.fromkeys(NAMES[:3], "closed")


def test_all_kept_snapshots_are_read():
    assert {file.stem for file in FOLDER.glob("*.bin")} - {TODAY.stem} == OLDER.keys()


@pytest.mark.parametrize("older", OLDER)
def test_what_an_older_release_wrote_starts_afresh_instead_of_stopping(older, caplog):
    logic = resumed((FOLDER / f"{older}.bin").read_bytes())
    assert {*logic._watched} == {*NAMES}
    lines = [line for line in caplog.messages if "parameters start afresh" in line]
    assert sum(int(line.split()[0]) for line in lines) == len(OLDER[older])
    assert all("but this is version" in line for line in lines)
    # What it still can read, it keeps.
    [silent] = [one for one in logic._watched.values() if one.staleness]
    assert silent.staleness is not None
    assert silent.staleness.wake_at_us == 300_000_000
    [scored], _ = logic.on_batch([polled([0.0, 20.0], 41)])
    found = [one for one in outcome(scored).anomalies if one.change.kind == "opened"]
    opened = {one.name.parameter for one in found}
    assert opened == OLDER[older] - {"perhaps_silent"}
    caplog.clear()
    resumed(logic.snapshot())
    assert caplog.messages == []


def test_an_anomaly_in_progress_of_another_version_is_given_up_alone(
    caplog, monkeypatch
):
    monkeypatch.setattr(OpenEpisode, "parts", lambda _: [b"of another version"])
    before = resumed(None)
    before.on_batch([polled([*np.sin(np.arange(40.0)).tolist(), 20.0])])
    after = resumed(before.snapshot())
    given_up = {f"{name}: episodes start afresh" for name in NAMES[:3]}
    assert {*caplog.messages} == given_up
    [expected], _ = before.on_batch([polled([1.5], 41)])
    [scored], _ = after.on_batch([polled([1.5], 41)])
    assert outcome(scored).scores.tolist() == outcome(expected).scores.tolist()


def test_whatever_the_version_damage_is_refused():
    data = bytearray(TODAY.read_bytes())
    data[-1] ^= 1
    with pytest.raises(SnapshotError, match="damaged"):
        resumed(bytes(data))


def test_the_parts_of_a_snapshot_can_be_had_whatever_its_label():
    assert parts_of_any(pack(label("anything", 9, {}), [b"a", b""])) == [b"a", b""]
