"""A request to stop, by a call or by a signal, which leaves time for the last words."""

from __future__ import annotations

import signal
from types import FrameType


class StopRequest:
    """Made by `ask`, or by SIGINT, SIGTERM or SIGHUP once it listens to them.

    Calling it says whether it was made. A second signal ends the process at once.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._asked = False

    def __call__(self) -> bool:
        """Whether somebody asked."""
        return self._asked

    def ask(self) -> None:
        """Asks for an end, as a signal would."""
        self._asked = True

    def listen(self) -> None:
        """Takes the signals over; only the main thread may."""
        for number in self.SIGNALS:
            signal.signal(number, self._receive)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        self._asked = True
        for other in self.SIGNALS:
            signal.signal(other, signal.SIG_DFL)
