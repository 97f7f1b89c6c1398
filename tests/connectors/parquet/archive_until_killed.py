"""Archives made-up batches for ever: `python -m ... FOLDER`; the tests kill it."""

import sys

import numpy as np

from connectors.messages.polls import UNNAMED
from connectors.parquet.storage import Storage
from connectors.parquet.writer import ArchiveWriter, Roll
from tests.connectors.parquet.archiving import START_US, TOPIC, batch

SAMPLES = 500


def times_us(first: int, count: int) -> list[int]:
    """When the samples of these offsets were made: over some days, out of order."""
    offsets = np.arange(first, first + count)
    return [int(time) for time in START_US + offsets * 7_919_000_003 % 300_000_000_000]


def main(folder: str) -> None:
    made = ArchiveWriter(Storage.at(folder), "all", Roll(megabytes=0.04, seconds=60))
    made.open()
    at = made.positions.get((UNNAMED, TOPIC, 0))
    # It begins too early, and its cuts differ from life to life.
    first = max(at.next_offset - 77, 0) if at else 0
    while True:
        made.write(batch(first, times_us(first, SAMPLES)))
        first += SAMPLES
        sys.stdout.write(".")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
