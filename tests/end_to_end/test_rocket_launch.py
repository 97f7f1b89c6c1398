"""The `rocket_launch` flow: what it stores of an ascent, also when it is killed."""

from itertools import islice

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from connectors.messages.times import microseconds
from connectors.messages.wire import Packet, encode_packet
from connectors.metrics import FlowMetrics
from dataflows.vehicles.launcher import INPUTS, LaunchFollower
from simulators.rocket_launch.packets import DEFAULT_T0, Launches, simulated_packets
from tests.end_to_end.conftest import Stage
from tests.end_to_end.test_spacecraft import rows
from tests.services.waiting import wait_until

TOPIC = "telemetry.rocket_launch"
SECONDS, HZ = 240, 30
ACCELERATIONS = """
    SELECT count(*) FROM sample JOIN parameter ON id = parameter_id
    WHERE name = 'acceleration'
"""


def flight() -> list[Packet]:
    """The simulated ascent up to and beyond the start of the second stage."""
    launches = Launches(DEFAULT_T0, 1, 3)
    return list(islice(simulated_packets(launches), SECONDS * HZ))


def tracked(sent: list[Packet]) -> dict[str, set[tuple[object, ...]]]:
    """The rows of each table, by a tracker that nobody disturbs."""
    follower = LaunchFollower(sent[0].spacecraft, FlowMetrics(CollectorRegistry()))
    times_us = np.array([microseconds(one.generation_time) for one in sent])
    values = {
        name: np.array([one.values[name] for one in sent], float) for name in INPUTS
    }
    followed = follower.follow(times_us, values)
    return {each.table: set(each.rows) for each in followed.records}


@pytest.mark.slow
def test_an_ascent_is_stored_once_with_its_events_whatever_is_killed(stage: Stage):
    sent = flight()
    flow = stage.flow(module="dataflows.rocket_launch")
    flow.start()
    third = len(sent) // 3
    for part in range(3):
        values = map(encode_packet, sent[part * third : (part + 1) * third])
        stage.produce(*values, key=sent[0].key.encode(), topic=TOPIC)
        goal = (part + 1) * third // HZ - 5
        count = "SELECT count(*) FROM launch_state"
        wait_until(lambda: rows(stage, count)[0][0] >= goal, "states")  # noqa: B023
        flow.kill()
        flow.start()
    wait_until(lambda: rows(stage, ACCELERATIONS) == [(len(sent),)], "all samples")
    flow.wait_ready()
    flow.stop()
    wanted = tracked(sent)
    for table, columns in {
        "launch_flight": "spacecraft, began_at",
        "launch_state": "spacecraft, generation_time, phase, altitude_km, velocity_m_s",
        "launch_event": "spacecraft, detected_at, event, happened_at",
        "launch_prediction": "spacecraft, made_at, horizon_s, altitude_km",
        "launch_prediction_score": "spacecraft, made_at, horizon_s, altitude_km",
    }.items():
        found = set(rows(stage, f"SELECT {columns} FROM {table}"))  # noqa: S608
        width = columns.count(",") + 1
        assert found == {row[:width] for row in wanted[table]}, table
    told = sorted((str(at), event) for _, at, event, *_ in wanted["launch_event"])
    events = [event for _, event in told]
    assert events[:4] == ["liftoff", "max_q", "meco", "ses1"]
    assert rows(stage, "SELECT qualified_name, text FROM anomaly_named") == []
    assert rows(stage, ACCELERATIONS) == [(len(sent),)]
