"""Prometheus and Alertmanager with the project's own rules and receivers."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from signal import Signals
from typing import Any, Self

import yaml

from tests.services.process import ServerProcess
from tests.services.waiting import HANG_S

PROVISIONING = Path(__file__).parents[2] / "provisioning"
_JSON = {"Content-Type": "application/json"}


def _get(url: str) -> tuple[int, bytes]:
    """Status and body; 0 if nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=HANG_S) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError:
        return 0, b""


class Watcher:
    """A server of the two, in a folder of its own; use it as a context."""

    last_signal = Signals.SIGTERM

    def __init__(self, program: str, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="orbitwatch-prometheus-"))
        self._process: ServerProcess | None = None

    def _arguments(self) -> list[str]:
        raise NotImplementedError

    def __enter__(self) -> Self:
        command = [self._program, *self._arguments()]
        log = self._folder / "log"
        self._process = ServerProcess(command, log, self.last_signal)
        try:
            ready = f"http://{self.address}/-/ready"
            self._process.wait_until(lambda: _get(ready)[0] == 200)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.stop(self.last_signal)
        shutil.rmtree(self._folder)


class Alertmanager(Watcher):
    """Alertmanager as `start.sh` sets it up, with one webhook."""

    def __init__(self, program: str, port: int, webhook_url: str) -> None:
        super().__init__(program, port)
        self._webhook_url = webhook_url

    def _arguments(self) -> list[str]:
        rendered = subprocess.run(
            ["sh", PROVISIONING / "alertmanager" / "start.sh", "--print"],
            env={"PATH": os.environ["PATH"], "ALERT_WEBHOOK_URL": self._webhook_url},
            capture_output=True,
            check=True,
        )
        file = self._folder / "alertmanager.yml"
        file.write_bytes(rendered.stdout)
        return [
            f"--config.file={file}",
            f"--storage.path={self._folder / 'data'}",
            f"--web.listen-address={self.address}",
            "--cluster.listen-address=",
        ]

    def tell(self, *alerts: Mapping[str, str]) -> None:
        """Has alerts with these labels fire, as Prometheus would."""
        body = json.dumps([{"labels": labels} for labels in alerts]).encode()
        request = urllib.request.Request(self._api, body, _JSON)
        urllib.request.urlopen(request, timeout=HANG_S).close()

    def states(self) -> dict[str, str]:
        """What becomes of the alerts that fire, by name: `active` or `suppressed`."""
        status, body = _get(self._api)
        assert status == 200, body
        return {
            alert["labels"]["alertname"]: alert["status"]["state"]
            for alert in json.loads(body)
        }

    @property
    def _api(self) -> str:
        return f"http://{self.address}/api/v2/alerts"


class Prometheus(Watcher):
    """Prometheus with the project's rules, but other targets and more haste.

    Expressions are as they are; what has to last (`for`) lasts a second, and scrapes
    and evaluations come every second.
    """

    def __init__(
        self,
        program: str,
        port: int,
        flows: Mapping[str, int],
        alertmanager: str | None = None,
    ) -> None:
        super().__init__(program, port)
        self._flows, self._alertmanager = flows, alertmanager

    def _arguments(self) -> list[str]:
        (self._folder / "rules").mkdir()
        for rules in (PROVISIONING / "prometheus" / "rules").glob("*.yml"):
            hasty = re.sub(r"^( +for:) \w+$", r"\1 1s", rules.read_text(), flags=re.M)
            (self._folder / "rules" / rules.name).write_text(hasty)
        file = self._folder / "prometheus.yml"
        file.write_text(yaml.safe_dump(self._configuration()))
        return [
            f"--config.file={file}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address={self.address}",
        ]

    def _configuration(self) -> dict[str, Any]:
        text = (PROVISIONING / "prometheus" / "prometheus.yml").read_text("utf-8")
        configuration: dict[str, Any] = yaml.safe_load(text)
        configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        [flows, *_] = configuration["scrape_configs"]
        flows["static_configs"] = [
            {"targets": [f"127.0.0.1:{port}"], "labels": {"system": system}}
            for system, port in self._flows.items()
        ]
        configuration["scrape_configs"] = [flows]
        targets = [self._alertmanager] if self._alertmanager else []
        configuration["alerting"]["alertmanagers"] = [
            {"static_configs": [{"targets": targets}]}
        ]
        return configuration

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The result of an instant query; an error of Prometheus fails."""
        parameters = urllib.parse.urlencode({"query": expression})
        status, body = _get(f"http://{self.address}/api/v1/query?{parameters}")
        assert status == 200, body
        found: list[dict[str, Any]] = json.loads(body)["data"]["result"]
        return found
