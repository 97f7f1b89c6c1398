"""Files of parameters are checked without a flow."""

import re
from pathlib import Path

import pytest

from connectors.parameters import main

PROVISIONED = Path(__file__).parents[2] / "provisioning" / "parameters"
RIGHT = "spacecraft: SAT\nparameters:\n  v: {soft: [0, 1]}\n"


def write(folder: Path, **files: str) -> list[str]:
    paths = [folder / f"{name}.yaml" for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text)
    return [*map(str, paths)]


def test_files_with_nothing_wrong_are_counted(tmp_path, capsys):
    files = write(tmp_path, one=RIGHT, two=RIGHT.replace("SAT", "OTHER"))
    assert main(["check", *files]) == 0
    told = capsys.readouterr().out
    assert told == "2 parameters in 2 files: nothing is wrong\n"


def test_a_folder_is_checked_and_by_default_that_of_the_setting(monkeypatch, capsys):
    assert main(["check", str(PROVISIONED)]) == 0
    monkeypatch.setenv("ORBITWATCH_PARAMETERS", str(PROVISIONED))
    assert main(["check"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == second


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "    detectors: {rolling_z_scor: {}}",
            ":4: /SAT/v: unknown detector 'rolling_z_scor'; known: .*; do you mean "
            "'rolling_z_score'",
        ),
        (
            "    detectors:\n      rolling_z_score:\n        treshold: 5",
            ":6: /SAT/v: unknown setting 'treshold' of rolling_z_score; known: .*; do "
            "you mean 'threshold'",
        ),
        (
            "    detectors:\n      rolling_z_score:\n        threshold: 1:30",
            ":6: /SAT/v: rolling_z_score.threshold must be a number .*, not '1:30'",
        ),
        (
            "    detectors:\n      rolling_z_score:\n        enabled: maybe",
            ":6: /SAT/v: rolling_z_score.enabled must be true or false, not 'maybe'",
        ),
        ("    soft: [3, 1]", ":3: /SAT/v: "),
        ("    sofft: [1, 3]", ":4: v: unknown word 'sofft'; do you mean 'soft'"),
    ],
)
def test_what_is_wrong_is_told_with_file_line_parameter_and_nearest_word(
    tmp_path, capsys, line, told
):
    text = f"spacecraft: SAT\nparameters:\n  v:\n{line}\n"
    [file] = write(tmp_path, wrong=text)
    assert main(["check", file]) == 2
    [problem] = capsys.readouterr().err.splitlines()
    assert re.match(re.escape(file) + told, problem), problem


def test_each_file_tells_its_first_problem_and_then_what_they_have_in_common(
    tmp_path, capsys
):
    wrong = RIGHT.replace("soft", "sofd")
    files = write(tmp_path, one=wrong, two=RIGHT, three=wrong.replace("SAT", "B"))
    assert main(["check", *files]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
    files = write(tmp_path, one=RIGHT, two=RIGHT)
    assert main(["check", *files]) == 2
    [problem] = capsys.readouterr().err.splitlines()
    assert "two.yaml:3: /SAT/v is described twice (before in" in problem


@pytest.mark.parametrize("given", ["nowhere.yaml", "."])
def test_where_there_is_nothing_to_read_one_line_says_so(
    tmp_path, capsys, monkeypatch, given
):
    monkeypatch.chdir(tmp_path)
    assert main(["check", given]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
