"""`python -m simulators spacecraft`: which arguments and recordings it refuses."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from simulators.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--data", "nowhere"], "nowhere: there is no folder"),
        (["--part", "test"], "--part: goes with --data only"),
        (["--channels", "P-1"], "--channels: goes with --data only"),
        (["--truth", "t.csv"], "--truth: goes with --mode anomaly only"),
    ],
)
def test_arguments_that_do_not_fit_are_one_line(
    arguments: Sequence[str], problem: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["spacecraft", *arguments]) == 2
    err = capsys.readouterr().err
    assert problem in err
    assert len(err.splitlines()) == 1


def test_a_damaged_recording_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "test").mkdir()
    (tmp_path / "labeled_anomalies.csv").write_text("chan_id,spacecraft\nP-1,SMAP\n")
    np.save(tmp_path / "test" / "P-1.npy", np.zeros(3))
    assert main(["spacecraft", "--data", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert "P-1.npy" in err
    assert len(err.splitlines()) == 1
