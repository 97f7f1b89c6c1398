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
from pathlib import Path
from typing import Any, NoReturn, Self

from tests.end_to_end.flow_process import free_port, wait_until
from tests.services.process import UnavailableError

CONFIGURATION = """
scrape_configs:
  - job_name: orbitwatch
    scrape_interval: 500ms
    scrape_timeout: 500ms
    file_sd_configs: [{files: [%s], refresh_interval: 1s}]
"""


def missing_prometheus() -> NoReturn:
    """Raises UnavailableError."""
    raise UnavailableError("there is no `prometheus` (Debian's package)")


class Prometheus:
    """A server of its own; use it as a context.

    Raises:
        UnavailableError: there is no `prometheus`.
    """

    def __init__(self, scraped_port: int) -> None:
        self._program = shutil.which("prometheus") or missing_prometheus()
        self._port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="orbitwatch-prometheus-"))
        self._targets = self._folder / "targets.json"
        self._scraped: list[str] = []
        self._server: subprocess.Popen[bytes] | None = None
        self.scrape(scraped_port)

    def scrape(self, port: int) -> None:
        """Has another flow scraped too, some seconds later."""
        self._scraped.append(f"127.0.0.1:{port}")
        changed = self._targets.with_suffix(".new")
        changed.write_text(json.dumps([{"targets": self._scraped}]))
        changed.rename(self._targets)

    def series(self, expression: str, at_s: float | None = None) -> list[Any]:
        """What an expression gives at a time (now by default), a series each."""
        asked = {"query": expression, "time": at_s or time.time()}
        query = urllib.parse.urlencode(asked)
        answer = self._get(f"api/v1/query?{query}")
        assert answer["status"] == "success", answer
        found: list[Any] = answer["data"]["result"]
        return found

    def history(self, expression: str, until_s: float) -> list[Any]:
        """What an expression gave in the last 30 s before a time, twice a second."""
        asked = {
            "query": expression,
            "start": until_s - 30,
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
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return json.load(error)

    def is_ready(self) -> bool:
        """Whether a flow was scraped once."""
        time.sleep(0.1)
        try:
            return bool(self.series("up == 1"))
        except (OSError, ValueError):
            return False

    def wait_for(self, expression: str, value: float) -> None:
        """Returns once an expression has at least this value."""

        def reached() -> bool:
            time.sleep(0.1)
            found = self.series(expression)
            return any(float(one["value"][1]) >= value for one in found)

        wait_until(reached, f"{expression} of {value}")

    def __enter__(self) -> Self:
        configuration = self._folder / "prometheus.yml"
        configuration.write_text(CONFIGURATION % self._targets)
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
            self._server.wait(30)
        shutil.rmtree(self._folder)
