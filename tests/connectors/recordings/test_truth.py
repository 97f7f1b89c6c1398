"""The file of faults: read back as written, and refused by line when it is none."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.errors import SettingsError
from connectors.messages.samples import ParameterName
from connectors.recordings.truth import Injected, read_truth

HEADER = "spacecraft,subsystem,parameter,fault,started_at,ended_at\n"


def test_a_row_is_a_fault_and_columns_may_come_in_any_order(tmp_path: Path):
    file = tmp_path / "truth.csv"
    file.write_text(
        "started_at,ended_at,fault,parameter,subsystem,spacecraft\n"
        "2024-01-01T00:00:00Z,2024-01-01T01:00:00+01:00,rail,voltage,,S\n"
    )
    start = datetime(2024, 1, 1, tzinfo=UTC)
    (fault,) = read_truth(file)
    assert fault == Injected(ParameterName("S", "", "voltage"), "rail", start, start)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no column ended_at"),
        (HEADER.replace("fault", "kind"), "no column fault"),
        (HEADER + "S,p,v,rail,soon,later\n", "line 2: Invalid isoformat"),
        (HEADER + "S,p,v,rail\n", "line 2: Invalid isoformat"),
        (HEADER + "S,p,v,rail,2024-01-01,2024-01-02\n", "line 2: .*time zone"),
        (
            HEADER + "S,p,v,rail,2024-01-02T00:00:00Z,2024-01-01T00:00:00Z\n",
            "line 2: the fault ends before",
        ),
    ],
)
def test_what_is_no_fault_is_refused(tmp_path: Path, text: str, problem: str):
    file = tmp_path / "truth.csv"
    file.write_text(text)
    with pytest.raises(SettingsError, match=problem):
        list(read_truth(file))


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"none\.csv: No such file"):
        list(read_truth(tmp_path / "none.csv"))
