"""The command that scores the trackers: what it tells, refuses and checks."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from connectors.files.scores_file import read_scores
from dataflows.backtest.tracking_scores import BETTER, main
from dataflows.orbit.propagation import Ephemeris
from tests.dataflows.orbit.conftest import ISS

PROJECT = Path(__file__).parents[3]
RECORDINGS = PROJECT.parent / "shared" / "data"
ACCEPTED = PROJECT / "provisioning" / "tracking_scores.yaml"
CHECK = """\
# A remark.
launches: 2
positions: 3
figures:
  event_error_s: {accepted: 0.0, tolerance: 0.1}
  spike_found: {accepted: 0.2, tolerance: 0.1}
  in_10_min_largest_km: {accepted: 0.0, tolerance: 0.1}
"""


def put_launch(folder: Path, gain_m_s2: float) -> None:
    """A flight straight up whose engine stops after a minute."""
    folder.mkdir(parents=True)
    times_s = np.arange(0, 90, 1 / 30).round(3)
    velocities = np.floor(
        gain_m_s2 * times_s.clip(0, 60) - 9.8 * (times_s - 60).clip(0)
    )
    altitudes = (np.cumsum(velocities) / 30e3).round(1)
    raw = {"time": times_s, "velocity": velocities, "altitude": altitudes}
    second = slice(None, None, 30)
    thrust = np.where(times_s[second] < 60, gain_m_s2 + 9.8, 0.0)
    analysis = {
        **{name: column[second].tolist() for name, column in raw.items()},
        "acceleration": thrust.tolist(),
    }
    lists = {name: column.tolist() for name, column in raw.items()}
    (folder / "stage1 raw.json").write_text(json.dumps(lists))
    (folder / "analysed.json").write_text(json.dumps(analysis))
    (folder / "events.json").write_text('{"maxq": 1, "meco": 60, "ses1": null}')


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Two launches, and three positions of the ISS with speeds that are wrong."""
    folder: Path = tmp_path_factory.mktemp("data")
    put_launch(folder / "launches" / "first", 15.0)
    put_launch(folder / "launches" / "second", 20.0)
    (folder / "iss").mkdir()
    times_us = 1_766_321_926_000_000 + np.arange(3) * 5_000_000
    latitudes, longitudes, _ = Ephemeris(*ISS).geodetic(times_us)
    rows = zip(times_us.astype("datetime64[us]"), latitudes, longitudes, strict=True)
    lines = [f"{time}Z,{a:.4f},{b:.4f},0.0,7152.78,UNKNOWN" for time, a, b in rows]
    (folder / "iss" / "positions.csv").write_text("\n".join(lines))
    return folder


def row(out: str, meaning: str) -> list[str]:
    (line,) = (line for line in out.splitlines() if line.startswith(f"| {meaning}"))
    return [cell.strip() for cell in line.split("|")[2:-1]]


def test_launches_and_positions_are_scored_and_checked(data, tmp_path, capsys):
    file = tmp_path / "accepted.yaml"
    file.write_text(CHECK)
    check = [str(data), "--check", str(file)]
    # A satellite is not foreseen without any error.
    assert main(check) == 1
    out = capsys.readouterr().out
    assert row(out, "launches") == ["first", "second", "asked for"]
    for reached in row(out, "acceleration")[:2]:
        assert float(reached.rstrip("%")) < 10
    for reached in row(out, "largest error of an event")[:2]:
        assert float(reached) < 2
    assert row(out, "spikes found")[:2] == ["100.0%", "100.0%"]
    assert float(row(out, "recorded positions from SGP4")[0]) < 0.1
    assert float(row(out, "recorded speed")[0]) == pytest.approx(7.2, abs=0.5)
    assert row(out, "recorded phases") == ["2"]
    assert "\nspike_found rose: 1," in out
    assert "\nin_10_min_largest_km got worse: " in out
    assert out.endswith(f"Fallen below {file}.\n")
    assert main([*check, "--accept"]) == 0
    assert f"Accepted: {file} holds" in capsys.readouterr().out
    assert file.read_text().startswith("# A remark.\nlaunches: 2\npositions: 3\n")
    assert read_scores(file).figures["spike_found"].accepted == 1.0
    assert main(check) == 0
    again = capsys.readouterr().out
    assert again.endswith(f"As good as {file}.\n")
    assert again.startswith(out.partition("\nevent_error_s")[0])


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "required: DATA"),
        (["{tmp}"], "launches: No such file"),
        (["{data}", "--accept"], "--accept: goes with --check only"),
        (["{data}", "--check", "{tmp}/none.yaml"], "none.yaml: No such file"),
        (["{data}", "--check", "{tmp}/strange.yaml"], "there is no figure beauty"),
        (
            ["{data}", "--check", "{tmp}/other.yaml"],
            "accepted for 9 launches with 3 positions, not for 2 launches with 3",
        ),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(
    data, tmp_path, capsys, arguments, problem
):
    (tmp_path / "strange.yaml").write_text(CHECK.replace("spike_found", "beauty"))
    (tmp_path / "other.yaml").write_text(CHECK.replace("launches: 2", "launches: 9"))
    code: object
    try:
        code = main([one.format(tmp=tmp_path, data=data) for one in arguments])
    except SystemExit as exit_:
        code = exit_.code
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.startswith("orbitwatch: ")
    assert len(err.splitlines()) == 1
    assert problem in err


def test_every_figure_is_accepted_and_as_good_as_is_asked_for():
    figures = read_scores(ACCEPTED).figures
    assert set(figures) == set(BETTER)
    asked = {
        "acceleration_error": 0.10,
        "event_error_s": 2.0,
        "altitude_in_10_s_error": 0.03,
        "velocity_in_10_s_error": 0.03,
    }
    for name, most in asked.items():
        assert figures[name].accepted + figures[name].tolerance <= most, name


def test_it_is_a_command_with_help():
    command = [sys.executable, "-m", "dataflows.backtest.tracking_scores", "--help"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0
    for word in ("DATA", "analysed.json", "positions.csv", "--check", "--accept"):
        assert word in done.stdout


@pytest.mark.slow
def test_the_recordings_are_tracked_as_well_as_was_accepted(capsys):
    if not (RECORDINGS / "launches").is_dir() or not (RECORDINGS / "iss").is_dir():
        pytest.skip("there are no launches and no positions in ../shared/data")
    code = main([str(RECORDINGS), "--check", str(ACCEPTED)])
    assert code == 0, capsys.readouterr().out
