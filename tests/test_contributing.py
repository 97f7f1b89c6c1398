"""CONTRIBUTING.md and what stands beside it name what is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXTS = ("CONTRIBUTING.md", "SECURITY.md")
FOLDERS = r"(?:\.ci|\.github|connectors|dataflows|provisioning|simulators|tests)"
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def named_tests() -> list[tuple[str, str]]:
    return re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", CONTRIBUTING)


@pytest.mark.parametrize("name", TEXTS)
def test_every_path_named_is_there(name: str):
    text = (ROOT / name).read_text(encoding="utf-8")
    paths = re.findall(rf"[`(]({FOLDERS}/[\w./-]*)(?:::\w+)?[`)]", text)
    paths += re.findall(r"\]\(([\w./]+)\)", text)
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(("file", "test"), named_tests())
def test_every_test_named_is_there(file: str, test: str):
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(rf"^def {test}\(", text, re.M)


def test_every_recipe_named_is_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"(?:`|^)make ([a-z-]+)", CONTRIBUTING, re.M)
    assert len(named) > 8
    missing = [name for name in named if not re.search(rf"^{name}:", makefile, re.M)]
    assert missing == []


@pytest.mark.parametrize(
    "kind",
    [
        "detector",
        "column or table",
        "metric",
        "dashboard panel",
        "migration",
        "system",
    ],
)
def test_it_says_where_a_new_one_goes_and_what_fails_if_it_is_forgotten(kind: str):
    section = re.search(
        rf"^### An? (?:new )?{kind}$(.*?)(?=^##)", CONTRIBUTING, re.M | re.S
    )
    assert section
    assert "| forgotten | fails |" in section[1]
    assert "`tests/" in section[1]


def test_debians_packages_are_those_that_ci_installs():
    (told,) = re.findall(r"^apt-get install (.*)$", CONTRIBUTING, re.M)
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    services = re.search(r"^if \[\[ \$tests \]\]; then\n(.*?)^fi", run, re.M | re.S)
    assert services
    installed = re.findall(r"missing\+=\(([\w-]+)\)", services[1])
    # Every machine but a container has `ps`.
    assert {*told.split()} == {*installed} - {"procps"}
