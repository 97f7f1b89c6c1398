"""Definitions of parameters, right and wrong."""

from pathlib import Path

import pytest

from connectors.errors import SettingsError
from connectors.files.parameters import ParameterDefinition, read_definitions
from connectors.messages.samples import ParameterName

POWER = """
spacecraft: SAT
detectors:
  rolling_z_score: {threshold: 5, window_samples: 100}
parameters:
  voltage:
    subsystem: power
    unit: V
    soft: [26.0, 33.0]
    hard: [null, 34]
    detectors:
      rolling_z_score: {threshold: 7}
      half_space_trees: {enabled: false}
  temperature: {subsystem: power}
"""


def folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        (path / f"{name}.yaml").write_text(text)
    return path


def test_a_definition_has_unit_limits_and_settings(tmp_path):
    definitions = read_definitions(folder(tmp_path, power=POWER))
    name = ParameterName("SAT", "power", "voltage")
    assert definitions.of(name) == ParameterDefinition(
        name,
        "V",
        (26.0, 33.0),
        (None, 34.0),
        {
            "half_space_trees": {"enabled": False},
            "rolling_z_score": {"threshold": 7, "window_samples": 100},
        },
        str(tmp_path / "power.yaml"),
    )


def test_a_parameter_nobody_described_gets_the_defaults(tmp_path):
    name = ParameterName("SAT", "power", "current")
    definitions = read_definitions(folder(tmp_path, power=POWER))
    assert definitions.of(name) == ParameterDefinition(name)


def test_a_left_out_subsystem_is_filled_in_where_it_is_clear(tmp_path):
    thermal = "spacecraft: SAT\nparameters: {temperature: {subsystem: thermal}}"
    definitions = read_definitions(folder(tmp_path, power=POWER, thermal=thermal))
    power = ParameterName("SAT", "power", "voltage")
    ambiguous = ParameterName("SAT", "", "temperature")
    elsewhere = ParameterName("SAT", "payload", "voltage")
    assert definitions.identify(ParameterName("SAT", "", "voltage")) == power
    assert definitions.identify(power) is power
    assert definitions.identify(ambiguous) is ambiguous
    assert definitions.identify(elsewhere) is elsewhere


@pytest.mark.parametrize(
    "text",
    [
        "",
        "spacecraft: SAT",
        "spacecraft: [SAT]\nparameters: {}",
        "spacecraft: A/B\nparameters: {v: {}}",
        "spacecraft: SAT\nparameters: {v: {subsystem: a/b}}",
        "spacecraft: SAT\nparameters: {v: {units: V}}",
        'spacecraft: SAT\nparameters: {v: {unit: "V\\0"}}',
        "spacecraft: SAT\nparameters: {v: {soft: [1]}}",
        "spacecraft: SAT\nparameters: {v: {soft: [low, high]}}",
        "spacecraft: SAT\nparameters: {v: {soft: 1}}",
        "spacecraft: SAT\nparameters: {v: {detectors: {limits: 3}}}",
        "spacecraft: SAT\n\tparameters: {}",
        "spacecraft: SAT\nparameters: {v: }",
    ],
)
def test_a_wrong_file_is_refused_in_one_line_that_names_it(tmp_path, text):
    with pytest.raises(
        SettingsError, match=r"ORBITWATCH_PARAMETERS.*wrong\.yaml"
    ) as no:
        read_definitions(folder(tmp_path, wrong=text))
    assert "\n" not in str(no.value)


def test_what_holds_for_every_spacecraft_gives_way_to_what_is_said_of_one(tmp_path):
    every = POWER.replace("spacecraft: SAT", 'spacecraft: "*"').replace("33.0", "35.0")
    assert every != POWER
    definitions = read_definitions(folder(tmp_path, every=every, power=POWER))
    one = definitions.of(ParameterName("SAT", "power", "voltage"))
    other = definitions.of(ParameterName("OTHER", "power", "voltage"))
    assert (one.soft, other.soft) == ((26.0, 33.0), (26.0, 35.0))
    assert other.name.spacecraft == "OTHER"


def test_what_is_replayed_is_defined_as_its_original(tmp_path):
    definitions = read_definitions(folder(tmp_path, power=POWER))
    name = definitions.identify(ParameterName("replay:SAT", "", "voltage"))
    assert name == ParameterName("replay:SAT", "power", "voltage")
    found = definitions.of(name)
    assert (found.name, found.soft) == (name, (26.0, 33.0))


def test_a_parameter_described_twice_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="described twice"):
        read_definitions(folder(tmp_path, one=POWER, two=POWER))


def test_a_parameter_that_stands_twice_in_a_file_is_refused(tmp_path):
    text = """
    spacecraft: SAT
    parameters:
      temperature: {subsystem: power, hard: [0, 40]}
      voltage: {subsystem: power}
      temperature: {subsystem: thermal}
    """
    problem = r"both\.yaml: 'temperature' stands there twice \(lines 4 and 6\)"
    with pytest.raises(SettingsError, match=problem):
        read_definitions(folder(tmp_path, both=text))


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="there is no folder"):
        read_definitions(tmp_path / "nowhere")
