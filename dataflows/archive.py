"""Everything that comes, in Parquet files, for as long as the disk lasts.

python -m bytewax.run dataflows.archive:flow
"""

from __future__ import annotations

from functools import partial

import bytewax.operators as op
from bytewax.dataflow import Dataflow, Stream
from bytewax.operators import KeyedStream

from connectors import topics
from connectors.kafka.archive_source import ArchiveSource
from connectors.kafka.topic_log import check_logs
from connectors.parquet.columns import Batch
from connectors.parquet.sink import ArchiveSink, open_archive
from connectors.start import start_flow

NAME = "archive"
# Everything goes to the one that stores.
KEY = "archive"


def flow() -> Dataflow:
    """The flow between Kafka and the archive that the environment names."""
    run = start_flow(NAME, topics.TELEMETRY, database=False)
    writer = open_archive(run, partial(check_logs, run.settings))
    flow = Dataflow(NAME)
    batches: list[Stream[Batch]] = [
        op.input(
            topic.name.replace(".", "_"),
            flow,
            ArchiveSource(run, topic, writer.stored_in),
        )
        for topic in topics.TELEMETRY
    ]
    merged = op.merge("merge", *batches)
    keyed: KeyedStream[Batch] = op.key_on("key", merged, lambda _: KEY)
    op.output("archive", keyed, ArchiveSink(run, writer))
    return flow
