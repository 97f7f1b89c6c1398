"""The engine's timers go by the wall clock; silence is told in time all the same.

In a process of its own, whose wall clock is moved.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.clock import MovedClock
from tests.services.waiting import HANG_S

REPOSITORY = Path(__file__).parents[2]

# One sample, then nothing; the clock is set a second later. Says for how long it took
# until the silence of three seconds was told.
PROGRAM = """
import os, struct, sys, time
from datetime import UTC, datetime
import bytewax.operators as op
import numpy as np
from bytewax.dataflow import Dataflow
from bytewax.inputs import DynamicSource, StatelessSourcePartition
from bytewax.testing import TestingSink, run_main
from prometheus_client import CollectorRegistry
from connectors.files.parameters import Definitions, ParameterDefinition
from connectors.messages.polls import NO_POLL, Poll, Polled
from connectors.messages.samples import ParameterName, Runs, Samples
from connectors.metrics import FlowMetrics
from connectors.process.listening import Listening
from dataflows.operators import anomalies, by_shard, watch

NAME, BEGUN_S, HANG_S = ParameterName("SAT", "power", "p"), time.monotonic(), 30
listening, told = Listening(), []
sample = Samples(NAME, np.array([0], np.int64), np.array([1.0]))

class Partition(StatelessSourcePartition):
    items, is_moved = [Polled(Runs.of([sample]), Poll(1, 1, (), 0))], False
    def next_batch(self):
        time.sleep(0.01)
        listening.turned()
        listening.answered()
        passed_s = time.monotonic() - BEGUN_S
        if told or passed_s > HANG_S:
            print(f"{passed_s:.3f}" if told else "never")
            raise StopIteration
        if passed_s > 1 and not self.is_moved:
            self.is_moved = True
            with open(os.environ["MOVED_CLOCK_FILE"], "r+b") as file:
                file.write(struct.pack("q", int(sys.argv[1])))
        found, self.items = self.items, []
        if listening.was_set_back():
            found.append(Polled(Runs.of([]), NO_POLL))
        return found
    def next_awake(self):
        return datetime(1970, 1, 1, tzinfo=UTC)

class Source(DynamicSource):
    def build(self, step_id, worker_index, worker_count):
        return Partition()

described = ParameterDefinition(NAME, detectors={"staleness": {"after_seconds": 3}})
flow = Dataflow("silence")
sharded = by_shard("by_shard", op.input("in", flow, Source()))
metrics = FlowMetrics(CollectorRegistry())
scored = watch("watch", sharded, Definitions([described]), metrics, 10, listening)
op.output("out", anomalies("anomalies", scored), TestingSink(told))
run_main(flow)
"""


@pytest.mark.parametrize("set_s", [0, -3600, 3600])
def test_a_silence_is_told_in_time_whatever_the_clock_is_set_to(
    moved_clock: MovedClock, set_s: int
):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(set_s)],
        cwd=REPOSITORY,
        env={**os.environ, **moved_clock.environment},
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) >= 3.0
