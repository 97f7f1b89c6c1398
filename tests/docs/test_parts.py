"""What pages have from the code is as the code has it."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from dataflows.detectors.registry import DETECTORS
from dataflows.detectors.rule_detector import RuleDetector
from tests.docs.pages import DOCS, PAGES, inline_code, name_of
from tests.docs.parts import FROM_A_DATABASE, GENERATED, rewritten
from tests.docs.parts.detectors import LEARNS
from tests.docs.parts.relations import relations
from tests.docs.pictures import FOLDER, PICTURES
from tests.end_to_end.flow_process import run_module

every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)
TEXTS = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


@every_page
def test_the_generated_parts_are_up_to_date(page: Path):
    text = page.read_text(encoding="utf-8")
    assert rewritten(text, GENERATED) == text, "run `make docs-parts`"


def test_the_tables_of_the_database_are_those_that_pages_tell_of(database: str):
    run_module("connectors.migrate", ORBITWATCH_DATABASE=database)
    parts = {
        name: partial(generate, database) for name, generate in FROM_A_DATABASE.items()
    }
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert rewritten(text, parts) == text, "run `make docs-parts`"
    named = set(inline_code((DOCS / "tables.md").read_text().partition("## All")[0]))
    assert set(re.findall(r"^\| `(\w+)`", relations(database), re.M)) <= named


@pytest.mark.parametrize("name", [*GENERATED, *FROM_A_DATABASE])
def test_every_part_that_can_be_generated_stands_on_a_page(name: str):
    assert f"<!-- {name}: begin -->\n" in TEXTS
    assert f"<!-- {name}: end -->" in TEXTS


@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_are_up_to_date(name: str):
    drawn = PICTURES[name]().svg()
    assert (FOLDER / name).read_text(encoding="utf-8") == drawn, "run `make docs-parts`"


def test_there_is_no_picture_that_nothing_draws():
    assert {file.name for file in FOLDER.iterdir()} == PICTURES.keys()


def test_a_page_without_a_part_stays_as_it_is():
    assert rewritten("# Nothing\n", {"settings": str}) == "# Nothing\n"


def test_what_stands_between_the_markers_is_made_anew():
    page = "a\n<!-- it: begin -->\nold\n<!-- it: end -->\nz\n"
    made = "a\n<!-- it: begin -->\nnew\n<!-- it: end -->\nz\n"
    assert rewritten(page, {"it": lambda: "new"}) == made


def test_how_long_detectors_learn_is_told_of_all_that_do():
    learners = {
        name for name, kind in DETECTORS.items() if not issubclass(kind, RuleDetector)
    }
    assert learners <= LEARNS.keys() <= DETECTORS.keys()


@pytest.mark.parametrize("name", LEARNS)
def test_a_detector_learns_for_as_long_as_is_told(name: str):
    learns = LEARNS[name](DETECTORS[name]())
    usual = np.random.default_rng(1).normal(20.0, 0.5, learns)
    # What varies, what jumps, and what is stuck at another value.
    for unusual in (usual[:300] + 30.0, np.full(2 * learns, 60.0)):
        too_early = np.concatenate([usual[: learns // 2], unusual])[:learns]
        assert not _finds(name, too_early)
    after = np.concatenate([usual, np.full(2 * learns, 60.0)])
    assert _finds(name, after)


def _finds(name: str, values: np.ndarray) -> bool:
    scores = DETECTORS[name]().update(np.arange(len(values)) * 1_000_000, values)
    return bool((scores >= 1.0).any())
