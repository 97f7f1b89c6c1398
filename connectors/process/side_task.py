"""Work in a thread of its own, for which one waits in short steps and not for ever.

A call that never returns (a COMMIT whose standby is gone, a folder on a server that is
away) would else keep the process from stopping, and from saying why it stands still.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

STEP_S = 0.2
TELL_AFTER_S = 5.0
TELL_AGAIN_S = 60.0
AFTER_STOP_S = 4.0

Result = TypeVar("Result")

_log = logging.getLogger("orbitwatch")


class SideTask(Generic[Result]):
    """Begins `work` at once, in a thread that keeps no process from ending."""

    def __init__(self, name: str, work: Callable[[], Result]) -> None:
        self._future: Future[Result] = Future()
        self._work = work
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        try:
            self._future.set_result(self._work())
        except BaseException as error:
            self._future.set_exception(error)

    def is_done(self, within_s: float = 0.0) -> bool:
        """Whether it is over, or comes to be within these seconds."""
        try:
            self._future.exception(within_s)
        except TimeoutError:
            return self._future.done()
        return True

    def result(self) -> Result:
        """What the work returned or raised; to be asked for when it is done."""
        return self._future.result(0)


def never() -> bool:
    """Nobody asks to stop."""
    return False


@dataclass(frozen=True, slots=True)
class Bound:
    """How long something is waited for, by the monotonic clock.

    `what` says in the log what it is. Once `should_stop()` holds, `after_stop_s` are
    left. `at_step(late)` is called about five times a second; late is what takes so
    long that the log tells of it.
    """

    what: str
    longest_s: float
    should_stop: Callable[[], bool] = never
    at_step: Callable[[bool], None] = lambda _: None
    after_stop_s: float = AFTER_STOP_S


def wait_for(task: SideTask[Result], bound: Bound) -> bool:
    """Whether the task came to its end in time; the log tells of what takes long."""
    since = datetime.now(UTC)
    began_s = time.monotonic()
    until_s, tell_at_s = began_s + bound.longest_s, began_s + TELL_AFTER_S
    stopping = late = False
    while not task.is_done(STEP_S):
        now_s = time.monotonic()
        if bound.should_stop() and not stopping:
            stopping, until_s = True, min(until_s, now_s + bound.after_stop_s)
        if now_s >= until_s:
            return False
        if now_s >= tell_at_s:
            late, tell_at_s = True, now_s + TELL_AGAIN_S
            _log.warning(
                "waiting for %s since %s", bound.what, since.strftime("%H:%M:%SZ")
            )
        bound.at_step(late)
    if late:
        waited_s = time.monotonic() - began_s
        _log.info("%s: done after %.0f s", bound.what, waited_s)
    return True
