"""The git checkout a release is made from."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.release import NotReadyError, Problem

BRANCH = "main"


def git(root: Path, *arguments: str) -> str:
    """What git answers; raises NotReadyError if it fails."""
    done = subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        words = done.stderr.strip().splitlines()
        raise NotReadyError(f"git {arguments[0]}: {words[-1] if words else 'failed'}")
    return done.stdout


def commit(root: Path) -> str:
    """The commit that is checked out."""
    return git(root, "rev-parse", "--verify", "HEAD").strip()


def files(root: Path) -> set[str]:
    """What is tracked, or about to be."""
    listed = git(root, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    return {name for name in listed.split("\0") if name and (root / name).is_file()}


def tag_of(version: str) -> str:
    """The name of a version's tag."""
    return f"v{version}"


def problems(root: Path, version: str) -> Iterator[Problem]:
    """What keeps this checkout from becoming that version."""
    changed = git(root, "status", "--porcelain").splitlines()
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        yield Problem(
            f"commit or remove what is not committed: {changed[0][3:]}{more}",
            may_wait=True,
        )
    branch = git(root, "branch", "--show-current").strip()
    if branch != BRANCH:
        here = f"on {branch}" if branch else "on no branch"
        yield Problem(f"you are {here}; check out {BRANCH}", may_wait=True)
    tag = tag_of(version)
    if git(root, "tag", "--list", tag).strip():
        yield Problem(
            f"the tag {tag} is there already; raise the version in pyproject.toml",
            may_wait=True,
        )


def make_tag(root: Path, version: str, of: str) -> None:
    """Tags the commit."""
    git(root, "tag", "--annotate", tag_of(version), "-m", f"Orbitwatch {version}", of)
