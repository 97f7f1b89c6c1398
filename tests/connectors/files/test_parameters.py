"""Definitions of parameters, right and wrong."""

import unicodedata
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
    problem = r"both\.yaml:6: 'temperature' stands there twice \(lines 4 and 6\)"
    with pytest.raises(SettingsError, match=problem):
        read_definitions(folder(tmp_path, both=text))


WRONG = {
    "a word": (
        "spacecraft: SAT\nparameters:\n  v:\n    unit: V\n    sofft: [1, 2]",
        r":5: v: unknown word 'sofft'; do you mean 'soft'\?",
    ),
    "a word on top": (
        "spacecraft: SAT\nparamters: {}",
        r":2: unknown word 'paramters'; do you mean 'parameters'\?",
    ),
    "a word that is like none": (
        "spacecraft: SAT\nparameters:\n  v: {xyzzy: 1}",
        r":3: v: unknown word 'xyzzy' \(known: subsystem, unit, soft, hard, det",
    ),
    "sexagesimal": (
        "spacecraft: SAT\nparameters:\n  v:\n    soft: [0, 1:30]",
        r":4: v: soft: '1:30' is no number; write one as 90, 0\.5 or 1e-6, or null",
    ),
    "a comma": (
        "spacecraft: SAT\nparameters:\n  v:\n    soft: [0, 1_000]",
        r":4: v: soft: '1_000' is no number",
    ),
    "a flag": (
        "spacecraft: SAT\nparameters:\n  v:\n    hard: [true, 3]",
        r":4: v: hard: 'true' is no number",
    ),
    "no pair": (
        "spacecraft: SAT\nparameters:\n  v:\n    hard: [1, 5, 2]",
        r":4: v: hard: a list is no pair \[low, high\]",
    ),
    "missing": ("# of SAT\nparameters: {v: {}}", r":2: spacecraft is missing"),
    "nothing": ("# nothing", r":1: the file says nothing"),
    "no YAML": ("spacecraft: SAT\nparameters: [", r":2: no YAML: "),
    "of a detector": (
        "spacecraft: SAT\nparameters:\n  v:\n    detectors:\n      limits: 3",
        r":5: v: limits: '3' is no mapping of names",
    ),
    "twice": (
        "spacecraft: SAT\nparameters:\n  caf\u00e9: {}\n  cafe\u0301: {}",
        r":4: /SAT/caf\u00e9 is described twice \(before in .*wrong\.yaml:3\)",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_told_with_file_line_parameter_and_the_nearest_word(
    tmp_path, case
):
    text, told = WRONG[case]
    with pytest.raises(
        SettingsError, match=rf"^ORBITWATCH_PARAMETERS: .*wrong\.yaml{told}"
    ):
        read_definitions(folder(tmp_path, wrong=text))


def test_numbers_and_names_are_read_as_people_mean_them(tmp_path):
    text = """
    spacecraft: 007
    parameters:
      no: {subsystem: on, unit: 1, soft: [1e-6, 010]}
      1e3: {hard: [-.5, +1.0e+2]}
      null: {soft: [~, 0x10]}
      12: {detectors: {record_envelope: {enabled: no}, stuck_value: {enabled: ON}}}
      2024-01-01: {detectors: {rate_of_change: {highest_per_s: 1e-3}}}
    """
    found = {one.name: one for one in read_definitions(folder(tmp_path, odd=text))}

    def of(parameter: str, subsystem: str = "") -> ParameterDefinition:
        return found[ParameterName("007", subsystem, parameter)]

    assert (of("no", "on").unit, of("no", "on").soft) == ("1", (1e-6, 10))
    assert of("1e3").hard == (-0.5, 100)
    assert of("null").soft == (None, 16)
    assert of("12").detectors == {
        "record_envelope": {"enabled": False},
        "stuck_value": {"enabled": True},
    }
    assert of("2024-01-01").detectors == {"rate_of_change": {"highest_per_s": 1e-3}}


def test_names_are_the_same_in_any_form_of_unicode(tmp_path):
    text = "spacecraft: SAT\nparameters: {temp\u00e9rature: {subsystem: \u00e9nergie}}"
    text = unicodedata.normalize("NFD", text)
    definitions = read_definitions(folder(tmp_path, forms=text))
    name = ParameterName("SAT", "\u00e9nergie", "temp\u00e9rature")
    assert name in definitions


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="there is no folder"):
        read_definitions(tmp_path / "nowhere")
