"""Snapshots name what is wrong with them."""

import pytest

from dataflows.detectors.rolling_z_score import RollingZScore
from dataflows.state.snapshot import SnapshotError, label, pack, unpack

OURS = label("rolling_z_score", 2, {"threshold": 5.0})


def test_parts_come_back_as_they_were():
    assert unpack(pack(OURS, [b"", b"abc"]), OURS) == [b"", b"abc"]


@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        (label("limits", 2, {}), "detector limits, but this is rolling_z_score"),
        (label("rolling_z_score", 1, {}), "version 1, but this is version 2"),
        (
            label("rolling_z_score", 2, {"threshold": 4.0}),
            "settings threshold=4.0, but this is threshold=5.0",
        ),
    ],
)
def test_a_snapshot_of_something_else_is_refused_by_name(theirs, message):
    with pytest.raises(SnapshotError, match=message):
        unpack(pack(theirs, []), OURS)


def test_a_newer_layout_is_refused():
    data = bytearray(pack(OURS, []))
    data[4] = 9
    with pytest.raises(SnapshotError, match="layout 9"):
        unpack(bytes(data), OURS)


@pytest.mark.parametrize("parts", [[], [b"12345678"]])
def test_parts_of_another_shape_are_refused(parts):
    detector = RollingZScore()
    with pytest.raises(SnapshotError, match="expected"):
        detector.restore(pack(detector._label, parts))


def test_settings_that_are_written_differently_but_equal_fit():
    RollingZScore(threshold=5).restore(RollingZScore(threshold=5.0).snapshot())
