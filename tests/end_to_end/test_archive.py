"""The `archive` flow: all telemetry in Parquet files, once, and back again."""

from datetime import timedelta

import numpy as np
import pyarrow.dataset as ds
import pytest

from connectors.messages.times import microseconds
from connectors.messages.wire import Packet, encode_packet
from connectors.parquet.commits import read_positions
from connectors.parquet.reader import read_samples
from connectors.parquet.storage import Storage
from tests.end_to_end.conftest import Stage
from tests.end_to_end.flow_process import Flow, run_module
from tests.end_to_end.test_spacecraft import START, packet, rows, wait_for_samples
from tests.services.waiting import wait_until

ISS = "telemetry.iss_tracking"
EARLIEST, LATEST = microseconds(START), microseconds(START + timedelta(days=2))


def archiver(stage: Stage, **settings: str) -> Flow:
    place = {"ORBITWATCH_ARCHIVE": str(stage.folder / "archive")}
    return stage.flow(
        "archiver",
        module="dataflows.archive",
        settings=place | {"ORBITWATCH_ARCHIVE_SECONDS": "1"} | settings,
    )


def archived(stage: Stage, system: str) -> list[tuple[str, int, float]]:
    """What a reader of ours finds: name, minute and value, in order of time."""
    storage = Storage.at(str(stage.folder / "archive"))
    found = []
    for columns in read_samples(storage, system, EARLIEST, LATEST):
        for number, time_us, value in zip(
            columns.parameters, columns.times_us, columns.values, strict=True
        ):
            minute = (int(time_us) - EARLIEST) // 60_000_000
            found.append((str(columns.names[number]), minute, float(value)))
    return sorted(found)


def messages_read_for(stage: Stage) -> int:
    """How many messages the archive has read, also those it has nothing of."""
    storage = Storage.at(str(stage.folder / "archive"))
    return sum(position.next_offset for position in read_positions(storage).values())


def position(minute: int) -> bytes:
    at = START + timedelta(minutes=minute)
    return encode_packet(
        Packet(spacecraft="ISS", generation_time=at, values={"latitude": minute / 8})
    )


@pytest.mark.slow
def test_each_sample_is_archived_once_whatever_is_killed(stage: Stage):
    flow = archiver(stage)
    flow.start()
    for part in range(3):
        minutes = range(part * 200, part * 200 + 200)
        stage.produce(*(packet(n, voltage=n / 4, current=-n) for n in minutes))
        stage.produce(*map(position, minutes), b"{", key=b"ISS", topic=ISS)
        goal = (part + 1) * 400 - 300  # not all: it is killed on its way
        wait_until(lambda: len(archived(stage, "spacecraft")) > goal, "files")  # noqa: B023
        flow.kill()
        flow.start()
    for system, count in (("spacecraft", 1200), ("iss_tracking", 600)):
        wait_until(lambda: len(archived(stage, system)) == count, system)  # noqa: B023
    flow.wait_ready()
    flow.stop()
    assert archived(stage, "spacecraft") == sorted(
        (f"/SAT/power/{name}", n, value)
        for n in range(600)
        for name, value in (("voltage", n / 4), ("current", -float(n)))
    )
    assert archived(stage, "iss_tracking") == [
        ("/ISS/latitude", n, n / 8) for n in range(600)
    ]
    table = ds.dataset(
        stage.folder / "archive", format="parquet", partitioning="hive"
    ).to_table()
    assert table.num_rows == 1800


@pytest.mark.slow
def test_detectors_find_the_same_in_the_archive_as_in_a_table(stage: Stage):
    noise = np.random.default_rng(1).normal(size=600).round(3)
    noise[400:420] += 30
    voltage = noise.tolist()
    flow = archiver(stage)
    flow.start()
    for goal in (200, 400, 600):
        minutes = range(goal - 200, goal)
        stage.produce(*(packet(n, voltage=voltage[n]) for n in minutes))
        wait_until(lambda: len(archived(stage, "spacecraft")) == goal, "files")  # noqa: B023
    flow.stop()
    rows = [
        f"SAT,power,voltage,{(START + timedelta(minutes=n)).isoformat()},{value}"
        for n, value in enumerate(voltage)
    ]
    table = stage.folder / "table.csv"
    header = "spacecraft,subsystem,parameter,generation_time,value"
    table.write_text("\n".join([header, *rows]))
    configuration = stage.folder / "z_score.yaml"
    configuration.write_text("detectors: {rolling_z_score: {window_samples: 100}}")
    found = [
        run_module(
            "dataflows.backtest",
            *(str(data), "--configuration", str(configuration)),
            *("--output", str(stage.folder / "scores")),
        )
        + (stage.folder / "scores" / "scores.json").read_text()
        for data in (table, stage.folder / "archive")
    ]
    assert found[0] == found[1]
    assert '"channel": "/SAT/power/voltage"' in found[1]


@pytest.mark.slow
def test_what_is_replayed_disturbs_nobody(stage: Stage):
    flow, keeper = stage.flow(), archiver(stage)
    flow.start()
    keeper.start()
    stage.produce(*(packet(n, voltage=n / 4) for n in range(100)))
    wait_for_samples(stage, 100)
    wait_until(lambda: len(archived(stage, "spacecraft")) == 100, "the archive")
    run_module(
        "simulators",
        *("replay", "--archive", str(stage.folder / "archive"), "--speed", "max"),
        *("--from", "2026-01-01T00:00:00Z", "--to", "2026-01-02T00:00:00Z"),
        ORBITWATCH_KAFKA=stage.kafka,
    )
    wait_for_samples(stage, 200)
    stage.produce(packet(100, voltage=25.0))
    wait_for_samples(stage, 201)
    wait_until(lambda: messages_read_for(stage) == 201, "all to be read")
    flow.stop()
    keeper.stop()
    assert rows(
        stage,
        "SELECT spacecraft, count(*) FROM sample JOIN parameter ON id = parameter_id "
        "GROUP BY 1 ORDER BY 1",
    ) == [("SAT", 101), ("replay:SAT", 100)]
    # It is not archived a second time.
    assert len(archived(stage, "spacecraft")) == 101
