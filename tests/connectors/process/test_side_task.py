"""What is waited for ends, or the wait does, and the log says what it is."""

import threading
import time
from collections.abc import Iterator

import pytest

from connectors.process.side_task import Bound, SideTask, wait_for
from tests.services.waiting import HANG_S


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What tasks of these tests wait for; open at the end, so that no thread stays."""
    event = threading.Event()
    yield event
    event.set()


def test_what_the_work_returns_or_raises_is_the_result():
    good, bad = SideTask("good", lambda: 7), SideTask("bad", lambda: 1 // 0)
    for task in (good, bad):
        assert wait_for(task, Bound("a sum", HANG_S))
    assert good.result() == 7
    with pytest.raises(ZeroDivisionError):
        bad.result()


def test_work_that_raises_a_timeout_of_its_own_is_done():
    def work() -> None:
        raise TimeoutError("of the work")

    task = SideTask("work", work)
    assert wait_for(task, Bound("work", HANG_S))
    with pytest.raises(TimeoutError, match="of the work"):
        task.result()


def test_a_wait_has_an_end_although_the_work_has_none(gate: threading.Event):
    task = SideTask("stuck", gate.wait)
    began_s = time.monotonic()
    assert not wait_for(task, Bound("a gate", 0.5))
    assert 0.5 <= time.monotonic() - began_s < HANG_S
    assert not task.is_done()


def test_a_process_told_to_stop_waits_for_a_moment_only(gate: threading.Event):
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    task = SideTask("stuck", gate.wait)
    bound = Bound("a gate", 86_400, stop.is_set, after_stop_s=0.5)
    began_s = time.monotonic()
    assert not wait_for(task, bound)
    assert 0.5 <= time.monotonic() - began_s < HANG_S


def test_what_ends_in_the_moment_after_the_request_counts(gate: threading.Event):
    task = SideTask("slow", gate.wait)
    threading.Timer(0.5, gate.set).start()
    assert wait_for(task, Bound("a gate", 86_400, lambda: True, after_stop_s=HANG_S))
    assert task.result()


def test_what_takes_long_is_told_with_since_when_and_so_is_its_end(
    gate: threading.Event, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO")
    steps: list[bool] = []

    def at_step(late: bool) -> None:
        steps.append(late)
        if late:
            gate.set()

    task = SideTask("slow", gate.wait)
    assert wait_for(task, Bound("a gate to open", HANG_S, at_step=at_step))
    assert steps[0] is False
    assert steps[-1] is True
    first, last = (record.getMessage() for record in caplog.records)
    assert first.startswith("waiting for a gate to open since ")
    assert last.startswith("a gate to open: done after ")
