"""Quix Streams: `apply` on every packet, and its own sink for PostgreSQL."""

from __future__ import annotations

import sys
from typing import Any

from psycopg.conninfo import conninfo_to_dict
from quixstreams import Application  # type: ignore[import-not-found]
from quixstreams.sinks.community.postgresql import (  # type: ignore[import-not-found]
    PostgreSQLSink,
)

from tests.benchmarks.peers.job import COLUMNS, TABLE, Forests, Job

# The default of five seconds would make the run long, and change nothing else.
COMMIT_EVERY_S = 1.0


class CountedSink(PostgreSQLSink):  # type: ignore[misc]
    """The sink as it comes, telling what it wrote."""

    def __init__(self, job: Job, **options: Any) -> None:
        super().__init__(**options)
        self._job = job

    def write(self, batch: Any) -> None:
        """Writes a batch, in one transaction."""
        super().write(batch)
        self._job.stored(batch.size)


def run(job: Job) -> None:
    """Stores everything."""
    address = conninfo_to_dict(job.database)
    sink = CountedSink(
        job,
        host=address["host"],
        port=address["port"],
        dbname=address["dbname"],
        user=address["user"],
        password="",
        table_name=TABLE,
        # The table is there: the sink need not look for new columns in every batch.
        schema_auto_update=False,
        include_metadata=False,
    )
    application = Application(
        broker_address=job.kafka,
        consumer_group=str(address["dbname"]),  # new for every run
        auto_offset_reset="earliest",
        commit_interval=COMMIT_EVERY_S,
        loglevel="WARNING",
    )
    forests = Forests(job)

    def rows(packet: dict[str, Any]) -> list[dict[str, Any]]:
        return [dict(zip(COLUMNS, row, strict=True)) for row in forests.rows(packet)]

    topic = application.topic(job.topic, value_deserializer="json")
    application.dataframe(topic).apply(rows, expand=True).sink(sink)
    application.run(count=job.samples, collect=False)


if __name__ == "__main__":
    run(Job.from_environment())
    sys.exit(0)
