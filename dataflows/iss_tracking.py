"""The ISS and other satellites, followed by their positions.

python -m bytewax.run dataflows.iss_tracking:flow -r RECOVERY_FOLDER -s 5 -b 0
"""

from __future__ import annotations

from bytewax.dataflow import Dataflow

from connectors import topics
from connectors.database.place_table import store_places
from connectors.files.orbital_elements import read_elements
from connectors.files.places import read_places
from connectors.process.flow_process import FlowProcess
from dataflows.orbit.propagation import Ephemeris
from dataflows.vehicles.satellite import SatelliteFollower
from dataflows.vehicles.vehicle import Vehicle
from dataflows.wiring import Tracking, connect

NAME = "iss_tracking"
INPUTS = ("latitude", "longitude", "altitude")


def tracking(run: FlowProcess) -> Tracking:
    """How satellites are tracked, with the places and orbital elements of the settings.

    Raises SettingsError for files that are not as they should be, and
    DatabaseUnavailable, as places are stored for maps.
    """
    where = read_places(run.settings.places)
    store_places(run.settings.database, where, run.should_stop)
    known = {
        elements.name: Ephemeris(elements.line1, elements.line2)
        for elements in read_elements(run.settings.elements)
    }

    def new(vehicle: Vehicle) -> SatelliteFollower:
        return SatelliteFollower(vehicle[0], where, known.get(vehicle[0]), run.metrics)

    return Tracking(INPUTS, new)


def flow() -> Dataflow:
    """The flow between Kafka and the database that the environment names."""
    return connect(NAME, topics.ISS_TRACKING, tracking)
