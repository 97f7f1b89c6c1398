"""CI and the forms of GitHub: valid, and about recipes and folders that are there."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
RUN = ROOT / ".ci" / "run"
# No recordings are at hand there, so there is nothing to score.
NOT_ON_GITHUB = {"scores"}
KINDS = {"markdown", "input", "textarea", "dropdown", "checkboxes"}
# What a folder has to hold for dependabot to find something to do.
MANIFESTS = {
    "pip": "pyproject.toml",
    "github-actions": ".github/workflows/ci.yml",
    "npm": "package.json",
    "docker": "Dockerfile",
    "docker-compose": "docker-compose.yml",
}
FORMS = sorted((GITHUB / "ISSUE_TEMPLATE").glob("[!c]*.yml"))


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


WORKFLOW = read(GITHUB / "workflows" / "ci.yml")
JOBS: dict[str, dict[str, Any]] = WORKFLOW["jobs"]


def jobs_of_ci() -> dict[str, str]:
    """The jobs that `.ci/run` knows, with the recipes they make."""
    return dict(re.findall(r"^    (\w+)\) echo ([\w-]+) ;;$", RUN.read_text(), re.M))


def recipes() -> list[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return re.findall(r"^([a-z][a-z-]*):(?!=)", makefile, re.M)


def commands(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_what_ci_runs_are_recipes():
    found = jobs_of_ci()
    assert len(found) > 3
    assert {*found.values()} <= {*recipes()}


def test_ci_runs_all_jobs_if_none_is_named():
    (names,) = re.findall(r"^all=\((.+)\)$", RUN.read_text(), re.M)
    assert set(names.split()) == jobs_of_ci().keys()


@pytest.mark.parametrize("arguments", [["no-such-job"], ["lint", "no-such-job"]])
def test_a_job_that_is_none_is_refused_before_anything_is_done(arguments: list[str]):
    done = subprocess.run([RUN, *arguments], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(".ci/run: there is no job 'no-such-job'; jobs are ")


def test_every_job_of_the_workflow_calls_the_job_of_its_name():
    assert JOBS.keys() == jobs_of_ci().keys() - NOT_ON_GITHUB
    for name, job in JOBS.items():
        assert commands(job) == [f".ci/run {name}"]
        assert job["timeout-minutes"] > 0


def test_the_workflow_may_read_and_no_more():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in JOBS.values())


def test_tests_run_on_every_python_that_fits():
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    bounds = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', pyproject)
    assert bounds
    fitting = [f"3.{minor}" for minor in range(int(bounds[1]), int(bounds[2]))]
    assert JOBS["test"]["strategy"]["matrix"]["python"] == fitting


def test_actions_are_pinned_by_major_version_and_the_same_everywhere():
    used = {
        step["uses"] for job in JOBS.values() for step in job["steps"] if "uses" in step
    }
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", action) for action in used)
    assert len({action.partition("@")[0] for action in used}) == len(used)


def test_dependabot_looks_where_there_is_something():
    updates = read(GITHUB / "dependabot.yml")["updates"]
    assert {each["package-ecosystem"] for each in updates} == MANIFESTS.keys()
    for each in updates:
        folder = ROOT / each["directory"].lstrip("/")
        assert (folder / MANIFESTS[each["package-ecosystem"]]).is_file()
        assert each["schedule"]["interval"] == "weekly"


def test_there_is_a_form_for_bugs_and_one_for_features():
    assert [form.stem for form in FORMS] == ["bug", "feature"]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_a_form_asks_each_question_once_and_says_what_it_asks(form: Path):
    found = read(form)
    assert {"name", "description", "body"} <= found.keys()
    questions = [each for each in found["body"] if each["type"] != "markdown"]
    assert {each["type"] for each in found["body"]} <= KINDS
    assert all(each["attributes"]["label"] for each in questions)
    names = [each["id"] for each in questions]
    assert len(set(names)) == len(names)
    assert any(each.get("validations", {}).get("required") for each in questions)


def test_the_form_for_bugs_offers_every_flow():
    (part,) = (each for each in read(FORMS[0])["body"] if each.get("id") == "part")
    flows = {
        file.stem
        for file in (ROOT / "dataflows").glob("*.py")
        if "\nflow = " in file.read_text(encoding="utf-8")
        or "\ndef flow(" in file.read_text(encoding="utf-8")
    }
    assert len(flows) > 3
    offered = {option.removeprefix("Flow ") for option in part["attributes"]["options"]}
    assert flows <= offered


def test_the_pull_request_template_names_recipes_that_are_there():
    text = (GITHUB / "pull_request_template.md").read_text(encoding="utf-8")
    named = re.findall(r"`make ([a-z-]+)`", text)
    assert named
    assert {*named} <= {*recipes()}
