"""The detector that a page shows keeps the contract that the page speaks of."""

import doctest
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import product
from types import ModuleType
from typing import Any

import pytest

from dataflows.detectors import Detector
from tests.dataflows.detectors import test_contract
from tests.docs.pages import DOCS, blocks
from tests.docs.parts.detectors import section

(CODE,) = [
    block.code
    for block in blocks(DOCS / "add_a_detector.md")
    if block.part == "detector"
]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The module on the page, as if it stood among the detectors."""
    file = tmp_path_factory.mktemp("detector") / "largest_step.py"
    file.write_text(CODE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(file.parent)
        yield import_module(file.stem)
    del sys.modules[file.stem]


def contract() -> Iterator[Any]:
    """Every test of the contract that is not for what learns, with all it is given."""
    every_detector = test_contract.every_detector.mark
    for name, test in vars(test_contract).items():
        marks = getattr(test, "pytestmark", [])
        if every_detector not in marks:
            continue
        others = [mark.args for mark in marks if mark != every_detector]
        for number, values in enumerate(product(*(values for _, values in others))):
            given = dict(zip((names for names, _ in others), values, strict=True))
            yield pytest.param(test, given, id=f"{name} {number}")


@pytest.mark.parametrize(("test", "given"), [*contract()])
def test_it_keeps_the_contract(
    shown: ModuleType, test: Callable[..., None], given: dict[str, Any]
):
    test(make=shown.LargestStep, **given)


def test_its_example_is_right(shown: ModuleType):
    assert doctest.testmod(shown, extraglobs={"np": shown.np}).failed == 0
    assert doctest.testmod(shown).attempted > 1


def test_a_step_beyond_the_largest_is_told_and_explained(shown: ModuleType):
    detector: Detector = shown.LargestStep(largest=2.0)
    scores = detector.update(shown.np.arange(3), shown.np.array([20.0, 21.0, 26.0]))
    assert scores.tolist() == [0.0, 0.5, 2.5]
    assert detector.explain(2).text == "26 is 5 from the value before."


def test_its_settings_make_a_section_as_the_page_says(shown: ModuleType):
    assert "| `largest` | 1.0 | largest step that is expected" in section(
        shown.LargestStep
    )
