"""Waiting for what another process or thread does, which may take long."""

import time
from collections.abc import Callable

# Guards against hanging only: no test measures time.
HANG_S = 90


def wait_until(done: Callable[[], object], what: str) -> None:
    """Returns once `done()` is true; fails if that never comes."""
    deadline_s = time.monotonic() + HANG_S
    while not done():
        assert time.monotonic() < deadline_s, f"never came: {what}"
        time.sleep(0.01)
