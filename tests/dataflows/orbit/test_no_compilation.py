"""Nothing is compiled once a module is imported: kernels keep their one signature."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

from dataflows.orbit import ground_track_kernel, view_kernel
from dataflows.orbit.propagation import Ephemeris
from dataflows.orbit.tracker import SatelliteTracker
from tests.dataflows.orbit.conftest import PARIS, STATIONS, positions

Kernels = dict[str, Any]


def kernels(module: ModuleType) -> Kernels:
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, Dispatcher)
    }


@pytest.mark.parametrize("module", [ground_track_kernel, view_kernel])
def test_every_kernel_has_one_signature_and_takes_no_other(
    module: ModuleType, iss: Ephemeris
):
    found = kernels(module)
    before = {name: list(kernel.signatures) for name, kernel in found.items()}
    assert {len(signatures) for signatures in before.values()} == {1}
    tracker = SatelliteTracker([PARIS], STATIONS, iss)
    times_us, values = positions(iss, iss.epoch_us, 1200)
    tracker.update(times_us, values)
    tracker.update(
        times_us[::2], {k: v[::2].astype(np.float32) for k, v in values.items()}
    )
    tracker.update(times_us[:0], {})
    tracker.restore(tracker.snapshot())
    after = {name: list(kernel.signatures) for name, kernel in found.items()}
    assert after == before
    assert not any(kernel._can_compile for kernel in found.values())
