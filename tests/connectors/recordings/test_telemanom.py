"""Recordings in Telemanom's layout; what is none is refused by name."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from connectors.errors import SettingsError
from connectors.messages.samples import ParameterName
from connectors.recordings.telemanom import is_layout, read_channels, read_labels
from tests.telemanom_folder import write_telemanom


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_telemanom(tmp_path)


def test_a_channel_has_the_parts_there_are_and_a_name_as_a_parameter(folder: Path):
    one, two = read_channels(folder)
    assert (one.name, two.name) == ("C-2", "P-1")
    assert [len(part) for part in one.parts] == [2]
    assert [len(part) for part in two.parts] == [2, 1]
    assert (one.samples, two.samples) == (2, 3)
    assert two.parameter == ParameterName("SMAP", "P", "P-1")


def test_the_layout_is_recognised(folder: Path, tmp_path_factory):
    assert is_layout(folder)
    assert not is_layout(tmp_path_factory.mktemp("other"))


def test_a_channel_with_several_rows_of_labels_has_them_all(folder: Path):
    with (folder / "labeled_anomalies.csv").open("a") as file:
        file.write('P-1,SMAP,"[[1, 2], [7, 7]]",[point],4\n')
    assert read_labels(folder) == {
        "P-1": [(1, 2), (1, 2), (7, 7)],
        "C-2": [(1, 2)],
    }


@pytest.mark.parametrize(
    "sequences", ["", "[[1]]", "[[2, 1]]", "[1, 2]", "[[-1, 2]]", '[["a", 2]]', "{}["]
)
def test_labels_that_are_no_sequences_are_refused_with_their_line(
    folder: Path, sequences: str
):
    quoted = sequences.replace('"', '""')
    (folder / "labeled_anomalies.csv").write_text(
        f'chan_id,spacecraft,anomaly_sequences\nP-1,SMAP,"{quoted}"\n'
    )
    with pytest.raises(SettingsError, match=r"csv: line 2: .*\[\[first, last\]\]"):
        read_labels(folder)


def save(array: np.ndarray) -> Callable[[Path], None]:
    return lambda file: np.save(file, array, allow_pickle=True)


def several_arrays(file: Path) -> None:
    with file.open("wb") as opened:
        np.savez(opened, one=np.zeros((2, 2)))


def cut_off(file: Path) -> None:
    np.save(file, np.zeros((100, 3)))
    file.write_bytes(file.read_bytes()[:-8])


BAD_FILES = {
    "cut off": cut_off,
    "several arrays": several_arrays,
    "empty file": lambda file: file.write_bytes(b""),
    "not an array": lambda file: file.write_text("value\n1\n"),
    "bad header": lambda file: file.write_bytes(b"\x93NUMPY\x01\x00\x05\x00{(]}\n"),
    "objects": save(np.array([[{}]], dtype=object)),
    "texts": save(np.array([["a", "b"]])),
    "one axis": save(np.zeros(3)),
    "three axes": save(np.zeros((2, 2, 2))),
    "no samples": save(np.zeros((0, 3))),
    "no columns": save(np.zeros((3, 0))),
    "complex": save(np.zeros((3, 2), dtype=complex)),
}


@pytest.mark.parametrize("make", BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_file_that_is_no_recording_is_named(
    folder: Path, make: Callable[[Path], None]
):
    file = folder / "test" / "P-1.npy"
    make(file)
    with pytest.raises(SettingsError) as error:
        read_channels(folder)
    assert str(file) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        ("chan_id,spacecraft\nC-2,MSL\n", "no row for channel P-1"),
        ("chan_id,craft\nP-1,SMAP\n", "line 2 lacks"),
        ("chan_id,spacecraft\nP-1,a/b\n", "line 2 lacks"),
        ("", "no row for channel"),
    ],
)
def test_labels_that_do_not_name_the_spacecraft_are_refused(
    folder: Path, labels: str, problem: str
):
    (folder / "labeled_anomalies.csv").write_text(labels)
    with pytest.raises(SettingsError, match=problem):
        read_channels(folder)


@pytest.mark.parametrize(
    ("parts", "names", "problem"),
    [(["train", "test"], ["X-9"], "no channel X-9"), (["other"], [], "no .npy files")],
)
def test_what_is_not_there_cannot_be_played(
    folder: Path, parts: Sequence[str], names: Sequence[str], problem: str
):
    with pytest.raises(SettingsError, match=problem):
        read_channels(folder, parts, names)


def test_a_missing_folder_or_labels_file_is_named(folder: Path):
    with pytest.raises(SettingsError, match="no folder"):
        read_channels(folder / "nowhere")
    (folder / "labeled_anomalies.csv").unlink()
    with pytest.raises(SettingsError, match=r"labeled_anomalies\.csv"):
        read_channels(folder)
