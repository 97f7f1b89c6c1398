"""Whether Kafka answers, told in few lines.

librdkafka tells of each attempt to reach a broker that fails, twice, and many times a
second; and never that it succeeded.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Final

from connectors.errors import one_line

TELL_EVERY_S: Final = 60.0
# What librdkafka calls its lines on connections and on requests without an answer.
ABOUT_CONNECTIONS: Final = frozenset({"FAIL", "ERROR", "REQTMOUT"})

_log = logging.getLogger("orbitwatch.kafka")
_client_log = logging.getLogger("orbitwatch.librdkafka")


class Reachability:
    """Tells when Kafka stops to answer, once a minute that it is away, and its return.

    Who asks Kafka for something reports with `answers`; what clients say of their
    attempts (`failed`) is the reason that is told. Before Kafka answered for the first
    time nothing is told: who waits for that fails with an error of its own, which can
    quote `problem`. Any thread may report.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._answered = False
        self._unanswered: set[str] = set()
        self._since_s: float | None = None  # the first failure since the last answer
        self._failures = 0
        self._is_told = False
        self._next_line_s = -TELL_EVERY_S
        self.problem = ""
        """What a client said last of an attempt that failed; may be nothing."""

    def failed(self, problem: str) -> None:
        """A client could not reach a broker, or got no answer in time."""
        with self._lock:
            self.problem = one_line(problem)
            self._failures += 1
            if self._since_s is None:
                self._since_s = self._clock_s()

    def answers(self, whom: str, works: bool) -> None:
        """Kafka did, or did not, answer what was asked for `whom` (a topic)."""
        with self._lock:
            if works:
                self._unanswered.discard(whom)
                self._answered = True
            else:
                self._unanswered.add(whom)
            if not self._answered:
                return
            if self._unanswered:
                self._tell_away()
            elif self._since_s is not None:
                self._tell_back(self._since_s)

    def _tell_away(self) -> None:
        now_s = self._clock_s()
        if self._since_s is None:
            self._since_s = now_s
        if now_s < self._next_line_s:
            return
        self._next_line_s = now_s + TELL_EVERY_S
        reason = f": {self.problem}" if self.problem else ""
        if self._is_told:
            _log.warning(
                "Kafka has not answered for %.0f s%s", now_s - self._since_s, reason
            )
        else:
            _log.warning("Kafka does not answer, trying again%s", reason)
        self._is_told = True

    def _tell_back(self, since_s: float) -> None:
        now_s = self._clock_s()
        if self._is_told:
            _log.warning("Kafka answers again after %.0f s", now_s - since_s)
        elif now_s >= self._next_line_s:
            self._next_line_s = now_s + TELL_EVERY_S
            _log.warning(
                "Kafka answers, but attempts to reach a broker failed (%d), the last: "
                "%s",
                *(self._failures, self.problem),
            )
        elif self._failures:
            return  # for the line of the next minute
        self._is_told, self._since_s, self._failures = False, None, 0


_known: defaultdict[str, Reachability] = defaultdict(Reachability)


def reachability_of(addresses: str) -> Reachability:
    """What this process knows of the Kafka at these addresses."""
    return _known[addresses]


class ClientLog:
    """What a Kafka client is given as its log.

    Lines on connections are left to Reachability. Of other warnings, one a minute of
    each kind is shown.
    """

    def __init__(
        self, kafka: Reachability, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._kafka, self._clock_s = kafka, clock_s
        self._next_s: dict[str, float] = {}

    def log(self, level: int, form: str, kind: str, client: str, text: str) -> None:
        """Takes a line as librdkafka tells it: its kind, the client's name, a text."""
        if kind in ABOUT_CONNECTIONS:
            # A connection that was idle is closed in good order, as information.
            if level >= logging.WARNING:
                self._kafka.failed(text.partition("]: ")[2] or text)
            return
        now_s = self._clock_s()
        if level >= logging.WARNING:
            if now_s < self._next_s.get(kind, now_s):
                return
            self._next_s[kind] = now_s + TELL_EVERY_S
        _client_log.log(level, form, kind, client, one_line(text))
