"""What holds for every test: a clean environment, the services, Hypothesis in CI."""

import os

from hypothesis import settings

pytest_plugins = ["tests.services.fixtures"]

settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")


def pytest_configure() -> None:
    """Forget the caller's settings: tests say themselves which they need."""
    for name in [name for name in os.environ if name.startswith("ORBITWATCH_")]:
        del os.environ[name]
