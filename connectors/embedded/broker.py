"""A Kafka broker in memory, as a child of this process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from connectors.errors import KafkaUnavailable

CLUSTER = Path(__file__).with_name("mock_cluster.py")


class EmbeddedBroker:
    """librdkafka's mock cluster: a Kafka broker in a child of this process, for a demo.

    It speaks Kafka's protocol on a port of the loopback interface, to any client. What
    it cannot do, all of it measured with librdkafka 2.16:

    - Nothing is on disk: topics and offsets are gone with the child, and that
      ends with us, even if we are killed.
    - A partition holds 5 MB (as sent, so after compression). Beyond that the oldest
      batches vanish without a word, whether they have been read or not, and a reader
      whose next offset has vanished gets OFFSET_OUT_OF_RANGE. A batch of more than
      5 MB vanishes at once, though its delivery is confirmed. So a sender must not run
      far ahead of the readers.
    - Topics cannot be created: the admin API is not answered. A topic appears with
      four partitions, and no settings, when a client first asks for it by name.
    - No TLS, no SASL, no access control, no compaction, no retention by time.

    Headers, timestamps, keys, consumer groups and idempotent producers work.
    """

    def __init__(self, topics: Iterable[str] = ()) -> None:
        self._topics = tuple(topics)
        self._cluster: subprocess.Popen[str] | None = None
        self.address = ""

    def start(self) -> None:
        """Returns when `topics` are there; `address` is what ORBITWATCH_KAFKA is then.

        Raises KafkaUnavailable if the broker does not start.
        """
        self._cluster = subprocess.Popen(  # noqa: S603 - our own file
            [sys.executable, "-P", str(CLUSTER), *self._topics],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Ctrl-C in the terminal is for the owner, who stops us in due course.
            start_new_session=True,
        )
        if self._cluster.stdout is not None:
            self.address = self._cluster.stdout.readline().strip()
        if not self.address:
            _, problem = self._cluster.communicate()
            raise KafkaUnavailable("(embedded)", " ".join(problem.split()))

    def stop(self) -> None:
        """The broker and all it holds are gone. May be repeated."""
        cluster, self._cluster = self._cluster, None
        if cluster is not None:
            cluster.kill()
            cluster.communicate()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
