"""The demo's spacecraft: a thread that plays it, never too far ahead of the flow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

from connectors import topics
from connectors.errors import OrbitwatchError
from connectors.messages import Packet
from connectors.settings import Settings
from connectors.stopping import StopRequest
from simulators.faults import FaultInjector, FaultPlan, inject
from simulators.feed import Feed
from simulators.pacing import Pacer
from simulators.replay import replay, wait
from simulators.spacecraft import PARAMETERS, SUBSYSTEMS, Timing, synthetic_packets
from simulators.truth import TruthFile

SAMPLES_HZ = 150.0
FAULTS = 30
LONGEST_GAP_SAMPLES = 8000
# The embedded broker forgets what it has no room for, read or not. This many samples
# are about a megabyte; a partition holds five.
MOST_SAMPLES_AHEAD = 60_000


class DemoFeed:
    """Plays the synthetic spacecraft with faults until it is told to end.

    Somebody has to keep `stored` up to date, the number of samples the flow has dealt
    with; `error` is what went wrong.
    """

    def __init__(
        self, settings: Settings, truth: Path, seed: int, seconds: int
    ) -> None:
        self.stored = 0
        self.error: OrbitwatchError | None = None
        self._feed = Feed(settings, topics.SPACECRAFT)
        self._truth, self._seed, self._seconds = truth, seed, seconds
        self._stop = StopRequest()
        self._thread = Thread(target=self._play, name="feed", daemon=True)

    @property
    def sent(self) -> int:
        """How many samples were sent so far."""
        return self._feed.samples

    def start(self) -> None:
        """Begins to play."""
        self._thread.start()

    def end(self) -> None:
        """Returns when all that was sent has arrived; raises what went wrong."""
        self._stop.ask()
        self._thread.join()
        if self.error is not None:
            raise self.error

    def _play(self) -> None:
        with TruthFile(self._truth) as truth:
            plan = fault_plan(self._seconds)
            injector = FaultInjector(self._seed, truth.record, plan)
            packets = self._hold(synthetic_packets(self._seed, Timing()))
            pacer = Pacer(SAMPLES_HZ * SUBSYSTEMS)
            try:
                replay(inject(packets, injector), self._feed, pacer, self._stop)
            except OrbitwatchError as error:
                self.error = error

    def _hold(self, packets: Iterator[Packet]) -> Iterator[Packet]:
        """The packets, but not while the flow is too far behind."""
        for packet in packets:
            while self.sent - self.stored > MOST_SAMPLES_AHEAD:
                if self._stop():
                    return
                wait(0.05, self._stop)
            yield packet


def fault_plan(seconds: int) -> FaultPlan:
    """Some FAULTS faults in the time there is."""
    samples = int(SAMPLES_HZ * seconds)
    warm_up = min(1000, samples // 2)
    gap = PARAMETERS * (samples - warm_up) // FAULTS
    return FaultPlan(warm_up, min(LONGEST_GAP_SAMPLES, max(gap, 300)))
