"""`/healthz` and `/readyz`: whether a flow lives, and whether it gets work done.

Alive: the flow's loop turned, or its database was retried, in the last 30 seconds.
Ready: besides, all topics are being read, and the database took the last transaction.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import msgspec

STUCK_AFTER_S = 30.0


class Health:
    """What the steps report of themselves; any thread may ask."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._last_turn_s = clock_s()
        self._unread: frozenset[str] = frozenset()
        self._database_works = False

    def turned(self) -> None:
        """The loop came round (or waits for the database, and knows it)."""
        self._last_turn_s = self._clock_s()

    def reading(self, topic: str, works: bool) -> None:
        """A topic's source has its partitions and the broker answers, or not (yet)."""
        self._unread = self._unread - {topic} if works else self._unread | {topic}
        self.turned()

    def database(self, works: bool) -> None:
        """The database took a transaction, or did not."""
        self._database_works = works
        self.turned()

    def problems(self) -> list[str]:
        """What keeps the process from being alive; nothing if all is well."""
        silent_s = self._clock_s() - self._last_turn_s
        if silent_s > STUCK_AFTER_S:
            return [f"the flow has not moved for {silent_s:.0f} s"]
        return []

    def hindrances(self) -> list[str]:
        """What keeps the process from being ready."""
        found = self.problems()
        if self._unread:
            found.append(f"not being read: {', '.join(sorted(self._unread))}")
        if not self._database_works:
            found.append("the database does not take data")
        return found


def health_pages(health: Health) -> type[BaseHTTPRequestHandler]:
    """What answers probes: 200 if all is well, else 503, and the reasons."""
    answers = {"/healthz": health.problems, "/readyz": health.hindrances}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            problems_of = answers.get(self.path)
            if problems_of is None:
                self.send_error(404)
                return
            problems = problems_of()
            body = msgspec.json.encode({"ok": not problems, "problems": problems})
            self.send_response(503 if problems else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Health probes are not news."""

    return Handler
