"""The `iss_tracking` flow: what it stores of satellites, also when it is killed."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import numpy as np
from prometheus_client import CollectorRegistry

from connectors.files.orbital_elements import read_elements
from connectors.files.places import read_places
from connectors.messages.times import microseconds, moment
from connectors.messages.wire import Packet, encode_packet
from connectors.metrics import FlowMetrics
from connectors.settings import Settings
from dataflows.iss_tracking import INPUTS
from dataflows.orbit.propagation import Ephemeris
from dataflows.vehicles.satellite import SatelliteFollower
from simulators.iss_tracking.packets import (
    constellation,
    newest_epoch_us,
    tracked_packets,
)
from simulators.timing import Timing
from tests.end_to_end.conftest import Stage
from tests.end_to_end.test_spacecraft import rows, wait_for_samples
from tests.services.waiting import wait_until

TOPIC = "telemetry.iss_tracking"
SATELLITES, POSITIONS = 4, 300
PARAMETERS = 5  # three that are sent, their sequence, and the speed


def packets() -> list[Packet]:
    """Four satellites for five hours, a position a minute."""
    elements = read_elements(Settings().elements)
    satellites = constellation(elements, SATELLITES, 1)
    start = moment(newest_epoch_us(satellites))
    timing = Timing(start, 60.0, POSITIONS)
    return list(islice(tracked_packets(satellites, timing), SATELLITES * POSITIONS))


def expected(sent: list[Packet]) -> dict[str, set[tuple[object, ...]]]:
    """The rows of each table, by trackers that nobody disturbs."""
    where = read_places(Settings().places)
    found: dict[str, dict[object, tuple[object, ...]]] = {}
    known = {
        one.name: Ephemeris(one.line1, one.line2)
        for one in read_elements(Settings().elements)
    }
    metrics = FlowMetrics(CollectorRegistry())
    for craft in sorted({packet.spacecraft for packet in sent}):
        mine = [packet for packet in sent if packet.spacecraft == craft]
        ephemeris = known.get(craft)
        follower = SatelliteFollower(craft, where, ephemeris, metrics)
        times_us = np.array([microseconds(one.generation_time) for one in mine])
        values = {
            name: np.array([one.values[name] for one in mine], float) for name in INPUTS
        }
        for records in follower.follow(times_us, values).records:
            table = found.setdefault(records.table, {})
            for row in records.rows:
                table[row[: len(records.key)]] = row
    return {table: set(by_key.values()) for table, by_key in found.items()}


def stored(stage: Stage, table: str, columns: str) -> set[tuple[object, ...]]:
    return set(rows(stage, f"SELECT {columns} FROM {table}"))  # noqa: S608


def test_what_is_known_of_satellites_is_stored_once_whatever_is_killed(stage: Stage):
    sent = packets()
    flow = stage.flow(module="dataflows.iss_tracking")
    flow.start()
    third = len(sent) // 3
    for part in range(3):
        some = sent[part * third : (part + 1) * third]
        for craft in {packet.spacecraft for packet in some}:
            values = [encode_packet(one) for one in some if one.spacecraft == craft]
            stage.produce(*values, key=craft.encode(), topic=TOPIC)
        goal = SATELLITES * PARAMETERS * POSITIONS * (part + 1) // 3
        count = "SELECT count(*) FROM sample"
        wait_until(lambda: rows(stage, count)[0][0] >= goal - 1, "samples")  # noqa: B023
        flow.kill()
        flow.start()
    # The one that was not waited for may still have to come.
    wait_for_samples(stage, SATELLITES * PARAMETERS * POSITIONS)
    flow.wait_ready()
    flow.stop()
    wanted = expected(sent)
    columns = "spacecraft, minute, count, mean_latitude_deg, mean_longitude_deg, speeds"
    minutes = stored(stage, "orbit_minute", columns)
    assert minutes == {row[:6] for row in wanted["orbit_minute"]}
    states = stored(
        stage, "orbit_state", "spacecraft, generation_time, ground_speed_km_s, phase"
    )
    assert states == {(*row[:2], row[5], row[6]) for row in wanted["orbit_state"]}
    passes = stored(
        stage, "satellite_pass", "spacecraft, station, announced_at, revision, state"
    )
    assert passes == {row[:5] for row in wanted["satellite_pass"]}
    assert {state for *_, state in passes} >= {"OVER", "PREDICTED"}
    ahead = stored(
        stage, "orbit_prediction", "spacecraft, made_at, predicted_time, source"
    )
    assert ahead == {(*row[:3], row[6]) for row in wanted["orbit_prediction"]}
    [(paris,)] = rows(
        stage,
        "SELECT min(distance_km) FROM place_distance WHERE place = 'Paris'",
    )
    assert 0 < paris < 20_016


def test_impossible_and_late_positions_are_counted_and_the_rest_is_tracked(
    stage: Stage,
):
    start = datetime(2026, 1, 1, tzinfo=UTC)

    def position(second: int, latitude: float, longitude: float = 0.0) -> bytes:
        values: dict[str, float | None] = {
            "latitude": latitude,
            "longitude": longitude,
            "altitude": 420.0,
        }
        return encode_packet(
            Packet(
                spacecraft="ISS",
                subsystem="orbit",
                generation_time=start + timedelta(seconds=second),
                values=values,
            )
        )

    flow = stage.flow(module="dataflows.iss_tracking")
    flow.start()
    good = [position(second, second / 20) for second in (0, 1, 4, 5)]
    bad = [position(2, 91.0), position(3, 0.0, 540.0)]
    stage.produce(*good[:2], *bad, *good[2:], good[0], b"{", key=b"ISS", topic=TOPIC)
    wait_until(lambda: len(rows(stage, "SELECT * FROM orbit_state")) == 4, "states")
    flow.wait_for_figures(
        *(
            f'orbitwatch_not_tracked_samples_total{{reason="{reason}"}} 1.0'
            for reason in ("bad_latitude", "bad_longitude", "late")
        ),
        'orbitwatch_telemetry_dead_letter_total{reason="not_json"} 1.0',
    )
    flow.stop()
    # The impossible values are on record, and out of limits.
    out = rows(stage, "SELECT qualified_name FROM anomaly_named ORDER BY 1")
    assert out == [("/ISS/orbit/latitude",), ("/ISS/orbit/longitude",)]
    log = flow.log.read_text()
    assert log.count("not tracked: ") == 3
