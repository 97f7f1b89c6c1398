"""A release is built, tried and tagged; whatever is wrong, nothing is tagged.

The small project is built and installed for good, with pip and hatchling.
"""

import pytest

from tests.release import artifacts, checkout, installed
from tests.release.__main__ import ROOT, main, problems
from tests.release.conftest import SmallProject
from tests.release.version import read_version


def test_this_checkout_lacks_only_what_is_done_on_the_day_of_a_release():
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    found = problems(ROOT, read_version(ROOT))
    assert [problem.text for problem in found if not problem.may_wait] == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_wheel_of_this_checkout_runs_the_demo():
    """Built, installed with [demo] into a new environment, run in an empty folder."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    version = read_version(ROOT)
    with installed.temporary_folder() as folder:
        built = artifacts.build(ROOT, folder / "dist", version)
        artifacts.check(built, ROOT, checkout.files(ROOT), version)
        said = installed.try_out(built.wheel, folder)
    assert "Injected faults, and what was detected" in said
    assert "The archive holds" in said


@pytest.mark.slow
def test_a_release_leaves_a_tag_and_two_files_and_says_what_is_next(
    project: SmallProject, capsys: pytest.CaptureFixture[str]
):
    commit = project.git("rev-parse", "HEAD")
    assert main([], project.root) == 0
    assert project.git("rev-parse", "v1.2.3^{commit}") == commit
    assert project.git("status", "--porcelain") == ""
    assert sorted(each.name for each in (project.root / "dist").iterdir()) == [
        "orbitwatch-1.2.3-py3-none-any.whl",
        "orbitwatch-1.2.3.tar.gz",
    ]
    out, err = capsys.readouterr()
    assert err == ""
    assert "  Sent 5 samples\n" in out
    assert "git push REMOTE main v1.2.3" in out


@pytest.mark.slow
def test_a_trial_leaves_nothing_and_forgives_what_is_done_on_the_day(
    project: SmallProject, capsys: pytest.CaptureFixture[str]
):
    project.change("CHANGELOG.md", "2026-01-05", "unreleased")
    project.write("new.txt", "untracked")
    assert main(["--dry"], project.root) == 0
    assert project.git("tag", "--list") == ""
    assert not (project.root / "dist").exists()
    out = capsys.readouterr().out
    assert "  not yet: CHANGELOG.md: put the date of the release behind 1.2.3" in out
    assert "  not yet: commit or remove what is not committed: new.txt" in out
    assert out.endswith("nothing was kept and nothing tagged.\n")


def refused(project: SmallProject, capsys: pytest.CaptureFixture[str]) -> str:
    """What is said of a release that is not made; nothing is tagged or kept."""
    before = project.git("tag", "--list")
    assert main([], project.root) == 1
    assert project.git("tag", "--list") == before
    assert not (project.root / "dist").exists()
    out, err = capsys.readouterr()
    assert err.startswith("no release: ")
    return out + err


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_built(
    project: SmallProject, capsys: pytest.CaptureFixture[str]
):
    project.change("docker-compose.yml", "1.2.3", "1.2.2")
    project.change("CHANGELOG.md", "2026-01-05", "unreleased")
    project.git("tag", "v1.2.3")
    project.write("new.txt", "untracked")
    said = refused(project, capsys)
    assert said.count("  wrong: ") == 4
    assert "Building" not in said


def test_without_a_changelog_nothing_is_built(
    project: SmallProject, capsys: pytest.CaptureFixture[str]
):
    (project.root / "CHANGELOG.md").unlink()
    project.commit()
    assert "there are 0 sections '## 1.2.3 - DATE'" in refused(project, capsys)
    assert main(["--dry"], project.root) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "before", "after", "problem"),
    [
        (
            "pyproject.toml",
            'packages = ["connectors", ',
            'exclude = ["*.txt"]\npackages = ["connectors", ',
            "whl lacks dataflows/words.txt",
        ),
        (
            "simulators/demo/__main__.py",
            "print",
            "open('left.txt', 'w').close()\nprint",
            "the demo left behind: left.txt",
        ),
        (
            "simulators/demo/__main__.py",
            "print",
            "raise SystemExit('no database')\nprint",
            "cannot run the demo of the wheel:\n  no database",
        ),
        (
            "connectors/__init__.py",
            "",
            "import no_such_package\n",
            "cannot import the wheel:",
        ),
        (
            "pyproject.toml",
            "demo = []",
            'demo = ["hatchling==0.0.0"]',
            "cannot install the wheel:",
        ),
        (
            "pyproject.toml",
            'name = "orbitwatch"',
            'name = "another"',
            "orbitwatch-1.2.3-py3-none-any.whl was not built",
        ),
        ("pyproject.toml", "hatchling.build", "no.backend", "cannot be built:"),
        (
            "pyproject.toml",
            'description = "As small as can be"\n',
            "",
            "the metadata lack summary",
        ),
    ],
)
def test_what_cannot_be_shipped_is_not_tagged(
    project: SmallProject,
    capsys: pytest.CaptureFixture[str],
    name,
    before,
    after,
    problem,
):
    project.change(name, before, after)
    assert problem in refused(project, capsys)
