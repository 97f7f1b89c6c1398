"""Hundreds of independent parameters of any spacecraft, watched one by one.

python -m bytewax.run dataflows.spacecraft:flow -r RECOVERY_FOLDER -s 5 -b 0
"""

from __future__ import annotations

from bytewax.dataflow import Dataflow

from connectors import topics
from dataflows.wiring import connect

NAME = "spacecraft"


def flow() -> Dataflow:
    """The flow between Kafka and the database that the environment names."""
    return connect(NAME, topics.SPACECRAFT)
