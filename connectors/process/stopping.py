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
        self._heard: list[signal.Signals] = []

    def __call__(self) -> bool:
        """Whether somebody asked."""
        return self._asked

    def ask(self) -> None:
        """Asks for an end, as a signal would."""
        self._asked = True

    def listen(self) -> None:
        """Takes the signals over; only the main thread may.

        What goes on under `nohup` is not to end with its terminal.
        """
        for number in self.SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._receive)
                self._heard.append(number)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        self._asked = True
        for other in self._heard:
            signal.signal(other, signal.SIG_DFL)
