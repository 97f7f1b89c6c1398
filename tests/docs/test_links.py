"""Links and names on pages lead to what is there."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from connectors.settings import KAFKA_PREFIX, Settings, variable
from tests.docs.pages import (
    PAGES,
    README,
    ROOT,
    anchors,
    inline_code,
    links,
    name_of,
)
from tests.docs.parts.metrics import metric_names

every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
RECIPES = set(re.findall(r"^([a-z][a-z-]*):(?!=)", MAKEFILE, re.MULTILINE))
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
SETTINGS = {variable(name) for name in Settings.__dataclass_fields__}
FOLDERS = "connectors|dataflows|docs|provisioning|simulators|tests"
# Roles of the database, told in migrations.
ROLES = {"orbitwatch_reader", "orbitwatch_writer"}


def codes(page: Path) -> str:
    return "\n".join(inline_code(page.read_text(encoding="utf-8")))


@every_page
def test_every_link_leads_somewhere(page: Path):
    for target in links(page.read_text(encoding="utf-8")):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.is_file(), target
        assert there.is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(there.read_text(encoding="utf-8")), target


def test_every_page_of_the_documentation_is_linked_from_the_readme():
    linked = set(links(README.read_text(encoding="utf-8")))
    pages = {name_of(page) for page in PAGES if page.parent == ROOT / "docs"}
    assert pages <= linked


def test_what_operators_are_told_to_look_for_is_what_errors_say():
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = page.partition("| it says |")[2].partition("\n\n")[0]
    told = re.findall(r"^\| (\w.*?) \|", table, re.MULTILINE)
    errors = (ROOT / "connectors" / "errors.py").read_text(encoding="utf-8")
    assert told
    for words in told:
        assert all(part.strip() in errors for part in words.split("...")), words


@every_page
def test_every_path_named_exists(page: Path):
    for path in re.findall(rf"^((?:{FOLDERS})/[\w./-]*)$", codes(page), re.MULTILINE):
        assert (ROOT / path).exists(), path


@every_page
def test_every_recipe_named_exists(page: Path):
    text = codes(page)
    for recipe in re.findall(r"(?:^| )make ([a-z-]+)", text, re.MULTILINE):
        assert recipe in RECIPES


@every_page
def test_every_setting_named_is_read(page: Path):
    for name in re.findall(r"\bORBITWATCH_[A-Z_]*", codes(page)):
        is_kafkas = name.startswith(KAFKA_PREFIX)
        assert is_kafkas or name in SETTINGS or f"{name}:" in COMPOSE, name


@every_page
def test_every_metric_named_is_served(page: Path):
    for name in re.findall(r"\borbitwatch_\w+", codes(page)):
        assert name in ROLES or name in metric_names(), name


@every_page
def test_every_module_named_can_be_imported(page: Path):
    for name in re.findall(r"^python -m ([\w.]+)", codes(page), re.MULTILINE):
        import_module(name)


@every_page
def test_every_flow_named_can_be_run(page: Path):
    text = page.read_text(encoding="utf-8")
    for name in set(re.findall(r"dataflows\.(\w+):flow", text)):
        assert callable(import_module(f"dataflows.{name}").flow)
