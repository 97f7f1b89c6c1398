"""What git says of a checkout that is to be released."""

import pytest

from tests.release import NotReadyError, checkout
from tests.release.conftest import FILES, SmallProject


def told(project: SmallProject) -> list[str]:
    found = list(checkout.problems(project.root, "1.2.3"))
    assert all(problem.may_wait for problem in found)
    return [problem.text for problem in found]


def test_a_clean_checkout_of_main_without_the_tag_is_ready(project: SmallProject):
    assert told(project) == []


def test_what_is_not_committed_is_named(project: SmallProject):
    project.write("dist/old.whl", "ignored")
    project.write("README.md", "# Changed\n")
    assert told(project) == ["commit or remove what is not committed: README.md"]
    project.write("new.txt", "untracked")
    (problem,) = told(project)
    assert problem.endswith("README.md and 1 more")


def test_another_branch_and_none_are_told(project: SmallProject):
    project.git("checkout", "--quiet", "-b", "feature")
    assert told(project) == ["you are on feature; check out main"]
    project.git("checkout", "--quiet", "--detach")
    assert told(project) == ["you are on no branch; check out main"]


def test_a_version_is_tagged_once(project: SmallProject):
    commit = checkout.commit(project.root)
    checkout.make_tag(project.root, "1.2.3", commit)
    assert project.git("rev-parse", "v1.2.3^{commit}") == commit
    assert project.git("cat-file", "-t", "v1.2.3") == "tag"
    (problem,) = told(project)
    assert problem.startswith("the tag v1.2.3 is there already; raise the version")


def test_files_are_those_that_are_or_will_be_tracked(project: SmallProject):
    project.write("dist/old.whl", "ignored")
    project.write("new.txt", "untracked")
    (project.root / "LICENSE").unlink()
    assert checkout.files(project.root) == {*FILES, "new.txt"} - {"LICENSE"}


def test_a_folder_without_git_is_refused(tmp_path):
    with pytest.raises(NotReadyError, match=r"git rev-parse: .*not a git repository"):
        checkout.commit(tmp_path)
