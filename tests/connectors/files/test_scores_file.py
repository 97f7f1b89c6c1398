"""The file of accepted scores comes back as written; what is none is refused."""

from pathlib import Path

import pytest

from connectors.errors import SettingsError
from connectors.files.scores_file import (
    AcceptedFigure,
    AcceptedScores,
    read_scores,
    write_scores,
)

SCORES = AcceptedScores(
    {"channels": 41, "labels": 52},
    {"f05": AcceptedFigure(0.645833, 0.01), "error": AcceptedFigure(5e-05, 0.0)},
)
PROJECT = Path(__file__).parents[3]


def test_what_is_written_can_be_read(tmp_path: Path):
    file = tmp_path / "scores.yaml"
    write_scores(file, SCORES)
    assert read_scores(file) == SCORES


def test_the_remarks_at_its_head_are_kept(tmp_path: Path):
    file = tmp_path / "scores.yaml"
    file.write_text("# Kept.\n# This too.\nchannels: 1  # not this\n# nor this\n")
    write_scores(file, SCORES)
    assert file.read_text().splitlines()[:3] == [
        "# Kept.",
        "# This too.",
        "channels: 41",
    ]
    assert read_scores(file) == SCORES


def test_the_project_has_accepted_figures():
    accepted = read_scores(PROJECT / "provisioning" / "scores.yaml")
    assert {"precision", "recall", "f05", "f05c"} <= set(accepted.figures)
    assert all(figure.tolerance > 0 for figure in accepted.figures.values())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Expected `object`"),
        ("channels: 1\nlabels: 1\n", "got `null` - at"),
        ("channels: 1\nlabels: 1\nfigures: {f05: 0.5}\n", "Expected `object`"),
        ("a: [", "expected"),
    ],
)
def test_what_is_no_such_file_is_refused_in_one_line(tmp_path: Path, text, problem):
    file = tmp_path / "scores.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=problem) as error:
        read_scores(file)
    assert "\n" not in str(error.value)


def test_files_that_cannot_be_read_or_written_are_named(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"none\.yaml: No such file"):
        read_scores(tmp_path / "none.yaml")
    with pytest.raises(SettingsError, match="Is a directory"):
        write_scores(tmp_path, SCORES)
