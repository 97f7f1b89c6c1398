"""What the other systems cost: many launches, many satellites, and the archive."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from confluent_kafka import Producer
from pyarrow.compute import field
from pyarrow.dataset import dataset

from connectors import topics
from connectors.files.orbital_elements import read_elements
from connectors.messages.times import moment
from connectors.messages.wire import Packet, encode_packet
from connectors.parquet.commits import read_positions
from connectors.parquet.storage import Storage
from connectors.settings import Settings, variable
from simulators.iss_tracking.packets import (
    constellation,
    newest_epoch_us,
    tracked_packets,
)
from simulators.rocket_launch.packets import DEFAULT_T0, Launches, simulated_packets
from simulators.timing import Timing
from tests.benchmarks.backlog import Miscounted, Place
from tests.benchmarks.figures import Findings, Goal, Plan, Table
from tests.benchmarks.flow_run import LONGEST_S, FlowStalled, Observer
from tests.benchmarks.process_cost import ProcessCost
from tests.benchmarks.stage import Stage
from tests.benchmarks.statistics import Mark, Measured, interleaved, steady
from tests.end_to_end.flow_process import REPOSITORY

SATELLITES, LAUNCHES, LAUNCH_HZ = 10_000, 100, 30
PARTITIONS = 8
# Three parameters of a satellite are sent, and one follows: all are watched.
MOST_PARAMETERS = 5 * SATELLITES
CORES, COST = "cores in real time", "CPU s per million"
PARAMETERS = REPOSITORY / "provisioning" / "parameters"


def measure(stage: Stage, plan: Plan) -> Findings:
    """The other flows, each on telemetry of its own."""
    launches = _produced(stage, topics.ROCKET_LAUNCH.name, _ascents(plan.of(80, 40)))
    # The archive reads all there is, so it comes before the satellites.
    archive: dict[str, Callable[[], Measured]] = {
        "archive": partial(_archive, stage, launches)
    }
    rounds = interleaved(archive, plan.of(2, 1), stage.say)
    satellites = _produced(stage, topics.ISS_TRACKING.name, _positions(plan.of(60, 30)))
    cases: dict[str, Callable[[], Measured]] = {
        "satellites": partial(
            _store, stage, "iss_tracking", satellites, SATELLITES, "orbit_state"
        ),
        "launches": partial(
            _store, stage, "rocket_launch", launches, LAUNCHES * LAUNCH_HZ, ""
        ),
    }
    rounds |= interleaved(cases, plan.of(2, 1), stage.say)
    table = Table("Other systems", rounds)

    def figure(case: str, quantity: str) -> float:
        spread = table.spread(case, quantity)
        assert spread is not None
        return spread.median

    return Findings(
        "systems",
        [table],
        [
            Goal(
                f"cores for {SATELLITES:,} satellites, a position a second",
                figure("satellites", CORES),
                0.5,
            ),
            Goal(
                f"cores for {LAUNCHES} launches at {LAUNCH_HZ} Hz",
                figure("launches", CORES),
                1.0,
            ),
            Goal(
                "samples a second of processor time into the archive",
                1e6 / figure("archive", COST),
                200_000,
                at_least=True,
            ),
        ],
        ["Cores: processor time of the flow a packet, times the packets a second."],
    )


def _positions(seconds: int) -> Iterator[Packet]:
    satellites = constellation(read_elements(Settings().elements), SATELLITES, 1)
    start = moment(newest_epoch_us(satellites))
    return tracked_packets(satellites, Timing(start, 1.0, seconds))


def _ascents(seconds: int) -> Iterator[Packet]:
    packets = simulated_packets(Launches(DEFAULT_T0, LAUNCHES, 1))
    return islice(packets, seconds * LAUNCHES * LAUNCH_HZ)


def _produced(stage: Stage, topic: str, packets: Iterator[Packet]) -> int:
    """How many packets were sent."""
    stage.say(f"  producing telemetry of {topic}")
    producer = Producer(
        {
            "bootstrap.servers": stage.kafka,
            # Without it, a batch that is sent again may come after a later one.
            "enable.idempotence": True,
            "linger.ms": 20,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    count = 0
    for packet in packets:
        producer.produce(topic, encode_packet(packet), packet.key.encode())
        producer.poll(0)
        count += 1
    if producer.flush(120):
        raise Miscounted("Kafka did not take all of the prepared telemetry")
    return count


def _store(
    stage: Stage, system: str, packets: int, packets_a_second: int, table: str
) -> Measured:
    """Has a flow store all packets; `table` gets a row for each."""
    place = Place(f"telemetry.{system}", 0, PARTITIONS)
    with (
        stage.servers.database() as database,
        stage.flow(database, place, f"dataflows.{system}", PARAMETERS) as flow,
    ):
        flow.settings[variable("most_parameters")] = str(MOST_PARAMETERS)
        observer = Observer(flow, stage.start(flow), database)
        try:
            marks = observer.watch(lambda stored: stored >= packets)
            memory_mb = observer.cost.peak_mb()
            if table:
                _check_count(observer, table, packets)
        finally:
            observer.close()
        flow.stop()
    # From when everybody has been seen: taking in a vehicle costs more than following,
    # and partitions are read one further than the other.
    found = steady([mark for mark in marks if mark.stored >= packets / 3])
    cores = found[COST] / 1e6 * packets_a_second
    return {
        "packets/s": found["samples/s"],
        COST: found[COST],
        CORES: cores,
        "peak MB": memory_mb,
    }


def _check_count(observer: Observer, table: str, wanted: int) -> None:
    found = observer.count(table)
    if found != wanted:
        raise Miscounted(f"{table}: {found:,} rows are stored, {wanted:,} were sent")


def _archive(stage: Stage, packets: int) -> Measured:
    """Has the archive store the packets of the launches."""
    place = Place("", 0, PARTITIONS)
    with (
        stage.servers.database() as database,
        stage.flow(database, place, "dataflows.archive") as flow,
    ):
        folder = flow.folder / "archive"
        flow.settings["ORBITWATCH_ARCHIVE"] = str(folder)
        # Small files, so that there is something to watch.
        flow.settings["ORBITWATCH_ARCHIVE_MEGABYTES"] = "1"
        flow.settings["ORBITWATCH_ARCHIVE_SECONDS"] = "1"
        storage = Storage.at(str(folder))
        cost = ProcessCost(stage.start(flow))
        marks: list[Mark] = []
        deadline_s = time.monotonic() + LONGEST_S
        while not marks or marks[-1].stored < packets:
            if not flow.is_running() or time.monotonic() > deadline_s:
                raise FlowStalled(flow.log.read_text()[-2000:])
            time.sleep(0.05)
            stored = sum(
                at.next_offset
                for at in read_positions(storage).values()
                if at.topic == topics.ROCKET_LAUNCH.name
            )
            marks.append(Mark(stored, time.monotonic(), cost.cpu_s()))
        memory_mb = cost.peak_mb()
        flow.stop()
        found = steady(marks)
        files = dataset(folder, format="parquet", partitioning="hive")
        kept = files.count_rows(filter=field("system") == "rocket_launch")
    a_packet = kept / packets
    return {
        "samples/s": found["samples/s"] * a_packet,
        COST: found[COST] / a_packet,
        "peak MB": memory_mb,
    }
