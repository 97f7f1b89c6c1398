"""Recordings of launches are read in both layouts, or refused in one clear line."""

import json
from pathlib import Path

import numpy as np
import pytest

from connectors.errors import SettingsError
from connectors.recordings.launch_recordings import read_launch

LAUNCHES = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "launches"


@pytest.fixture(scope="module")
def launches() -> Path:
    if not LAUNCHES.is_dir():
        pytest.skip("the recordings of launches are not beside the project")
    return LAUNCHES


def written(folder: Path, content: object) -> Path:
    path = folder / "launch.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def arrays(**changed: object) -> dict[str, object]:
    return {
        "time": [0.0, 0.1, 0.2],
        "velocity": [0.0, 1.0, None],
        "altitude": [0.2, 0.2, 0.3],
        **changed,
    }


def test_both_layouts_of_a_real_launch_hold_the_same(launches: Path):
    folder = launches / "iridium-next-1"
    one = read_launch(folder / "stage2 raw.json")
    other = read_launch(folder / "stage2 raw.jsonl")
    assert one.name == other.name == "iridium-next-1"
    assert len(one) == 50_107
    for field in ("times_s", "velocities_m_s", "altitudes_km"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


def test_null_is_not_acquired(tmp_path: Path):
    recording = read_launch(written(tmp_path, arrays()))
    assert recording.name == tmp_path.name
    assert np.isnan(recording.velocities_m_s).tolist() == [False, False, True]


def test_what_else_a_file_holds_does_no_harm(tmp_path: Path):
    assert len(read_launch(written(tmp_path, arrays(angle=[90.0])))) == 3


ROW = '{"time": 0.0, "velocity": 0.0, "altitude": 0.0}\n'


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        ("{}", "missing required field `time`"),
        (json.dumps(arrays())[:-9], "cut short"),
        (arrays(time=[0.0]), "differ in length: 1 of time, 3 of velocity"),
        (arrays(time=[0.0, 0.2, 0.1]), "sample 3: time is 0.1, after 0.2"),
        (arrays(time=[0.0, None, 0.1]), "sample 2: time is None"),
        (arrays(velocity=[0.0, -4.0, 1.0]), "sample 2: velocity is -4, below 0"),
        (arrays(altitude=[0.0, -2.0, 1.0]), "sample 2: altitude is -2, below -0.5"),
        (arrays(velocity=["fast", 0, 0]), "Expected `float | null`"),
        (ROW + "{\n", "line 2: "),
        (ROW + '{"time": 0.0}\n', "line 2: "),
        (ROW + ROW, "line 2: time is 0.0, after 0.0: times must rise"),
        ({"time": [], "velocity": [], "altitude": []}, "0 samples are no launch"),
    ],
)
def test_a_bad_file_is_one_line_that_says_what_and_where(
    tmp_path: Path, content: object, problem: str
):
    path = written(tmp_path, content)
    with pytest.raises(SettingsError) as error:
        read_launch(path)
    assert str(error.value).startswith(f"{path}: ")
    assert problem in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"none\.json: No such file"):
        read_launch(tmp_path / "none.json")
