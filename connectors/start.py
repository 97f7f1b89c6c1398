"""Starting a flow: settings, log, signals, ports, a look at Kafka and the database."""

from __future__ import annotations

import atexit
import gc
import shutil
import socket
import sys
import tempfile
from collections.abc import Sequence

from connectors.database.migrations import check_database
from connectors.errors import SettingsError
from connectors.kafka.clients import check_kafka
from connectors.process import health, logs
from connectors.process.flow_process import FlowProcess
from connectors.process.recovery import folder_of_this_run, forget_unfinished
from connectors.settings import Settings, tell_bytewax, variable
from connectors.topics import Topic

GARBAGE_AFTER_OBJECTS = 100_000


def start_flow(
    reads: Sequence[Topic], writes: Sequence[Topic] = (), *, database: bool = True
) -> FlowProcess:
    """Prepares the process of a flow that reads and writes these topics.

    `database` says whether it stores in the database.

    From here on what goes wrong ends as one log line and a non-zero exit code.
    Raises the errors of `connectors.errors` when the flow could not work.
    """
    sys.excepthook = logs.log_last_words
    logs.configure("text", "INFO")
    settings = Settings.from_environment()
    logs.configure(settings.log_format, settings.log_level)
    process = FlowProcess(settings)
    process.should_stop.listen()
    for topic in reads:
        process.health.reading(topic.name, works=False)
    _open_ports(process)
    # The ports are ours, so no other process of this flow is at work.
    if folder := folder_of_this_run():
        forget_unfinished(folder)
    check_kafka(settings, reads, writes)
    if database:
        check_database(settings.database)
    # Bytewax builds the sink, which reports from then on, at the first batch only.
    process.health.database(works=True)
    # What was imported so far lives as long as the process: no need to look through
    # it at every collection.
    gc.collect()
    gc.freeze()
    # A poll makes tens of thousands of objects, in which there are no cycles.
    gc.set_threshold(GARBAGE_AFTER_OBJECTS, 20, 100)
    return process


def _open_ports(process: FlowProcess) -> None:
    """Serves health, and has Bytewax serve /metrics, which fails silently by itself."""
    settings = process.settings
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", settings.metrics_port))
        except OSError as error:
            raise _taken("metrics_port", settings.metrics_port, error) from None
    try:
        health.serve(process.health, settings.health_port)
    except OSError as error:
        raise _taken("health_port", settings.health_port, error) from None
    folder = tempfile.mkdtemp(prefix="orbitwatch-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    tell_bytewax(settings.metrics_port, folder)


def _taken(setting: str, port: int, error: OSError) -> SettingsError:
    problem = f"cannot listen on port {port}: {error.strerror}"
    return SettingsError(variable(setting), problem)
