"""What operators carry: it takes the alerts that Alertmanager sends."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from typing import Any

import pytest

from tests.services.waiting import HANG_S


class Webhook:
    """The operators' pager: keeps the alerts that Alertmanager sends."""

    def __init__(self) -> None:
        alerts = self._alerts = Queue[dict[str, Any]]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                for alert in json.loads(body)["alerts"]:
                    alerts.put(alert)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> "Webhook":
        threading.Thread(target=self._server.serve_forever).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, alert: str) -> dict[str, Any]:
        """The next firing alert of that name."""
        others = set[str]()
        while True:
            try:
                got = self._alerts.get(timeout=HANG_S)
            except Empty:
                pytest.fail(f"{alert} never came, but {others}")
            name = got["labels"]["alertname"]
            if name == alert and got["status"] == "firing":
                return got
            others.add(name)
