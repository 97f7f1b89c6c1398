"""Detector settings for any parameters, from one file."""

from pathlib import Path

import pytest

from connectors.errors import SettingsError
from connectors.files.parameters import (
    DetectorSet,
    ParameterDefinition,
    read_detector_set,
)
from connectors.messages.samples import ParameterName

VOLTAGE = ParameterName("SAT", "power", "voltage")
OTHER = ParameterName("SMAP", "P", "P-1")


def read(folder: Path, text: str) -> DetectorSet:
    file = folder / "set.yaml"
    file.write_text(text)
    return read_detector_set(file)


def test_settings_hold_for_parameters_that_are_not_described(tmp_path: Path):
    found = read(
        tmp_path,
        "detectors: {rolling_z_score: {threshold: 4}}\n"
        "spacecraft: SAT\n"
        "parameters:\n"
        "  voltage: {subsystem: power, unit: V, soft: [1, 2],\n"
        "            detectors: {rolling_z_score: {window_samples: 50}}}\n",
    )
    assert found.of(OTHER) == ParameterDefinition(
        OTHER, detectors={"rolling_z_score": {"threshold": 4}}
    )
    described = found.of(VOLTAGE)
    assert (described.unit, described.soft) == ("V", (1, 2))
    assert described.detectors == {
        "rolling_z_score": {"threshold": 4, "window_samples": 50}
    }


@pytest.mark.parametrize("text", ["", "# nothing\n", "detectors: {}\n"])
def test_a_file_that_sets_nothing_has_the_defaults(tmp_path: Path, text: str):
    assert read(tmp_path, text).of(OTHER) == DetectorSet().of(OTHER)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("detectors: 3", "'3' is no mapping"),
        ("detector: {}", "unknown word 'detector'; do you mean 'detectors'"),
        ("a: [", "no YAML: "),
        ("- a", "a list is no mapping"),
        ("parameters: {voltage: {}}", "'' cannot be a name"),
    ],
)
def test_what_is_no_such_file_is_refused_in_one_line(tmp_path: Path, text, problem):
    with pytest.raises(SettingsError, match=problem) as error:
        read(tmp_path, text)
    assert str(error.value).startswith(str(tmp_path / "set.yaml"))
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"none\.yaml: No such file"):
        read_detector_set(tmp_path / "none.yaml")
