"""`make docs` builds a site of all pages, and of no page with a broken link."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT

COPIED = ("Makefile", ".mkdocs.yml", "pyproject.toml", "LICENSE")
FOLDERS = (
    "docs",
    "provisioning/runbooks",
    "provisioning/grafana/pictures",
    "tests/benchmarks/results",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the site is made of, and an environment that has what builds it."""
    for name in (*COPIED, *(page.name for page in ROOT.glob("*.md"))):
        shutil.copy(ROOT / name, tmp_path)
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (tmp_path / ".venv" / "docs.stamp").touch()
    return tmp_path


def make_docs(checkout: Path) -> subprocess.CompletedProcess[str]:
    # Warnings of Python's, in programs of others, are not what is tested.
    return subprocess.run(
        ["make", "docs"],
        cwd=checkout,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )


def test_every_page_is_in_the_site(checkout: Path):
    done = make_docs(checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    site = checkout / ".cache" / "site"
    pages = {file.stem for file in (site / "docs").glob("*.html")}
    assert pages == {page.stem for page in DOCS.glob("*.md")}
    assert "Orbitwatch" in (site / "index.html").read_text(encoding="utf-8")


def test_the_site_asks_nothing_of_others(checkout: Path):
    assert make_docs(checkout).returncode == 0
    for page in (checkout / ".cache" / "site").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for attribute in ('src="http', "src='http", 'rel="stylesheet" href="http'):
            assert attribute not in text, page


@pytest.mark.parametrize(
    "mistake",
    ["[a](nowhere.md)", "[a](packets.md#nowhere)", "![a](nowhere.png)"],
)
def test_a_broken_link_fails_the_build(checkout: Path, mistake: str):
    with (checkout / "docs" / "glossary.md").open("a") as page:
        page.write(f"\n{mistake}\n")
    done = make_docs(checkout)
    assert done.returncode != 0
    assert "nowhere" in done.stdout + done.stderr


def test_a_page_that_no_menu_names_fails_the_build(checkout: Path):
    (checkout / "docs" / "forgotten.md").write_text("# Forgotten\n")
    done = make_docs(checkout)
    assert done.returncode != 0
    assert "forgotten.md" in done.stdout + done.stderr
