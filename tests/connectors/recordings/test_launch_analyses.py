"""Launches with what others found in them: read, or refused in one line."""

import json
from pathlib import Path

import pytest

from connectors.errors import SettingsError
from connectors.recordings.launch_analyses import (
    read_analysed_launch,
    read_analysed_launches,
)

ANALYSIS = {
    "time": [0, 1],
    "velocity": [0.0, 3.5],
    "altitude": [0.1, 0.2],
    "acceleration": [12.0, 12.5],
    "q": [0, 1],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    launch = tmp_path / "launches" / "maiden-flight"
    launch.mkdir(parents=True)
    raw = {"time": [0.0, 0.5], "velocity": [0.0, 2.0], "altitude": [0.1, None]}
    (launch / "stage1 raw.json").write_text(json.dumps(raw))
    (launch / "analysed.json").write_text(json.dumps(ANALYSIS))
    (launch / "events.json").write_text('{"meco": 147, "ses1": null}')
    return launch


def test_a_launch_is_read_with_its_analysis_and_the_events_that_were_seen(folder):
    (launch,) = read_analysed_launches(folder.parent)
    assert launch.recording.name == "maiden-flight"
    assert len(launch.recording) == 2
    assert launch.times_s.tolist() == [0.0, 1.0]
    assert launch.velocities_m_s.tolist() == ANALYSIS["velocity"]
    assert launch.altitudes_km.tolist() == ANALYSIS["altitude"]
    assert launch.accelerations_m_s2.tolist() == ANALYSIS["acceleration"]
    assert launch.events_s == {"meco": 147.0}


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("analysed.json", "{", "analysed.json: Input data was truncated"),
        ("analysed.json", "{}", "missing required field `time`"),
        ("analysed.json", json.dumps({**ANALYSIS, "time": [0]}), "differ in length"),
        ("analysed.json", json.dumps({**ANALYSIS, "time": [1, 1]}), "do not rise"),
        (
            "analysed.json",
            json.dumps(dict.fromkeys(ANALYSIS, ())),
            "are empty",
        ),
        ("events.json", '{"meco": "soon"}', "events.json: Expected"),
        ("events.json", '{"meco": null}', "does not say when meco was"),
        ("stage2 raw.json", "{}", "holds 2 recordings"),
    ],
)
def test_what_is_no_such_launch_is_refused(folder, file, text, problem):
    (folder / file).write_text(text)
    with pytest.raises(SettingsError, match=problem) as error:
        read_analysed_launch(folder)
    assert "\n" not in str(error.value)


def test_what_is_missing_is_named(folder, tmp_path):
    with pytest.raises(SettingsError, match=r"none: No such file"):
        read_analysed_launches(tmp_path / "none")
    with pytest.raises(SettingsError, match="holds no folders of launches"):
        read_analysed_launches(folder)
    (folder / "events.json").unlink()
    with pytest.raises(SettingsError, match=r"events\.json: No such file"):
        read_analysed_launch(folder)
