"""What ends a flow is one line; the engine's panic text does not stand before it."""

import subprocess
import sys
from pathlib import Path

import pytest

from connectors.errors import KafkaUnavailable
from connectors.process.last_words import ends_in_one_line

HANG_S = 60
REPOSITORY = Path(__file__).parents[3]

# A flow whose sink fails, in the form of the engine's own command.
PROGRAM = """
import sys
from datetime import timedelta
import bytewax.operators as op
from bytewax._bytewax import cli_main
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import TestingSource
from connectors.errors import KafkaUnavailable
from connectors.process import logs
from connectors.process.last_words import ends_in_one_line

class Partition(StatelessSinkPartition):
    @ends_in_one_line
    def write_batch(self, items):
        {fails}

class Failing(DynamicSink):
    def build(self, step_id, worker_index, worker_count):
        return Partition()

sys.excepthook = logs.log_last_words
logs.configure("{form}", "INFO")
flow = Dataflow("failing")
op.output("out", flow and op.input("in", flow, TestingSource([1, 2])), Failing())
cli_main(flow, workers_per_process={workers}, epoch_interval=timedelta(seconds=10))
"""
OURS = 'raise KafkaUnavailable("localhost:9092", "gone")'


def said(fails: str, workers: int | None = None, form: str = "text") -> list[str]:
    program = PROGRAM.format(fails=fails, workers=workers, form=form)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert done.returncode == 1
    return done.stderr.splitlines()


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_error_of_ours_is_all_that_is_said(form: str):
    [line] = said(OURS, form=form)
    assert "CRITICAL" in line
    assert "ORBITWATCH_KAFKA=localhost:9092: gone" in line


def test_so_it_is_with_more_workers():
    lines = said(OURS, workers=2)
    assert lines
    assert all("ORBITWATCH_KAFKA" in line for line in lines), lines


def test_what_nobody_foresaw_is_told_with_all_there_is():
    text = "\n".join(said("raise ZeroDivisionError"))
    assert "panicked at" in text
    assert "ZeroDivisionError" in text.splitlines()[-1]


def test_where_errors_are_not_told_in_one_line_nothing_is_kept_quiet(capfd):
    @ends_in_one_line
    def step() -> None:
        raise KafkaUnavailable("localhost:9092", "gone")

    with pytest.raises(KafkaUnavailable):
        step()
    sys.stderr.write("heard")
    assert capfd.readouterr().err == "heard"
