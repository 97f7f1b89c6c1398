"""`python -m connectors.anomalies`: which are open, and what somebody has to end.

`list` tells what the database has as open. `close` ends anomalies whose end nobody will
tell, such as those of a parameter that was retired in the middle of one: in the
database and on `telemetry.anomalies`, as their next revision. `restore` takes from
there what a database lost.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from prometheus_client import CollectorRegistry
from psycopg.rows import scalar_row

from connectors import restored_anomalies
from connectors.command import Parser, exit_code, timespan
from connectors.database.asking import STORED_S, ask
from connectors.database.connection import Connection
from connectors.database.left_open import close
from connectors.errors import DeliveryFailed
from connectors.kafka.sink import tell_anomalies
from connectors.messages.findings import Anomaly, Severity
from connectors.messages.times import moment
from connectors.metrics import FlowMetrics
from connectors.open_anomalies import read_open, told
from connectors.process.flow_process import FlowProcess
from connectors.settings import Settings

# argparse has no public name for it.
Commands: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001

BY_HAND = "When it ended was not seen: it was closed by hand."

_OF_PARAMETERS = """
    SELECT anomaly.id
    FROM anomaly
    JOIN parameter ON parameter.id = parameter_id
    WHERE ended_at IS NULL AND qualified_name = ANY(%(parameters)s)
"""
_UNHEARD = """
    SELECT anomaly.id
    FROM anomaly
    WHERE ended_at IS NULL
        AND started_at < %(since)s
        AND NOT EXISTS (
            SELECT FROM sample
            WHERE sample.parameter_id = anomaly.parameter_id
                AND generation_time >= %(since)s
        )
"""


def close_of_parameters(settings: Settings, parameters: Sequence[str]) -> list[Anomaly]:
    """Closes what is open of parameters, given as `/SAT/power/voltage`.

    Raises DatabaseUnavailable, and DeliveryFailed if Kafka does not take it; nothing is
    closed then.
    """
    return _close(settings, _OF_PARAMETERS, {"parameters": [*parameters]})


def close_unheard(settings: Settings, since: datetime) -> list[Anomaly]:
    """Closes what is open of all parameters that have no sample since then."""
    return _close(settings, _UNHEARD, {"since": since})


def _close(settings: Settings, query: str, given: dict[str, object]) -> list[Anomaly]:
    run = FlowProcess(settings, FlowMetrics(CollectorRegistry()))

    def work(connection: Connection) -> list[Anomaly]:
        with connection.transaction():
            closed = close(connection, _found(connection, query, given), BY_HAND)
            try:
                tell_anomalies(run, closed)
            except DeliveryFailed as error:
                advice = "Nothing was closed; run it again when Kafka is well"
                raise DeliveryFailed(error.topic, error.problem, advice) from None
        return closed

    return ask(settings.database, "anomalies", work, STORED_S)


def _found(connection: Connection, query: str, given: dict[str, object]) -> list[UUID]:
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, given).fetchall()


def parser() -> argparse.ArgumentParser:
    """What can be asked for on the command line."""
    top = Parser(prog="python -m connectors.anomalies")
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    _add_list(commands)
    commands.add_parser(
        "restore",
        help="take back what a restored database lost",
        description="Stores the anomalies of `telemetry.anomalies` that the database "
        "does not have, or not so far, as after a restore from a backup. Run it when "
        "the flows have stored again what is missing.",
    )
    command = commands.add_parser(
        "close",
        help="end anomalies whose parameters will not be heard again",
        description="Ends open anomalies, at the last sample of their parameter. One "
        "that goes on nevertheless is opened again by the flow when it gets worse.",
    )
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--parameter",
        action="append",
        metavar="/SPACECRAFT/SUBSYSTEM/NAME",
        help="the parameter; may be given more than once",
    )
    which.add_argument(
        "--unheard-days",
        type=timespan("days", timedelta(hours=1)),
        metavar="DAYS",
        help="all parameters without a sample (by generation time) for so long",
    )
    return top


def _add_list(commands: Commands) -> None:
    command = commands.add_parser(
        "list",
        help="tell which anomalies are open",
        description="Lists open anomalies by spacecraft, the most severe first: since "
        "when (generation time, UTC), of which parameter, by which detector, the "
        "highest score so far (1 is the threshold), and why.",
    )
    command.add_argument("--spacecraft", metavar="NAME", help="of this spacecraft only")
    command.add_argument(
        "--severity",
        choices=[severity.name for severity in Severity if severity],
        default=Severity.WATCH.name,
        help="of this severity and beyond (default: all, from WATCH on)",
    )


def run(options: argparse.Namespace) -> None:
    """Lists, or closes and says what; raises OrbitwatchError when that fails."""
    settings = Settings.from_environment()
    if options.command == "list":
        least = Severity[options.severity]
        sys.stdout.write(told(read_open(settings, options.spacecraft, least)))
        return
    if options.command == "restore":
        sys.stdout.write(restored_anomalies.told(restored_anomalies.restore(settings)))
        return
    if options.parameter:
        closed = close_of_parameters(settings, options.parameter)
    else:
        closed = close_unheard(settings, datetime.now(UTC) - options.unheard_days)
    for anomaly in closed:
        change = anomaly.change
        since = moment(change.started_us)
        sys.stdout.write(f"{anomaly.name}: {change.severity.name} since {since}\n")
    sys.stdout.write(f"closed: {len(closed)}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 2 for wrong arguments and settings, 1 for what went wrong."""
    options = parser().parse_args(arguments)
    return exit_code(lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
