"""`make release`: checks a version, builds and tries it, and tags it at last.

Nothing is uploaded or pushed, and a check that fails leaves the checkout as it was.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from connectors.command import Parser
from tests.release import NotReadyError, Problem, changelog, checkout, installed
from tests.release.artifacts import Artifacts, build, check
from tests.release.version import problems_of_repeats, read_version

ROOT = Path(__file__).parents[2]
DIST = "dist"
Say = Callable[[str], None]


def problems(root: Path, version: str) -> list[Problem]:
    """What keeps the checkout from becoming that version, as far as reading tells."""
    file = root / changelog.FILE
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    today = datetime.now(UTC).date()
    return [
        *problems_of_repeats(root, version),
        *changelog.problems(text, version, today),
        *checkout.problems(root, version),
    ]


def release(root: Path, say: Say, *, dry: bool) -> None:
    """Makes a release of the checkout, or if `dry` all of it but files and tag.

    Raises NotReadyError, and has then tagged nothing.
    """
    version = read_version(root)
    say(f"Orbitwatch {version}")
    found = problems(root, version)
    for problem in found:
        say(f"  {'not yet' if dry and problem.may_wait else 'wrong'}: {problem.text}")
    if any(not (dry and problem.may_wait) for problem in found):
        raise NotReadyError("nothing was built or tagged")
    commit = checkout.commit(root)
    with installed.temporary_folder() as folder:
        built = _built(root, folder, version, say)
        if dry:
            say(
                "All is well; this was a trial, so nothing was kept and nothing tagged."
            )
            return
        if checkout.commit(root) != commit or checkout.git(
            root, "status", "--porcelain"
        ):
            raise NotReadyError("the checkout changed meanwhile; nothing was tagged")
        kept = _keep(built, root / DIST)
    checkout.make_tag(root, version, commit)
    say(_next_steps(version, kept))


def _built(root: Path, folder: Path, version: str, say: Say) -> Artifacts:
    say("Building wheel and sdist")
    built = build(root, folder / DIST, version)
    check(built, root, checkout.files(root), version)
    say(f"Installing the wheel, and running its demo for {installed.DEMO_SECONDS} s")
    said = installed.try_out(built.wheel, folder)
    for line in said.splitlines():
        if line.startswith("Sent "):
            say(f"  {line}")
    return built


def _keep(built: Artifacts, folder: Path) -> Artifacts:
    folder.mkdir(exist_ok=True)
    for each in (built.wheel, built.sdist):
        shutil.copy2(each, folder)
    return Artifacts(folder / built.wheel.name, folder / built.sdist.name)


def _next_steps(version: str, kept: Artifacts) -> str:
    tag = checkout.tag_of(version)
    return f"""
{tag} is tagged, here only, and {DIST}/ holds {kept.wheel.name} and {kept.sdist.name}.
Next, if the tests have passed on this commit (`.ci/run` runs them all):
  git push REMOTE {checkout.BRANCH} {tag}
  .venv/bin/uv publish {DIST}/orbitwatch-{version}*
Then begin the next version: raise it in pyproject.toml and docker-compose.yml, and give
it a section in {changelog.FILE}. To take the tag back before it is pushed:
  git tag --delete {tag}"""


def say(line: str) -> None:
    """Tells the maintainer."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """The exit code: 1 if the release was not made."""
    parser = Parser(prog="python -m tests.release", description=__doc__)
    parser.add_argument(
        "--dry", action="store_true", help="only try: no tag, no files; may be undated"
    )
    options = parser.parse_args(arguments)
    try:
        release(root, say, dry=options.dry)
    except NotReadyError as error:
        sys.stderr.write(f"no release: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
