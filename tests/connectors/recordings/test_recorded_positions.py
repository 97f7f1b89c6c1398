"""Recorded positions: read column by column, or refused in one line."""

from pathlib import Path

import pytest

from connectors.errors import SettingsError
from connectors.recordings.recorded_positions import read_positions

FIRST = "2025-12-21T12:58:46Z,-15.3681,6.4226,0.0,7152.78,UNKNOWN\n"
SECOND = "2025-12-21T12:58:51Z,-15.6155,6.6177,6.9104,7181.36,DESCENDING\n"


def test_positions_are_read(tmp_path: Path):
    file = tmp_path / "positions.csv"
    file.write_text("# a remark\n" + FIRST + "\n" + SECOND)
    found = read_positions(file)
    assert len(found) == 2
    assert found.times_us.tolist() == [1766321926000000, 1766321931000000]
    assert found.latitudes_deg.tolist() == [-15.3681, -15.6155]
    assert found.longitudes_deg.tolist() == [6.4226, 6.6177]
    assert found.speeds_km_s.tolist() == [0.0, 6.9104]
    assert found.distances_km.tolist() == [7152.78, 7181.36]
    assert found.phases == ("UNKNOWN", "DESCENDING")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("# nothing else\n", "positions.csv: holds no positions"),
        (FIRST + FIRST, "line 2: is not later than the line before"),
        (FIRST.replace("Z", ""), "line 1: .* lacks its time zone"),
        (FIRST.replace("2025", "then"), "line 1: Invalid isoformat"),
        (FIRST.replace("6.4226", "east"), "line 1: could not convert"),
        (FIRST + "2025-12-21T12:58:51Z,1\n", "line 2: has 2 columns, not 6"),
    ],
)
def test_what_are_no_positions_is_refused(tmp_path: Path, text, problem):
    file = tmp_path / "positions.csv"
    file.write_text(text)
    with pytest.raises(SettingsError, match=problem) as error:
        read_positions(file)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"none\.csv: No such file"):
        read_positions(tmp_path / "none.csv")
