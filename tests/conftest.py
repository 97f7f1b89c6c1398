"""What holds for every test: a clean environment, the services, Hypothesis in CI."""

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.services.fixtures"]

# A machine that is busy with something else fails no test.
settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("patient"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "patient")


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
