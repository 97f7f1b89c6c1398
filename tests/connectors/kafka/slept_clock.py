"""A clock that nobody has to wait for."""

from connectors.kafka.pause import Pause


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.slept_s: list[float] = []

    def monotonic_s(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_s += seconds

    def pause(self) -> Pause:
        return Pause(self.monotonic_s, self.sleep)
