"""The job that all peers do, and how they tell what they have done.

Imports only what is in the peers' virtual environment.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from river import anomaly, preprocessing

VARIABLE = "BENCHMARK_JOB"
TABLE = "peer_sample"
MAKE_TABLE = """
    CREATE TABLE IF NOT EXISTS peer_sample (
        generation_time timestamptz NOT NULL,
        value float8,
        anomaly_score float8,
        parameter_id int NOT NULL,
        severity smallint NOT NULL,
        PRIMARY KEY (parameter_id, generation_time)
    )
"""
INSERT = """
    INSERT INTO peer_sample
        (parameter_id, generation_time, value, anomaly_score, severity)
    VALUES (%s, %s, %s, %s, %s)
"""
COLUMNS = ("parameter_id", "generation_time", "value", "anomaly_score", "severity")
# The settings that dataflows/detectors/half_space_trees.py has by default.
TREES: Mapping[str, Any] = {"n_trees": 10, "height": 8, "window_size": 250, "seed": 1}
THRESHOLD = 0.995

Row = tuple[int, datetime, float, float, int]
Sample = tuple[datetime, float]


@dataclass(slots=True)
class Job:
    """Where the telemetry is, how much of it, and where the rows go.

    Done when all `samples` are stored.
    """

    kafka: str
    topic: str
    database: str
    samples: int
    stored_samples: int = 0
    numbers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def from_environment(cls) -> Job:
        """The job as whoever started this process describes it."""
        return cls(**json.loads(os.environ[VARIABLE]))

    @property
    def done(self) -> bool:
        """Whether all samples are stored."""
        return self.stored_samples >= self.samples

    def number(self, parameter: str) -> int:
        """The parameter's id."""
        return self.numbers.setdefault(parameter, len(self.numbers) + 1)

    def stored(self, samples: int) -> None:
        """Tells that so many more samples are committed, and what it took so far."""
        self.stored_samples += samples
        mark = [self.stored_samples, time.monotonic(), time.process_time()]
        sys.stdout.write(json.dumps(mark) + "\n")
        sys.stdout.flush()


def samples_of(packet: Mapping[str, Any]) -> Iterator[tuple[str, Sample]]:
    """The samples of a packet, each with the qualified name of its parameter."""
    time = datetime.fromisoformat(packet["generation_time"])
    prefix = f"/{packet['spacecraft']}/{packet['subsystem']}/"
    for parameter, value in packet["values"].items():
        yield prefix + parameter, (time, value)


class Forest:
    """What watches one parameter, as River's documentation puts it together."""

    __slots__ = ("_model",)

    def __init__(self) -> None:
        scaler = preprocessing.MinMaxScaler()
        self._model: Any = scaler | anomaly.HalfSpaceTrees(**TREES)

    def score(self, value: float) -> float:
        """The score of a sample, which is learnt afterwards."""
        features = {"value": value}
        score = float(self._model.score_one(features))
        self._model.learn_one(features)
        return score


def row(number: int, sample: Sample, score: float) -> Row:
    """A row of the table, in the order of COLUMNS."""
    time, value = sample
    return number, time, value, score, int(score >= THRESHOLD)


class Forests:
    """A forest a parameter, in memory."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._by_name: dict[str, Forest] = {}

    def rows(self, packet: Mapping[str, Any]) -> Iterator[Row]:
        """The scored rows of a packet."""
        for name, sample in samples_of(packet):
            forest = self._by_name.get(name)
            if forest is None:
                forest = self._by_name[name] = Forest()
            yield row(self._job.number(name), sample, forest.score(sample[1]))
