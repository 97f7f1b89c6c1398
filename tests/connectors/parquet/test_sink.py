"""The sink in a Bytewax flow: it stores each sample once, whatever fails."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSource
from prometheus_client import CollectorRegistry

from connectors.errors import ArchiveUnavailable, SettingsError
from connectors.messages.polls import UNNAMED
from connectors.metrics import FlowMetrics
from connectors.parquet.columns import Batch
from connectors.parquet.sink import ArchiveSink
from connectors.parquet.storage import FULL, Storage
from connectors.parquet.writer import Roll
from connectors.process.flow_process import FlowProcess
from connectors.settings import Settings
from tests.connectors.flow_run import run_flow
from tests.connectors.parquet.archiving import (
    NEVER,
    START_US,
    TOPIC,
    batch,
    fill,
    listed_rows,
    name,
    names_of_files,
    writer,
)
from tests.connectors.parquet.killed_filesystem import (
    Killed,
    MortalFiles,
    full,
    storage_in,
)
from tests.services.waiting import HANG_S

# The first two batches of SAMPLES are stored at once, the last one waits for the end.
BY_SIZE = Roll(megabytes=0.0015, seconds=1e9)
SAMPLES = (5, 60, 5)


def archive(
    storage: Storage,
    samples: Sequence[int] = SAMPLES,
    roll: Roll = BY_SIZE,
    then: Callable[[Batch], Batch] = lambda one: one,
) -> FlowProcess:
    """Runs a flow that stores what comes after the archive's position, if it can.

    Raises what stopped the flow.
    """
    run = FlowProcess(Settings(), FlowMetrics(CollectorRegistry()))
    made = writer(storage, roll=roll)
    at = made.positions.get((UNNAMED, TOPIC, 0))
    left = batches(samples, at.next_offset if at else 0)
    flow = Dataflow("archive")
    read = op.map("then", op.input("batches", flow, TestingSource(left)), then)
    op.output(
        "archive", op.key_on("key", read, lambda _: "all"), ArchiveSink(run, made)
    )
    run_flow(flow)
    return run


def batches(samples: Sequence[int], first: int) -> list[Batch]:
    """Batches of so many samples of two spacecraft, from an offset on."""
    names = [name(spacecraft=craft) for craft in "AB"]
    ends = [sum(samples[: number + 1]) for number in range(len(samples))]
    return [
        batch(start, [START_US + n for n in range(start, end)], names=names)
        for start, end in zip([first, *ends], ends, strict=False)
        if start < end
    ]


def offsets(root: Path) -> Counter[float | None]:
    """The values in the archive, which are the offsets they came from."""
    found: Counter[float | None] = Counter()
    for row, times in listed_rows(root).items():
        found[row[4]] += times
    return found


def each_once(samples: Sequence[int] = SAMPLES) -> Counter[float]:
    return Counter(float(offset) for offset in range(sum(samples)))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def test_what_waits_at_the_end_is_stored(root: Path):
    run = archive(Storage.at(str(root)))
    assert offsets(root) == each_once()
    assert run.metrics.archive.samples._value.get() == sum(SAMPLES)
    # Two spacecraft, in two commits.
    assert run.metrics.archive.files._value.get() == 4


def test_a_full_disk_costs_no_sample(small_disk: Path):
    root, samples = small_disk / "archive", (20_000, 40_000, 10_000)
    storage, roll = Storage.at(str(root)), Roll(megabytes=0.3, seconds=1e9)
    archive(storage, samples[:1], roll)
    filler = fill(small_disk, but_bytes=40_000)
    for _ in range(2):  # however often it is tried
        with pytest.raises(ArchiveUnavailable, match=FULL):
            archive(storage, samples, roll)
    assert not [path for path in names_of_files(small_disk) if path.endswith(".tmp")]
    filler.unlink()
    archive(storage, samples, roll)
    assert offsets(root) == each_once(samples)


def operations(tmp_path: Path) -> int:
    """How many there are from the start of a flow to its end."""
    files = MortalFiles()
    archive(storage_in(str(tmp_path / "undisturbed"), files))
    return files.operations


@pytest.mark.parametrize("manner", ["before", "half", "after"])
@pytest.mark.parametrize(
    ("error", "recovers"), [(full, True), (full, False), (Killed, False)]
)
def test_whatever_fails_each_sample_is_archived_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, manner, error, recovers
):
    for number in range(1, operations(tmp_path) + 1):
        root = tmp_path / str(number)
        files = MortalFiles(number, manner, error, recovers=recovers)
        caplog.clear()
        try:
            archive(storage_in(str(root), files))
        except (ArchiveUnavailable, Killed):
            pass
        else:  # it was the last commit that failed, or no harm was done
            told = "what came last is stored at the next start" in caplog.text
            assert told or offsets(root) == each_once()
        archive(storage_in(str(root), MortalFiles()))
        assert offsets(root) == each_once()


def test_what_another_step_cannot_take_is_told_and_what_came_before_is_stored(
    root: Path,
):
    with pytest.raises(SettingsError, match="no such thing"):
        archive(Storage.at(str(root)), roll=NEVER, then=refuse_the_third)
    assert offsets(root) == each_once(SAMPLES[:2])


def test_the_first_of_two_errors_ends_the_flow_and_both_are_told(
    root: Path, caplog: pytest.LogCaptureFixture
):
    files = MortalFiles()
    writer(storage_in(str(root), files))
    files = MortalFiles(files.operations + 1, error=full)
    with pytest.raises(SettingsError, match="no such thing"):
        archive(storage_in(str(root), files), roll=NEVER, then=refuse_the_third)
    assert FULL in caplog.text


def refuse_the_third(one: Batch) -> Batch:
    if one.offsets[0] >= sum(SAMPLES[:2]):
        raise SettingsError("test", "no such thing")
    return one


def test_an_archive_that_does_not_answer_stops_a_flow_that_is_told_to_stop(root: Path):
    gate = threading.Event()
    run = FlowProcess(Settings(archive=str(root)), FlowMetrics(CollectorRegistry()))
    made = writer(Storage.at(str(root)), roll=BY_SIZE, clock_s=lambda: wait(gate))
    part = ArchiveSink(run, made).build_part("archive", "archive", None)
    threading.Timer(0.5, run.should_stop.ask).start()
    began_s = time.monotonic()
    with pytest.raises(ArchiveUnavailable, match=r"no answer .*RETRY_SECONDS=600"):
        part.write_batch(batches(SAMPLES, 0))
    # What hangs is left alone: to close it would hang, too.
    part.close()
    assert time.monotonic() - began_s < HANG_S
    gate.set()


def wait(gate: threading.Event) -> float:
    gate.wait()
    return 0.0
