"""What holds for every test: a clean environment, the services, Hypothesis in CI."""

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

pytest_plugins = ["tests.services.fixtures"]

settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Simulators keep the log down; the next test may want to see it."""
    log = logging.getLogger("orbitwatch")
    before = log.level
    yield
    log.setLevel(before)


def pytest_configure() -> None:
    """Forget the caller's settings: tests say themselves which they need."""
    for name in [name for name in os.environ if name.startswith("ORBITWATCH_")]:
        del os.environ[name]
