"""The pictures in docs/pictures/ that follow from the code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bytewax.testing import TestingSink, TestingSource
from bytewax.visualize import to_mermaid
from prometheus_client import CollectorRegistry

from connectors.files.parameters import Definitions
from connectors.metrics import FlowMetrics
from dataflows.vehicles.launcher import INPUTS, LaunchFollower
from dataflows.wiring import Tracking, build
from tests.docs.drawing import Box, Picture
from tests.docs.pages import DOCS

FOLDER = DOCS / "pictures"

WAY = Picture(
    "The way of a sample",
    {
        "vehicle": Box("your ground station", ("or simulators/",), outside=True),
        "kafka": Box("Kafka", ("telemetry.<system>",), outside=True),
        "poll": Box("connectors/kafka", ("polls a batch of messages",)),
        "decode": Box("connectors/decode", ("packets become columns",)),
        "archive": Box("connectors/parquet", ("the flow archive",)),
        "track": Box(
            "dataflows/ascent, dataflows/orbit", ("of launchers and satellites",)
        ),
        "letters": Box(
            "telemetry.dead_letter", ("what cannot be used, and why",), outside=True
        ),
        "files": Box("Parquet files", ("a folder or a bucket",), outside=True),
        "detect": Box("dataflows/detectors", ("each parameter: scores",)),
        "judge": Box("dataflows/verdicts", ("severities, anomalies",)),
        "store": Box("connectors/database", ("one transaction a poll",)),
        "tables": Box("TimescaleDB", ("tables and views",), outside=True),
        "anomalies": Box("telemetry.anomalies", ("for other programs",), outside=True),
        "grafana": Box("Grafana", ("provisioning/grafana",), outside=True),
    },
    (
        ("vehicle", "kafka", "packets"),
        ("kafka", "poll", ""),
        ("poll", "archive", ""),
        ("poll", "decode", ""),
        ("archive", "files", ""),
        ("decode", "letters", ""),
        ("decode", "track", ""),
        ("track", "detect", ""),
        ("detect", "judge", ""),
        ("judge", "store", ""),
        ("judge", "anomalies", ""),
        ("store", "tables", ""),
        ("tables", "grafana", ""),
    ),
)


def flow() -> Picture:
    """The steps of the flow of launches, as Bytewax has them."""
    metrics = FlowMetrics(CollectorRegistry())
    dataflow = build(
        "flow",
        TestingSource([]),
        TestingSink([]),
        TestingSink([]),
        TestingSink([]),
        Definitions(),
        metrics,
        Tracking(INPUTS, lambda vehicle: LaunchFollower(vehicle[0], metrics)),
    )
    drawn = to_mermaid(dataflow)
    boxes = {
        name: Box(step, () if kind == step else (kind,))
        for name, step, kind in re.findall(r'^(\S+)\["(\w+) \((\w+)\)"\]$', drawn, re.M)
    }
    arrows = [
        (source, target, port if port not in {"down", "up"} else "")
        for source, port, target in re.findall(
            r'^(\S+) -- "(\w+) .*" --> (\S+)$', drawn, re.M
        )
    ]
    return Picture("The steps of a flow", boxes, arrows)


PICTURES: Mapping[str, Callable[[], Picture]] = {
    "flow.svg": flow,
    "way_of_a_sample.svg": lambda: WAY,
}
