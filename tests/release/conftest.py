"""A project as small as can be released, in a git checkout of its own."""

import subprocess
from pathlib import Path

import pytest

FILES = {
    ".gitignore": "/dist/\n",
    "README.md": "# Small\n",
    "LICENSE": "Apache-2.0\n",
    "CHANGELOG.md": "# Changelog\n\n## 1.2.3 - 2026-01-05\n\n### Added\n\n- All.\n",
    "docker-compose.yml": "services:\n  flow:\n    image: orbitwatch:1.2.3\n",
    "connectors/__init__.py": "",
    "dataflows/__init__.py": "",
    "dataflows/words.txt": "Sent 5 samples\n",
    "simulators/__init__.py": "",
    "simulators/demo/__init__.py": "",
    "simulators/demo/__main__.py": (
        "from pathlib import Path\nimport dataflows\n"
        "print(Path(dataflows.__file__).with_name('words.txt').read_text(), end='')\n"
    ),
    "pyproject.toml": """
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "orbitwatch"
version = "1.2.3"
description = "As small as can be"
readme = "README.md"
license = "Apache-2.0"
license-files = ["LICENSE"]
requires-python = ">=3.11"

[project.optional-dependencies]
demo = []

[tool.hatch.build.targets.wheel]
packages = ["connectors", "dataflows", "simulators"]
""",
}


class SmallProject:
    """The project's folder, and what a maintainer does there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, text in FILES.items():
            self.write(name, text)
        self.git("init", "--quiet", "--initial-branch=main")
        for key in ("user.name", "user.email"):
            self.git("config", key, "nobody")
        for key in ("commit.gpgsign", "tag.gpgsign"):
            self.git("config", key, "false")
        self.commit()

    def write(self, name: str, text: str) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def change(self, name: str, before: str, after: str) -> None:
        """Replaces a text in a file, and commits that."""
        text = (self.root / name).read_text(encoding="utf-8")
        assert before in text
        self.write(name, text.replace(before, after))
        self.commit()

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=change")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    (tmp_path / "project").mkdir()
    return SmallProject(tmp_path / "project")
