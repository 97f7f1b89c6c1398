"""A Prometheus that scrapes flows, twice a second."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, Self

from tests.services.ports import free_port
from tests.services.process import UnavailableError
from tests.services.waiting import HANG_S, wait_until

CONFIGURATION = """
scrape_configs:
  - job_name: orbitwatch
    scrape_interval: 500ms
    scrape_timeout: 500ms
    static_configs:
"""
TARGET = """
      - targets: ["127.0.0.1:{port}"]
        labels: {{instance: "{system}:3030", system: "{system}"}}
"""


def missing_prometheus() -> NoReturn:
    """Raises UnavailableError."""
    raise UnavailableError("there is no `prometheus` (Debian's package)")


class Prometheus:
    """A server of its own; use it as a context.

    `scraped` are the ports of flows, by their systems.

    Raises:
        UnavailableError: there is no `prometheus`.
    """

    def __init__(self, scraped: Mapping[str, int]) -> None:
        self._program = shutil.which("prometheus") or missing_prometheus()
        self._scraped = scraped
        self._port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="orbitwatch-prometheus-"))
        self._server: subprocess.Popen[bytes] | None = None

    def series(self, expression: str, at_s: float | None = None) -> list[Any]:
        """What an expression gives at a time (now by default), a series each."""
        asked = {"query": expression, "time": at_s or time.time()}
        query = urllib.parse.urlencode(asked)
        answer = self._get(f"api/v1/query?{query}")
        assert answer["status"] == "success", answer
        found: list[Any] = answer["data"]["result"]
        return found

    def history(
        self, expression: str, until_s: float, length_s: float = 30
    ) -> list[Any]:
        """What an expression gave for so long before a time, twice a second."""
        asked = {
            "query": expression,
            "start": until_s - length_s,
            "end": until_s,
            "step": "500ms",
        }
        answer = self._get(f"api/v1/query_range?{urllib.parse.urlencode(asked)}")
        assert answer["status"] == "success", answer
        found: list[Any] = answer["data"]["result"]
        return found

    def _get(self, path: str) -> Any:
        url = f"http://127.0.0.1:{self._port}/{path}"
        try:
            with urllib.request.urlopen(url, timeout=HANG_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return json.load(error)

    def is_ready(self) -> bool:
        """Whether every flow was scraped once."""
        time.sleep(0.1)
        try:
            return len(self.series("up == 1")) == len(self._scraped)
        except (OSError, ValueError):
            return False

    def wait_for(self, expression: str, value: float) -> None:
        """Returns once an expression has at least this value."""

        def reached() -> bool:
            time.sleep(0.1)
            found = self.series(expression)
            return any(float(one["value"][1]) >= value for one in found)

        wait_until(reached, f"{expression} of {value}")

    def looked_at(self) -> float:
        """Returns a time at which it had a good and fresh look at every flow.

        A flow that answers too late is gone, for Prometheus, until the next scrape.
        """
        at_s = 0.0

        def is_good() -> bool:
            nonlocal at_s
            at_s = time.time()
            # What was scraped at that time is known once there is a later scrape.
            self.wait_for(f"min(timestamp(up)) > {at_s}", 0)
            up = self.series("count_over_time(up[10s]) > 1 and up == 1", at_s)
            return len(up) == len(self._scraped)

        wait_until(is_good, "a good look at every flow")
        return at_s

    def __enter__(self) -> Self:
        configuration = self._folder / "prometheus.yml"
        targets = [
            TARGET.format(system=system, port=port)
            for system, port in self._scraped.items()
        ]
        configuration.write_text("".join([CONFIGURATION, *targets]))
        with (self._folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                [
                    self._program,
                    f"--config.file={configuration}",
                    f"--storage.tsdb.path={self._folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self._port}",
                ],
                stdout=log,
                stderr=log,
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.wait(HANG_S)
        shutil.rmtree(self._folder)
