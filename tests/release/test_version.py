"""The version stands in one place, and nothing says another."""

import pytest

from tests.release import NotReadyError
from tests.release.conftest import SmallProject
from tests.release.version import problems_of_repeats, read_version


def test_it_is_that_of_pyproject(project: SmallProject):
    assert read_version(project.root) == "1.2.3"


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.2.3.dev0", "1.2.3+local", ""])
def test_what_is_no_released_version_is_refused(project: SmallProject, version: str):
    project.change("pyproject.toml", "1.2.3", version)
    with pytest.raises(NotReadyError, match="is no version such as"):
        read_version(project.root)


def test_an_image_of_another_version_is_told(project: SmallProject):
    assert list(problems_of_repeats(project.root, "1.2.3")) == []
    (problem,) = problems_of_repeats(project.root, "1.2.4")
    assert problem.text == (
        "docker-compose.yml: the image is orbitwatch:1.2.3; make it 1.2.4"
    )
    assert not problem.may_wait
