"""Rules of the tree that no other tool holds."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.settings import Settings
from simulators.arguments import DEFAULT_TRUTH

ROOT = Path(__file__).parents[1]

TOP_LEVEL = {
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "connectors",
    "dataflows",
    "docker-compose.yml",
    "docs",
    "provisioning",
    "pyproject.toml",
    "simulators",
    "tests",
}
SHIPPED = ("connectors/", "dataflows/", "simulators/")
SETTINGS = "connectors/settings.py"
WORDS_THAT_NAME_NOTHING = {"common", "helper", "helpers", "manager", "util", "utils"}
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:root|work|home/\w+|Users/\w+)/")

# "file: call", each with a comment that says why it must touch the environment.
MAY_TOUCH_THE_ENVIRONMENT: set[str] = set()


def files_of_the_project(root: Path = ROOT) -> list[str]:
    """Return what is tracked; what else lies about is nobody's business."""
    listing = ["git", "ls-files", "--cached"]
    found = subprocess.run(listing, cwd=root, capture_output=True, text=True)
    if found.returncode:
        pytest.skip("this is not a git checkout")
    return [name for name in found.stdout.splitlines() if (root / name).is_file()]


def modules() -> Iterator[tuple[str, ast.Module]]:
    for name in files_of_the_project():
        if name.endswith(".py"):
            yield name, ast.parse((ROOT / name).read_text(encoding="utf-8"))


def test_the_top_level_holds_the_parts_of_the_system_only():
    top_level = {name.split("/")[0] for name in files_of_the_project()}
    assert {name for name in top_level if name[0] != "."} <= TOP_LEVEL


def test_what_is_not_tracked_is_no_part_of_the_project(tmp_path: Path):
    for name in (".gitignore", "tracked.py", "gone.py", "ignored.py", "untracked.py"):
        (tmp_path / name).write_text("ignored.py\n")
    for command in (
        ["init", "--quiet"],
        ["add", ".gitignore", "tracked.py", "gone.py"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    (tmp_path / "gone.py").unlink()
    assert files_of_the_project(tmp_path) == [".gitignore", "tracked.py"]


def left_behind() -> Iterator[str]:
    """What the commands of all pages write below the folder they are run in."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    commands = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S))
    yield from re.findall(r"^mkdir -p (\S+)$", commands, re.M)
    if "--mode anomaly" in commands:
        yield str(DEFAULT_TRUTH)
    if "dataflows.archive:flow" in text:
        yield Settings().archive
    if "make env" in commands:
        yield ".env"
    if "make install" in commands:
        yield ".venv"


def test_what_the_commands_of_the_pages_leave_behind_is_ignored():
    files_of_the_project()
    left = list(left_behind())
    assert {"state", "injected_faults.csv", "archive"} <= {*left}
    for name in left:
        # Something in it, as a folder that is not there yet cannot be told from a file.
        path = f"{name}/something"
        found = subprocess.run(["git", "check-ignore", "--quiet", path], cwd=ROOT)
        assert found.returncode == 0, name


def test_names_say_what_is_inside():
    unclear = [
        name
        for name in files_of_the_project()
        if name.endswith(".py")
        and WORDS_THAT_NAME_NOTHING & set(re.split(r"[/_.]", name))
    ]
    assert unclear == []


def test_every_module_says_what_it_is():
    silent = [name for name, tree in modules() if not ast.get_docstring(tree)]
    assert silent == []


def test_no_file_holds_a_path_of_one_machine():
    bound = [
        name
        for name in files_of_the_project()
        if MACHINE_PATH.search((ROOT / name).read_text("utf-8", errors="ignore"))
    ]
    assert bound == []


@pytest.mark.parametrize("start", ["", " ", "'", "file="])
def test_a_path_of_one_machine_is_recognised(start: str):
    # In two halves, or this file would break its own rule.
    assert MACHINE_PATH.search(start + "/home" + "/somebody/orbitwatch")


@pytest.mark.parametrize(
    "text", ["../shared/home" + "/x/", "https://host/work" + "/x", "/srv/root" + "/x"]
)
def test_a_path_inside_another_is_none_of_one_machine(text: str):
    assert not MACHINE_PATH.search(text)


def environment_uses(tree: ast.Module) -> Iterator[str]:
    names = {"environ", "environb", "getenv", "putenv", "unsetenv"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "os" and node.attr in names:
                yield f"os.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            yield from (f"os.{each.name}" for each in node.names if each.name in names)


def test_only_the_settings_read_the_environment():
    uses = {
        f"{name}: {use}"
        for name, tree in modules()
        if name.startswith(SHIPPED) and name != SETTINGS
        for use in environment_uses(tree)
    }
    assert uses == MAY_TOUCH_THE_ENVIRONMENT


def test_a_read_of_the_environment_is_recognised():
    read = "import os\nfrom os import getenv\nos.environ['A']\nos.path.join('a')"
    assert set(environment_uses(ast.parse(read))) == {"os.getenv", "os.environ"}
