"""What of telemetry is refused, in the log: the first of each kind, then counts."""

from __future__ import annotations

import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Hashable

from connectors.decode.refusals import Fault
from connectors.messages.polls import DeadLetter

COUNT_AFTER_S = 60.0
# Producers and keys may be invented; what is beyond is only counted.
MOST_TOLD = 200
LONGEST_KEY = 80
SEARCHED_BYTES = 4_096

_SPACECRAFT = re.compile(rb'"spacecraft"\s*:\s*"([^"]+)"')

_log = logging.getLogger("orbitwatch.telemetry")


class RefusalLog:
    """Tells of refused messages and of values left out, each kind once by name.

    What recurs is counted, and the counts are told once a minute at most.
    """

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._told: set[Hashable] = set()
        self._refused: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._since_s = monotonic_s()

    def refused(self, letter: DeadLetter) -> None:
        """Takes in a message that goes to the dead letters."""
        producer = _producer(letter)
        if self._is_first((letter.reason, producer)):
            _log.warning(
                "refused (%s): %s[%d] offset %d, %s: %s; it is in the dead letters",
                *(letter.reason, letter.topic, letter.partition, letter.offset),
                *(producer, letter.detail),
            )
        else:
            self._count(self._refused, letter.reason, 1)

    def fault(self, fault: Fault, meaning: str) -> None:
        """Takes in values that are left out or rounded; the message is used."""
        if self._is_first((fault.reason, fault.key)):
            _log.warning("%s is %s; the rest is used", fault.key, meaning)
        else:
            self._count(self._faults, fault.reason, fault.values)

    def look(self) -> None:
        """Tells the counts when it is time; to be called now and then."""
        if not (self._refused or self._faults):
            return
        since_s = self._monotonic_s() - self._since_s
        if since_s < COUNT_AFTER_S:
            return
        for what, counts in (
            ("messages refused", self._refused),
            ("values left out or rounded", self._faults),
        ):
            if counts:
                listed = ", ".join(f"{n} {reason}" for reason, n in counts.items())
                _log.warning("%s in the last %.0f s: %s", what, since_s, listed)
                counts.clear()

    def _is_first(self, kind: Hashable) -> bool:
        if kind in self._told or len(self._told) >= MOST_TOLD:
            return False
        self._told.add(kind)
        return True

    def _count(self, counts: Counter[str], reason: str, number: int) -> None:
        if not (self._refused or self._faults):
            self._since_s = self._monotonic_s()
        counts[reason] += number


def _producer(letter: DeadLetter) -> str:
    """The key, or else the spacecraft, if that can be found."""
    if letter.key is not None:
        return f"key {_text(letter.key)}"
    found = _SPACECRAFT.search((letter.value or b"")[:SEARCHED_BYTES])
    return f"spacecraft {_text(found[1])}" if found else "without a key"


def _text(text: bytes) -> str:
    told = text[:LONGEST_KEY].decode(errors="replace")
    return told if told.isprintable() else repr(told)
