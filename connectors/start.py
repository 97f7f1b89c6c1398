"""Starting a flow: settings, log, signals, ports, a look at Kafka and the database."""

from __future__ import annotations

import errno
import gc
import socket
import sys
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler

from connectors.database.migrations import check_database
from connectors.errors import SettingsError
from connectors.kafka.clients import check_kafka
from connectors.process import logs
from connectors.process.flow_process import FlowProcess
from connectors.process.health import health_pages
from connectors.process.pages import (
    IN_IPV6,
    NO_SUCH_ADDRESS,
    MetricsPage,
    metrics_of_bytewax,
    serve,
    serve_both,
)
from connectors.process.recovery import folder_of_this_run, forget_unfinished
from connectors.process.snapshots import check_snapshots
from connectors.process.state_folder import claim
from connectors.process.temporary_folder import temporary_folder
from connectors.settings import (
    ALL_INTERFACES,
    Settings,
    have_bytewax_serve,
    keep_bytewax_from_serving,
    keep_bytewax_short,
    variable,
)
from connectors.topics import Topic

GARBAGE_AFTER_OBJECTS = 100_000


def start_flow(
    name: str,
    reads: Sequence[Topic],
    writes: Sequence[Topic] = (),
    *,
    database: bool = True,
) -> FlowProcess:
    """Prepares the process of the flow `name`, which reads and writes these topics.

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
    if folder := folder_of_this_run():
        claim(folder, name)
        forget_unfinished(folder)
        check_snapshots(folder)
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
    """Serves health and metrics where the settings say."""
    settings = process.settings
    keep_bytewax_short()
    if settings.listen == ALL_INTERFACES and _has_ipv4(settings):
        _leave_metrics_to_bytewax(settings)
    else:
        keep_bytewax_from_serving()
        _serve(settings, "metrics_port", MetricsPage)
    _serve(settings, "health_port", health_pages(process.health))
    process.start_up.serves(settings)


def _has_ipv4(settings: Settings) -> bool:
    """Whether this port is there, for Bytewax, which fails silently by itself."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((ALL_INTERFACES, settings.metrics_port))
    except OSError as error:
        if error.errno in NO_SUCH_ADDRESS:
            return False
        raise _refused(settings, "metrics_port", error) from None
    return True


def _leave_metrics_to_bytewax(settings: Settings) -> None:
    """Has it serve /metrics on all interfaces of IPv4, and forwards that in IPv6."""
    have_bytewax_serve(settings.metrics_port, str(temporary_folder()))
    in_ipv6, port = IN_IPV6[ALL_INTERFACES], settings.metrics_port
    try:
        serve(in_ipv6, port, metrics_of_bytewax(port), only_ipv6=True)
    except OSError as error:
        if error.errno not in NO_SUCH_ADDRESS:
            raise _refused(settings, "metrics_port", error) from None


def _serve(
    settings: Settings, setting: str, handler: type[BaseHTTPRequestHandler]
) -> list[str]:
    try:
        return serve_both(settings.listen, getattr(settings, setting), handler)
    except OSError as error:
        raise _refused(settings, setting, error) from None


def _refused(settings: Settings, setting: str, error: OSError) -> SettingsError:
    """The setting to mend: the port, if that is taken or not ours, else the address."""
    place = f"port {getattr(settings, setting)}"
    if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
        setting, place = "listen", settings.listen
    return SettingsError(
        variable(setting), f"cannot listen on {place}: {error.strerror}"
    )
