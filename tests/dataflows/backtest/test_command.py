"""`python -m dataflows.backtest`: what it tells, refuses, writes and checks."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from connectors.files.scores_file import read_scores
from connectors.messages.samples import ParameterName
from connectors.messages.wire import ARROW_SCHEMA
from connectors.parquet.compaction import compact
from connectors.parquet.storage import Storage
from dataflows.backtest.__main__ import main
from tests.connectors.parquet.archiving import START_US, batch, writer

PROJECT = Path(__file__).parents[3]
RECORDINGS = PROJECT.parent / "shared" / "data" / "telemanom"
CHECK = """\
channels: 2
labels: 2
figures:
  f05: {accepted: 0.0, tolerance: 0.01}
  nominal_in_alarm: {accepted: 0.0, tolerance: 0.001}
"""
Z_SCORE_ONLY = """\
detectors:
  record_envelope: {enabled: false}
  rolling_z_score: {window_samples: 200, threshold: 4, persistence_samples: 3}
"""
NOTHING = "detectors: {record_envelope: {enabled: false}}\n"
LIMITS_ONLY = """\
spacecraft: SMAP
detectors: {record_envelope: {enabled: false}}
parameters:
  P-1: {subsystem: P, soft: [-8, 8]}
"""


def samples(count: int, jump: slice, seed: int) -> np.ndarray:
    """Two columns: noise with a jump of ten standard deviations, and a command."""
    rows = np.random.default_rng(seed).normal(size=(count, 2)).clip(-3, 3)
    rows[jump, 0] += 10
    rows[:, 1] = rows[:, 1] > 2
    return rows


@pytest.fixture
def channels(tmp_path: Path) -> Path:
    """Two channels whose jumps at 600 are labelled, the second one's at 300 is not."""
    folder = tmp_path / "channels"
    for part in ("train", "test"):
        (folder / part).mkdir(parents=True)
    none = slice(0, 0)
    for seed, name in enumerate(("P-1", "T-4")):
        np.save(folder / "train" / f"{name}.npy", samples(1200, none, seed))
        rows = samples(1000, slice(600, 640), seed + 10)
        if name == "T-4":
            rows[300:320, 0] -= 10
        np.save(folder / "test" / f"{name}.npy", rows)
    (folder / "labeled_anomalies.csv").write_text(
        "chan_id,spacecraft,anomaly_sequences\n"
        'P-1,SMAP,"[[590, 650]]"\nT-4,MSL,"[[600, 640]]"\n'
    )
    return folder


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """One parameter with a jump at sample 600, ten seconds apart."""
    values = samples(1000, slice(600, 640), 3)[:, 0]
    times_us = 1_704_067_200_000_000 + np.arange(1000) * 10_000_000
    file = tmp_path / "a.parquet"
    write_table(file, ["S"] * 1000, ["p"] * 1000, ["v"] * 1000, times_us, values)
    return file


def write_table(file: Path, *columns: Sequence[Any] | np.ndarray) -> None:
    arrays = [
        pa.array(column).cast(field.type)
        for column, field in zip(columns, ARROW_SCHEMA, strict=True)
    ]
    parquet.write_table(pa.table(arrays, schema=ARROW_SCHEMA), file)


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """The jump: samples 600 to 639, which is 6000 s to 6390 s."""
    file = tmp_path / "truth.csv"
    file.write_text(
        "spacecraft,subsystem,parameter,fault,started_at,ended_at\n"
        "S,p,v,rail,2024-01-01T01:40:00Z,2024-01-01T01:46:30Z\n"
    )
    return file


@pytest.fixture
def z_score(tmp_path: Path) -> list[str]:
    """Have a detector tried whose alarms on these samples are known."""
    file = tmp_path / "z_score.yaml"
    file.write_text(Z_SCORE_ONLY)
    return ["--configuration", str(file)]


def cells(out: str, name: str) -> list[str]:
    """The row of a table."""
    rows = [line.strip("|").split("|") for line in out.splitlines() if line[:1] == "|"]
    (row,) = [row for row in rows if row[0].strip() == name]
    return [cell.strip() for cell in row]


def scores(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "scores.json").read_text())
    return content


def test_channels_are_scored_beside_what_knows_nothing(
    channels, z_score, tmp_path, capsys
):
    assert main([str(channels), *z_score, "--output", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    # tp, fp, fn: both labels are found, and the jump that nobody labelled is false.
    assert cells(out, "z_score")[1:5] == ["2", "2", "1", "0"]
    assert cells(out, "- MSL")[1:5] == ["1", "1", "1", "0"]
    assert cells(out, "- SMAP")[1:5] == ["1", "1", "0", "0"]
    assert cells(out, "fixed limits")[1:5] == ["2", "2", "1", "0"]
    assert cells(out, "always on")[1:5] == ["2", "2", "0", "0"]
    content = scores(tmp_path / "out")
    assert content["baselines"]["always on"]["f05"] == 1.0
    assert content["baselines"]["always on"]["f05c"] == 0.0
    (run,) = content["runs"]
    # 1.25 * 2/3 / (0.25 * 2/3 + 1)
    assert run["total"]["f05"] == round(1.25 * 2 / 3 / (0.5 / 3 + 1), 6)
    found = [(alarm["channel"], alarm["false"]) for alarm in run["alarms"]]
    of_msl = [("/MSL/T/T-4", True), ("/MSL/T/T-4", False)]
    assert found == [*of_msl, ("/SMAP/P/P-1", False)]
    assert (tmp_path / "out" / "scores.md").read_text() == out


def test_two_runs_and_two_processes_give_the_same_bytes(channels, tmp_path):
    for number, jobs in enumerate("112"):
        out = ["--output", str(tmp_path / str(number)), "--jobs", jobs]
        assert main([str(channels), *out]) == 0
    for name in ("scores.json", "scores.md"):
        first, *others = [(tmp_path / str(n) / name).read_bytes() for n in range(3)]
        assert others == [first, first]


def test_parquet_and_csv_give_the_same(table, truth, z_score, tmp_path, capsys):
    csv.write_csv(parquet.read_table(table), tmp_path / "a.csv")
    told = []
    for file in (table, tmp_path / "a.csv"):
        assert main([str(file), "--truth", str(truth), *z_score]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert cells(told[0], "z_score")[1:5] == ["1", "1", "0", "0"]


NAMES = [
    ParameterName("S", "p", "v"),
    ParameterName("S", "", "a b/c"),
    ParameterName("Zürich 1", "p", "v"),
]


def archived(root: Path) -> Path:
    """An archive of three parameters, in parts, partly merged; beside it, a table."""
    # Some days, in no order.
    order = np.random.default_rng(5).permutation(300).repeat(3)
    times_us = START_US + order * 1_800_000_000
    values = samples(300, slice(200, 220), 3)[order, 0]
    values[::50] = np.nan
    storage = Storage.at(str(root / "archive"))
    made = writer(storage)
    for part in range(6):
        rows = slice(part * 150, part * 150 + 150)
        one = batch(
            rows.start,
            times_us[rows].tolist(),
            values=values[rows],
            names=NAMES,
            topic="telemetry.iss_tracking" if part == 2 else "telemetry.spacecraft",
        )
        made.write(one)
        made.commit()
        if part == 3:
            later = datetime.now(UTC) + timedelta(days=1)
            assert list(compact(storage, later, timedelta(hours=1)))
    columns = [[name[n] for name in NAMES * 300] for n in range(3)]
    write_table(root / "table.parquet", *columns, times_us, values)
    return root / "archive"


def test_an_archive_and_a_table_of_its_samples_give_the_same(z_score, tmp_path, capsys):
    archive = archived(tmp_path)
    told, written = [], []
    for data in (tmp_path / "table.parquet", archive, archive.as_uri()):
        assert main([str(data), *z_score, "--output", str(tmp_path / "out")]) == 0
        told.append(capsys.readouterr().out)
        written.append((tmp_path / "out" / "scores.json").read_bytes())
    assert told[1:] == [told[0]] * 2
    assert written[1:] == [written[0]] * 2
    assert cells(told[0], "z_score")[1:3] == ["3", "900"]
    assert len(scores(tmp_path / "out")["runs"][0]["alarms"]) >= 3


def test_a_table_without_labels_has_alarm_rates_only(table, z_score, capsys):
    start = ["--score-from", "2024-01-01T00:50:00Z"]
    assert main([str(table), *z_score, *start]) == 0
    out = capsys.readouterr().out
    # From sample 300 on 700 are scored; 7000 s are .08 days.
    assert cells(out, "z_score")[1:5] == ["1", "700", "0.08", "1"]
    assert "precision" not in out


def test_labels_of_what_is_not_there_are_told(table, truth, capsys):
    with truth.open("a") as file:
        file.write("S,p,w,rail,2024-01-01T00:00:00Z,2024-01-01T00:00:00Z\n")
    assert main([str(table), "--truth", str(truth)]) == 0
    assert "Note: 1 labels are of parameters" in capsys.readouterr().out


def test_configurations_are_compared(channels, z_score, tmp_path, capsys):
    candidate = tmp_path / "limits.yaml"
    candidate.write_text(LIMITS_ONLY)
    options = ["--configuration", str(candidate), "--against", z_score[1]]
    assert main([str(channels), *options, "--output", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    assert cells(out, "limits")[1:5] == ["2", "1", "0", "1"]
    assert cells(out, "tp")[1:] == ["2", "1", "-1"]
    assert cells(out, "recall")[1:] == ["1.0000", "0.5000", "-0.5000"]
    assert "- removed /MSL/T/T-4: sample 30" in out
    assert "(false alarm)" in out
    changes = scores(tmp_path / "out")["changes"]
    assert {change["kind"] for change in changes} <= {"removed", "moved"}
    assert len([one for one in changes if one["kind"] == "removed"]) == 2


def test_a_configuration_compared_with_itself_changes_nothing(channels, capsys):
    assert main([str(channels), "--against", "default"]) == 0
    out = capsys.readouterr().out
    assert "No alarm was added, removed or moved." in out
    assert cells(out, "default (against)")[1:] == cells(out, "default")[1:]


def test_alarms_can_be_ignored_at_first(channels, z_score, capsys):
    assert main([str(channels), *z_score, "--blind", "400"]) == 0
    assert cells(capsys.readouterr().out, "z_score")[2:5] == ["2", "0", "0"]


def test_a_merge_gap_can_join_alarms(channels, z_score, capsys):
    assert main([str(channels), *z_score, "--merge-gap", "500"]) == 0
    # The unlabelled jump and the labelled one are one alarm now.
    assert cells(capsys.readouterr().out, "z_score")[2:5] == ["2", "0", "0"]


def test_accepted_figures_are_kept_or_fall(channels, z_score, tmp_path, capsys):
    file = tmp_path / "scores.yaml"
    file.write_text(CHECK)
    check = [str(channels), "--check", str(file)]
    # Nothing was ever in alarm: that cannot be reached.
    assert main([*check, *z_score]) == 1
    out = capsys.readouterr().out
    assert "\nnominal_in_alarm got worse: 0.0" in out
    assert "\nf05 rose: 0.7" in out
    assert main([*check, *z_score, "--accept"]) == 0
    accepted = read_scores(file)
    assert accepted.figures["f05"].accepted == round(1.25 * 2 / 3 / (0.5 / 3 + 1), 6)
    assert accepted.figures["f05"].tolerance == 0.01
    capsys.readouterr()
    assert main([*check, *z_score]) == 0
    assert f"As good as {file}." in capsys.readouterr().out
    poor = tmp_path / "limits.yaml"
    poor.write_text(LIMITS_ONLY.replace("[-8, 8]", "[-80, 80]"))
    assert main([*check, "--configuration", str(poor)]) == 1
    out = capsys.readouterr().out
    assert "\nf05 fell: 0, accepted 0.714286, tolerance 0.01\n" in out
    assert out.endswith(f"Fallen below {file}.\n")


def test_pictures_are_drawn_of_channels(channels, z_score, tmp_path):
    folder = tmp_path / "plots"
    assert main([str(channels), *z_score, "--plot", str(folder)]) == 0
    names = sorted(file.name for file in folder.iterdir())
    assert names == ["MSL_T_T-4.png", "SMAP_P_P-1.png"]
    pixels = plot_size(folder / names[0])
    assert 1000 <= pixels[0] <= 1600
    assert 600 <= pixels[1] <= 900


def test_pictures_are_drawn_of_tables_even_without_detectors(table, tmp_path):
    nothing = tmp_path / "nothing.yaml"
    nothing.write_text(NOTHING)
    folder = tmp_path / "plots"
    options = ["--configuration", str(nothing), "--plot", str(folder)]
    assert main([str(table), *options]) == 0
    assert [file.name for file in folder.iterdir()] == ["S_p_v.png"]


def plot_size(file: Path) -> tuple[int, int]:
    header = file.read_bytes()[:24]
    assert header.startswith(b"\x89PNG")
    return int.from_bytes(header[16:20]), int.from_bytes(header[20:24])


def refusal(arguments: list[str], capsys) -> str:
    """The one line with which arguments are refused."""
    code: object
    try:
        code = main(arguments)
    except SystemExit as exit_:
        code = exit_.code
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert err.startswith("orbitwatch: ")
    assert len(err.splitlines()) == 1
    return str(err)


@pytest.mark.parametrize(
    ("option", "name"), [("--output", "scores.md"), ("--plot", "SMAP_P_P-1.png")]
)
def test_a_file_that_cannot_be_written_is_named(
    channels, tmp_path, capsys, option, name
):
    (tmp_path / "out" / name).mkdir(parents=True)
    assert main([str(channels), option, str(tmp_path / "out")]) == 2
    err = capsys.readouterr().err
    assert err == f"orbitwatch: {option}: {tmp_path / 'out' / name}: Is a directory\n"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "required: DATA"),
        (["{tmp}/none"], "none: there is no file or folder of that name"),
        (["{tmp}/empty"], "there are no .parquet or .csv files"),
        (["{data}", "--accept"], "--accept: goes with --check only"),
        (["{data}", "--check", "{tmp}/none.yaml"], "none.yaml: No such file"),
        (["{data}", "--check", "{tmp}/strange.yaml"], "there is no figure beauty"),
        (["{data}", "--check", "{tmp}/other.yaml"], "accepted for 9 channels with 2"),
        (["{data}", "--configuration", "{tmp}/none.yaml"], "none.yaml: No such file"),
        (["{data}", "--configuration", "{tmp}/bad.yaml"], "bad.yaml: /"),
        (["{data}", "--against", "{tmp}/bad.yaml"], "unknown detector 'tarot'"),
        (["{data}", "--truth", "{tmp}/t.csv"], "--truth: goes with an archive and"),
        (["{data}", "--score-from", "noon"], "'noon' is not a time"),
        (["{data}", "--score-from", "2024-01-01T00:00:00"], "with a zone"),
        (["{data}", "--blind", "-1"], "'-1' is not a whole number"),
        (["{data}", "--jobs", "3"], "invalid choice: 3"),
        (["{data}", "--plot", "{tmp}/file/plots"], "--plot: "),
        (["{data}", "--output", "{tmp}/file/out"], "--output: "),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(
    channels, tmp_path, capsys, arguments, problem
):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "bad.yaml").write_text("detectors: {tarot: {}}")
    (tmp_path / "strange.yaml").write_text(CHECK.replace("f05", "beauty"))
    (tmp_path / "other.yaml").write_text(CHECK.replace("channels: 2", "channels: 9"))
    filled = [one.format(tmp=tmp_path, data=channels) for one in arguments]
    assert problem in refusal(filled, capsys)


def test_each_alarm_is_listed_with_when_and_why_and_whether_it_is_true(
    table, truth, z_score, tmp_path, capsys
):
    folder = tmp_path / "scores"
    asked = [str(table), "--truth", str(truth), *z_score, "--output", str(folder)]
    assert main(asked) == 0
    out = capsys.readouterr().out
    row = cells(out, "/S/p/v")
    assert row[1].startswith("2024-01-01T01:4")
    assert row[2] >= row[1]
    assert row[4] == "rolling_z_score"
    assert float(row[5]) >= 1.0
    assert row[6] == "true"
    assert row[7].endswith(".")
    [alarm] = scores(folder)["runs"][0]["alarms"]
    assert (alarm["severity"], alarm["detector"]) == (row[3], row[4])
    assert f"{alarm['score']:.2f}" == row[5]
    assert (alarm["text"], alarm["false"]) == (row[7], False)
    assert row[7] in (folder / "scores.md").read_text()


def test_unlabelled_samples_cannot_be_checked(table, tmp_path, capsys):
    (tmp_path / "scores.yaml").write_text(CHECK)
    check = [str(table), "--check", str(tmp_path / "scores.yaml")]
    assert "no labels to score by" in refusal(check, capsys)
    assert "no labels to score by" in refusal([*check, "--accept"], capsys)


def test_without_matplotlib_pictures_name_what_is_missing(
    channels, capsys, monkeypatch, tmp_path
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    line = refusal([str(channels), "--plot", str(tmp_path / "plots")], capsys)
    assert "--plot: needs matplotlib" in line
    assert "pip install '.[plots]'" in line
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert "matplotlib" in project["optional-dependencies"]["plots"][0]


def test_it_is_a_command_with_help():
    command = [sys.executable, "-m", "dataflows.backtest", "--help"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0
    for word in (
        "DATA",
        "--configuration",
        "--against",
        "--plot",
        "--check",
        "--accept",
    ):
        assert word in done.stdout


@pytest.mark.slow
def test_the_default_detectors_reach_what_was_accepted(capsys):
    if not RECORDINGS.is_dir():
        pytest.skip("there is no ../shared/data/telemanom beside the project")
    file = PROJECT / "provisioning" / "scores.yaml"
    code = main([str(RECORDINGS), "--check", str(file), "--jobs", "2"])
    out = capsys.readouterr().out
    assert code == 0, out
    always = cells(out, "always on")
    assert always[4:7] == ["0", "1.000", "1.000"]
    assert always[8].startswith("0.000")
    # The study's best rolling z-score, .739, within .03 (it was blind at first).
    main([str(RECORDINGS), "--blind", "750"])
    f05c = float(cells(capsys.readouterr().out, "moving z-score")[8].split()[0])
    assert f05c == pytest.approx(0.739, abs=0.03)
