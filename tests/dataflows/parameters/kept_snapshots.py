"""Snapshots of a shard, as releases wrote them.

`python -m tests.dataflows.parameters.kept_snapshots` writes that of today. When a
layout changes, give it a new version, rename the file of today after what it was, and
write a new one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry

from connectors.files.parameters import Definitions, ParameterDefinition
from connectors.messages.polls import Poll, Polled
from connectors.messages.samples import ParameterName, Runs, Samples
from connectors.metrics import FlowMetrics
from connectors.process.listening import Listening
from dataflows.parameters.shard import ShardLogic

FOLDER = Path(__file__).parent / "snapshots"
TODAY = FOLDER / "today.bin"

UNLEARNED = {"record_envelope": {"enabled": False}}
BY_ITSELF = {"rolling_z_score": {"window_samples": 16, "warm_up_samples": 4}}
DEFINITIONS = Definitions(
    [
        ParameterDefinition(ParameterName("SAT", "power", name), "V", **given)  # type: ignore[arg-type]
        for name, given in {
            "enveloped": {"hard": (-9.0, 9.0)},
            "limited": {"hard": (-9.0, 9.0), "detectors": UNLEARNED},
            "by_itself": {"hard": (-9.0, 9.0), "detectors": UNLEARNED | BY_ITSELF},
            "perhaps_silent": {"detectors": UNLEARNED | {"staleness": {}}},
        }.items()
    ]
)
NAMES = [definition.name for definition in DEFINITIONS]


def resumed(snapshot: bytes | None) -> ShardLogic:
    """A shard of the parameters above that goes on from a snapshot."""
    metrics = FlowMetrics(CollectorRegistry())
    return ShardLogic(snapshot, DEFINITIONS, metrics, Listening(lambda: 0, lambda: 0))


def polled(values: list[float], start: int = 0) -> Polled:
    """The same samples, a second apart, of all parameters."""
    times_us = (start + np.arange(len(values))) * 1_000_000
    runs = [Samples(name, times_us, np.array(values)) for name in NAMES]
    return Polled(Runs.of(runs), Poll(1, 1, (), 0))


def write_today() -> None:
    """Keeps what a shard of today has learnt, in the middle of anomalies."""
    logic = resumed(None)
    logic.on_batch([polled([*np.sin(np.arange(40.0)).tolist(), 20.0])])
    TODAY.parent.mkdir(exist_ok=True)
    TODAY.write_bytes(logic.snapshot())


if __name__ == "__main__":
    write_today()
