"""The systems, in one table: what there is of each, or has to be.

The stem of a system is in the names of all its parts, so most follow from it. What
cannot is told here. Topics, simulators and the demo are made from the table; whatever
else a system needs is looked for in the tests (tests/systems.py), which say what is
missing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TelemetryTopic:
    """How the telemetry of a system lies in Kafka, on its topic `telemetry.<stem>`.

    `key` says what the message key is: messages with one key stay in order.
    """

    key: str = "spacecraft/subsystem"
    partitions: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A system: its flow, and what belongs to it.

    Args:
        stem: What its parts are called, in every folder.
        about: What it does, in one sentence.
        topic: Its telemetry; None where it reads that of the others.
        command: What `python -m simulators` calls its simulator; None without one.
        demo: What `make demo` plays of it; None if nothing.
        parameters: The file of provisioning/parameters that describes what is played.
        tables: Those of the database that no other system fills.
        dashboards: The uids of the dashboards that show it, the foremost first.
        job: The job by which Prometheus scrapes it. Its rules are the group `<stem>`.
        metrics_port: Where its service has `/metrics`.
        health_port: Where its service has `/healthz` and `/readyz`.
    """

    stem: str
    about: str
    topic: TelemetryTopic | None
    command: str | None
    demo: str | None
    parameters: str | None
    tables: tuple[str, ...]
    dashboards: tuple[str, ...]
    job: str = "orbitwatch"
    metrics_port: int = 3030
    health_port: int = 3031

    @property
    def flow(self) -> str:
        """The module of its flow."""
        return f"dataflows.{self.stem}"

    @property
    def simulator(self) -> str:
        """The package that plays its telemetry, where it has a command or a demo."""
        return f"simulators.{self.stem}"


ARCHIVE = System(
    stem="archive",
    about="Keeps the telemetry of all systems in Parquet files, and replays it.",
    # It reads all topics. What it replays goes to the topic that it came from.
    topic=None,
    command="replay",
    demo=None,
    parameters=None,
    tables=(),
    dashboards=("pipeline_health",),
)

SYSTEMS = (
    System(
        stem="spacecraft",
        about="Watches hundreds of parameters of any spacecraft, each by itself.",
        topic=TelemetryTopic(),
        command="spacecraft",
        demo="a spacecraft of 40 parameters, with faults",
        parameters="orbiter-1.yaml",
        tables=(),
        dashboards=("parameter_detail", "anomalies"),
    ),
    System(
        stem="rocket_launch",
        about="Follows ascents: what happens, and where the vehicle will be.",
        topic=TelemetryTopic(),
        command="rocket_launch",
        demo="an ascent as fast as it is, with faults",
        parameters="rocket_launch.yaml",
        tables=(
            "launch_state",
            "launch_event",
            "launch_prediction",
            "launch_prediction_score",
            "launch_flight",
        ),
        dashboards=("rocket_launch",),
    ),
    System(
        stem="iss_tracking",
        about="Follows the ISS and other satellites, and predicts their passes.",
        topic=TelemetryTopic(),
        command="iss_tracking",
        demo="five satellites, sixty times as fast",
        parameters="satellites.yaml",
        tables=(
            "orbit_state",
            "orbit_minute",
            "satellite_pass",
            "orbit_prediction",
            "place",
        ),
        dashboards=("iss_tracking",),
    ),
    ARCHIVE,
)
