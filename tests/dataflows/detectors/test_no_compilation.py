"""Nothing is compiled once a module is imported: kernels keep their one signature."""

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import dataflows.detectors
from dataflows.detectors.registry import DETECTORS

NEEDED: dict[str, dict[str, object]] = {
    "rate_of_change": {"highest_per_second": 1.0},
    "impossible_value": {"highest": 1.0},
}


def kernels() -> Iterator[tuple[str, Any]]:
    for module in pkgutil.iter_modules(dataflows.detectors.__path__):
        name = f"dataflows.detectors.{module.name}"
        importlib.import_module(name)
        for key, value in vars(sys.modules[name]).items():
            if isinstance(value, Dispatcher):
                yield f"{module.name}.{key}", value


def compiled() -> dict[str, list[object]]:
    return {name: list(kernel.signatures) for name, kernel in kernels()}


def test_every_kernel_has_one_signature():
    several = [name for name, found in compiled().items() if len(found) != 1]
    assert several == []


@pytest.mark.parametrize("name", DETECTORS)
def test_no_kind_of_input_compiles_anything(name):
    before = compiled()
    detector = DETECTORS[name](**NEEDED.get(name, {}))
    values = np.random.default_rng(1).normal(size=3000)
    times = np.arange(3000) * 1_000_000
    read_only = values.copy()
    read_only.setflags(write=False)
    detector.update(times, values)
    detector.update(times + 3 * 10**9, read_only)
    detector.update(times[::2] + 6 * 10**9, values[::2])
    detector.update(times[:5], values[:5].astype(np.float32))
    detector.update(times[:0], values[:0])
    detector.restore(detector.snapshot())
    detector.begin_epoch()
    detector.learn_one(detector.score_one(1.0))
    assert compiled() == before
    assert not any(kernel._can_compile for _, kernel in kernels())
