"""A launch vehicle's ascent: what is derived, what happens, what is to come.

python -m bytewax.run dataflows.rocket_launch:flow -r RECOVERY_FOLDER -s 5 -b 0
"""

from __future__ import annotations

from bytewax.dataflow import Dataflow

from connectors import topics
from connectors.process.flow_process import FlowProcess
from dataflows.vehicles.launcher import INPUTS, LaunchFollower
from dataflows.vehicles.vehicle import Vehicle
from dataflows.wiring import Tracking, connect

NAME = "rocket_launch"


def tracking(run: FlowProcess) -> Tracking:
    """How launchers are tracked."""

    def new(vehicle: Vehicle) -> LaunchFollower:
        return LaunchFollower(vehicle[0], run.metrics)

    return Tracking(INPUTS, new)


def flow() -> Dataflow:
    """The flow between Kafka and the database that the environment names."""
    return connect(NAME, topics.ROCKET_LAUNCH, tracking)
