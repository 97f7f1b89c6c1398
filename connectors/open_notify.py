"""Where the ISS is now, asked of Open Notify over HTTP, again and again.

The service is asked at a steady pace, and less and less often while it fails: waits
double up to a minute, and where it says how long to stay away (429 and 503 with
Retry-After), that is kept to. A position that was told before is not told again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

import msgspec

from connectors.errors import OpenNotifyUnavailable
from connectors.messages.times import moment
from connectors.messages.wire import Packet

SPACECRAFT = "ISS"
SUBSYSTEM = "orbit"
SHORTEST_INTERVAL_S = 1.0
LONGEST_BACKOFF_S = 60.0
# Asked to stay away for longer, one looks again all the same: it may be a mistake.
LONGEST_RETRY_AFTER_S = 3600.0
LARGEST_BODY_BYTES = 65_536


class _Position(msgspec.Struct):
    latitude: float
    longitude: float


class _Answer(msgspec.Struct):
    timestamp: int
    iss_position: _Position


class OpenNotify:
    """Asks one address for the position of the ISS.

    `timeout_s` is how long it may be silent, and twice that an answer may take.
    """

    def __init__(self, url: str, timeout_s: float = 5.0) -> None:
        self._url, self._timeout_s = url, timeout_s

    def position(self) -> Packet:
        """The position, as the service tells it now.

        Raises OpenNotifyUnavailable if it does not, whatever the reason.
        """
        try:
            answer = msgspec.json.decode(self._body(), type=_Answer, strict=False)
            at = moment(answer.timestamp * 1_000_000)
        except (msgspec.DecodeError, UnicodeDecodeError, OverflowError) as error:
            problem = f"the answer is not a position: {error}"
            raise OpenNotifyUnavailable(self._url, problem) from None
        except (OSError, HTTPException) as error:
            problem = str(error) or type(error).__name__
            raise OpenNotifyUnavailable(self._url, problem) from None
        told = answer.iss_position
        values: dict[str, float | None] = {
            "latitude": told.latitude,
            "longitude": told.longitude,
        }
        return Packet(
            spacecraft=SPACECRAFT,
            subsystem=SUBSYSTEM,
            generation_time=at,
            values=values,
        )

    def _body(self) -> bytes:
        parts = urlsplit(self._url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        deadline_s = time.monotonic() + self._timeout_s
        connection = kind(parts.netloc, timeout=self._timeout_s)
        try:
            path = parts.path or "/"
            target = f"{path}?{parts.query}" if parts.query else path
            connection.request("GET", target, headers={"User-Agent": "orbitwatch"})
            with connection.getresponse() as response:
                if response.status != 200:
                    raise OpenNotifyUnavailable(
                        self._url,
                        f"it answers {response.status} {response.reason}",
                        _retry_after_s(response.getheader("Retry-After")),
                    )
                return self._whole(response, deadline_s)
        finally:
            connection.close()

    def _whole(self, response: HTTPResponse, deadline_s: float) -> bytes:
        """The body, unless it comes too slowly, has no end or is cut short."""
        body = b""
        while piece := response.read1(LARGEST_BODY_BYTES):
            body += piece
            # The timeout of a connection is one for each piece.
            if time.monotonic() > deadline_s:
                raise TimeoutError("timed out")
            if len(body) > LARGEST_BODY_BYTES:
                raise OpenNotifyUnavailable(self._url, "the answer does not end")
        if response.length:
            raise OpenNotifyUnavailable(self._url, "the answer is cut short")
        return body


def positions(
    service: OpenNotify,
    interval_s: float,
    wait: Callable[[float], None],
    stopped: Callable[[], bool],
    tell: Callable[[str], None],
) -> Iterator[Packet]:
    """Packets with new positions, until `stopped`; `tell` gets each new problem."""
    interval_s = max(interval_s, SHORTEST_INTERVAL_S)
    newest: datetime | None = None
    failures, problem = 0, ""
    while not stopped():
        asked_s = time.monotonic()
        try:
            packet = service.position()
        except OpenNotifyUnavailable as error:
            failures += 1
            if str(error) != problem:
                problem = str(error)
                tell(problem)
            wait(max(interval_s, _backoff_s(failures, error.retry_after_s)))
            continue
        failures, problem = 0, ""
        if newest is None or packet.generation_time > newest:
            newest = packet.generation_time
            yield packet
        wait(max(0.0, asked_s + interval_s - time.monotonic()))


def _backoff_s(failures: int, retry_after_s: float | None) -> float:
    if retry_after_s is not None:
        return min(retry_after_s, LONGEST_RETRY_AFTER_S)
    return float(min(2.0 ** min(failures - 1, 30), LONGEST_BACKOFF_S))


def _retry_after_s(header: str | None) -> float | None:
    """Seconds to stay away, which the header tells, or a time; None: neither."""
    if header is None:
        return None
    if header.isascii() and header.isdigit():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    if until.tzinfo is None:
        return None
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
