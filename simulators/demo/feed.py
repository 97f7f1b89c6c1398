"""A system's telemetry in the demo: a thread plays it, never far ahead of the flow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Thread

from connectors.database.overview import StoredParameter
from connectors.decode.rows import SEQUENCE
from connectors.errors import OrbitwatchError
from connectors.messages.samples import ParameterName
from connectors.messages.wire import Packet
from connectors.process.stopping import StopRequest
from connectors.recordings.truth import Injected
from connectors.settings import Settings
from simulators.demo.telemetry import Telemetry
from simulators.faults import FaultInjector, inject
from simulators.feed import Feed
from simulators.replay import replay, wait
from simulators.truth import TruthFile

# The embedded broker forgets what it has no room for, read or not. This many samples
# are about a megabyte; a partition holds five.
MOST_SAMPLES_AHEAD = 60_000


class DemoFeed:
    """Plays a system's telemetry, with faults if it has any, until told to end.

    Somebody has to call `count` now and then; `error` is what went wrong. The faults
    that are over are in `faults`, and are written to `truth`.
    """

    def __init__(
        self, settings: Settings, telemetry: Telemetry, seed: int, truth: Path
    ) -> None:
        self.system, self.late, self.truth = telemetry.system, telemetry.late, truth
        self.stored = 0
        self.error: OrbitwatchError | None = None
        self.faults: list[Injected] = []
        self._feed = Feed(settings, telemetry.play.topic)
        self._play, self._seed = telemetry.play, seed
        self._names: set[str] = set()
        self._stop = StopRequest()
        self._thread = Thread(target=self._run, name=self.system, daemon=True)

    @property
    def sent(self) -> int:
        """How many samples were sent so far."""
        return self._feed.samples

    def count(self, stored: Sequence[StoredParameter]) -> None:
        """Brings `stored` up to date; what the flow derived itself does not count."""
        self.stored = sum(
            each.samples for each in stored if each.qualified_name in self._names
        )

    def start(self) -> None:
        """Begins to play."""
        self._thread.start()

    def ask_to_end(self) -> None:
        """Has it end before long."""
        self._stop.ask()

    def wait_for_end(self) -> None:
        """Returns when all that was sent has arrived; raises what went wrong."""
        self._thread.join()
        self.check()

    def check(self) -> None:
        """Raises what went wrong."""
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        try:
            with ExitStack() as stack:
                packets = self._hold(self._play.packets)
                if self.late is not None:
                    truth = stack.enter_context(TruthFile(self.truth))
                    injector = FaultInjector(
                        self._seed, partial(self._record, truth), self._play.plan
                    )
                    packets = inject(packets, injector)
                replay(packets, self._feed, self._play.pacer, self._stop)
        except OrbitwatchError as error:
            self.error = error

    def _record(self, truth: TruthFile, fault: Injected) -> None:
        self.faults.append(fault)
        truth.record(fault)

    def _hold(self, packets: Iterator[Packet]) -> Iterator[Packet]:
        """The packets, but not while the flow is too far behind."""
        for packet in packets:
            while self.sent - self.stored > MOST_SAMPLES_AHEAD:
                if self._stop():
                    return
                wait(0.05, self._stop)
            self._names |= qualified_names(packet)
            yield packet


def qualified_names(packet: Packet) -> set[str]:
    """What the database calls the parameters of a packet, its sequence among them."""
    names = [*packet.values]
    if packet.sequence is not None:
        names.append(SEQUENCE)
    vehicle = packet.spacecraft, packet.subsystem or ""
    return {str(ParameterName(*vehicle, name)) for name in names}
