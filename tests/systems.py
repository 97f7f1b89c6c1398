"""What a system of the table lacks in the tree, in plain words.

`make lint` and the tests of each part say whether it is right; here it is asked whether
it is there, and called as it has to be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from connectors.settings import Settings, variable
from connectors.systems import System

Tree = Mapping[str, str]
"""Files by their paths, with what is in them."""

TABLE = "connectors/systems.py"
COMPOSE = "docker-compose.yml"
MAKE_ENV = "provisioning/docker/make_env.sh"
RUN_FLOW = "provisioning/docker/run_flow.sh"
PROMETHEUS = "provisioning/prometheus"
DASHBOARDS = "provisioning/grafana"
MIGRATIONS = "provisioning/timescale/migrations"
PARAMETERS = "provisioning/parameters"
PLACES = ("dataflows", "docs", "provisioning", "simulators", "tests/end_to_end")
TEXTS = {".json", ".md", ".py", ".sh", ".sql", ".yaml", ".yml"}


def read_tree(root: Path) -> dict[str, str]:
    """The files of the project that may belong to a system."""
    files = [root / COMPOSE]
    files += [file for place in PLACES for file in (root / place).rglob("*")]
    return {
        file.relative_to(root).as_posix(): file.read_text("utf-8")
        for file in files
        if file.suffix in TEXTS
    }


def what_is_missing(system: System, tree: Tree) -> list[str]:
    """A sentence for each part that a system has to have, and has not."""
    parts = (
        _flow,
        _simulator,
        _demo,
        _parameters,
        _service,
        _simulator_service,
        _scraping,
        _alerts,
        _dashboards,
        _migrations,
        _test,
        _page,
    )
    return [sentence for part in parts for sentence in part(system, tree)]


def _flow(system: System, tree: Tree) -> Iterator[str]:
    yield from _functions(tree, _file(system.flow), "flow")


def _simulator(system: System, tree: Tree) -> Iterator[str]:
    if system.command is not None:
        file = _file(f"{system.simulator}.command")
        yield from _functions(tree, file, "add_command", "play")


def _demo(system: System, tree: Tree) -> Iterator[str]:
    if system.demo is not None:
        yield from _functions(tree, _file(f"{system.simulator}.demo"), "demo_play")


def _parameters(system: System, tree: Tree) -> Iterator[str]:
    """A system that is played needs units and limits for what is played."""
    if not _is_played(system):
        return
    if system.parameters is None:
        yield f"{TABLE} names no file of parameters of {system.stem}"
    elif f"{PARAMETERS}/{system.parameters}" not in tree:
        yield f"{PARAMETERS} has no {system.parameters}"


def _service(system: System, tree: Tree) -> Iterator[str]:
    compose = _yaml(tree, COMPOSE)
    service = compose.get("services", {}).get(system.stem)
    if service is None:
        yield f"{COMPOSE} has no service {system.stem}"
        return
    named = f"service {system.stem} of {COMPOSE}"
    entrypoint, command = _words(service, "entrypoint"), _words(service, "command")
    if RUN_FLOW in entrypoint:
        if command != [system.stem]:
            yield f"the {named} does not run {system.flow}:flow"
        state = f"{system.stem}_state"
        if f"{state}:/state" not in service.get("volumes", ()):
            yield f"the {named} keeps its snapshots in no volume {state}"
        if state not in compose.get("volumes", {}):
            yield f"{COMPOSE} has no volume {state}"
    elif f"{system.flow}:flow" not in command:
        yield f"the {named} does not run {system.flow}:flow"
    given = service.get("environment", {})
    for name in ("metrics_port", "health_port"):
        port = int(given.get(variable(name), getattr(Settings(), name)))
        if port != getattr(system, name):
            yield f"the {named} has the {name} {port}, not {getattr(system, name)}"
    if f":{system.health_port}/readyz" not in str(service.get("healthcheck")):
        yield f"the {named} is not asked for its health on port {system.health_port}"


def _simulator_service(system: System, tree: Tree) -> Iterator[str]:
    if not _is_played(system):
        return
    name = f"{system.stem}_simulator"
    service = _yaml(tree, COMPOSE).get("services", {}).get(name)
    if service is None:
        yield f"{COMPOSE} has no service {name}"
    else:
        if service.get("profiles") != [system.stem]:
            yield f"the service {name} of {COMPOSE} has no profile {system.stem}"
        asked = f"python -m simulators {system.command} "
        if asked not in " ".join(_words(service, "command")) + " ":
            yield f"the service {name} of {COMPOSE} does not run `{asked.strip()}`"
    profiles = re.search(r"^COMPOSE_PROFILES=(.*)$", tree.get(MAKE_ENV, ""), re.M)
    if profiles is None or system.stem not in profiles[1].split(","):
        yield f"{MAKE_ENV} does not have the simulator of {system.stem} run"


def _scraping(system: System, tree: Tree) -> Iterator[str]:
    file = f"{PROMETHEUS}/prometheus.yml"
    targets = {
        target
        for job in _yaml(tree, file).get("scrape_configs", ())
        if job["job_name"] == system.job
        for static in job["static_configs"]
        for target in static["targets"]
    }
    target = f"{system.stem}:{system.metrics_port}"
    if target not in targets:
        yield f"the job {system.job} of {file} does not scrape {target}"


def _alerts(system: System, tree: Tree) -> Iterator[str]:
    file = f"{PROMETHEUS}/rules/{system.stem}.yml"
    groups = _yaml(tree, file).get("groups", ())
    if file not in tree:
        yield f"there is no {file}"
    elif system.stem not in {group["name"] for group in groups}:
        yield f"{file} has no group {system.stem}"
    if system.topic is None and system.stem not in _never_silent(tree):
        yield (
            f"the alert NoTelemetry of {PROMETHEUS}/rules/pipeline.yml waits for "
            f"telemetry of {system.stem}, which has none of its own"
        )


def _never_silent(tree: Tree) -> list[str]:
    """The systems of which the alert NoTelemetry says nothing."""
    for group in _yaml(tree, f"{PROMETHEUS}/rules/pipeline.yml").get("groups", ()):
        for rule in group["rules"]:
            if rule.get("alert") == "NoTelemetry":
                left_out = re.search(r'system!~"([^"]*)"', rule["expr"])
                return left_out[1].split("|") if left_out else []
    return []


def _dashboards(system: System, tree: Tree) -> Iterator[str]:
    if not system.dashboards:
        yield f"{TABLE} names no dashboard of {system.stem}"
    for uid in system.dashboards:
        for file in (f"dashboards/{uid}.py", f"generated/{uid}.json"):
            if f"{DASHBOARDS}/{file}" not in tree:
                yield f"there is no dashboard {DASHBOARDS}/{file}"


def _migrations(system: System, tree: Tree) -> Iterator[str]:
    """A system that stores records of its own needs tables."""
    files = [path for path in tree if path.startswith(f"{MIGRATIONS}/")]
    if system.tables and not any(system.stem in path for path in files):
        yield f"{MIGRATIONS} has no migration that is named after {system.stem}"
    text = "\n".join(tree[path] for path in files)
    for table in system.tables:
        if not re.search(rf"^CREATE TABLE {table} \(", text, re.M):
            yield f"no migration of {MIGRATIONS} creates the table {table}"


def _test(system: System, tree: Tree) -> Iterator[str]:
    file = f"tests/end_to_end/test_{system.stem}.py"
    if file not in tree:
        yield f"there is no test {file}"


def _page(system: System, tree: Tree) -> Iterator[str]:
    """Where there are pages, one bears the system's name, or names its flow."""
    pages = [path for path in tree if path.startswith("docs/")]
    if pages and not any(
        system.stem in path.replace("-", "_") or system.flow in tree[path]
        for path in pages
    ):
        yield f"no page of docs is about {system.stem}"


def _is_played(system: System) -> bool:
    """Whether a simulator makes up telemetry of its own."""
    return system.command is not None and system.topic is not None


def _file(module: str) -> str:
    return f"{module.replace('.', '/')}.py"


def _functions(tree: Tree, file: str, *names: str) -> Iterator[str]:
    if file not in tree:
        yield f"there is no {file}"
        return
    for name in names:
        if not re.search(rf"^def {name}\(", tree[file], re.M):
            yield f"{file} has no function {name}"


def _words(service: Mapping[str, Any], key: str) -> list[str]:
    return [str(word) for word in service.get(key, ())]


def _yaml(tree: Tree, file: str) -> Mapping[str, Any]:
    return _parsed(tree.get(file, ""))


@lru_cache(maxsize=100)
def _parsed(text: str) -> Mapping[str, Any]:
    """What is in a YAML file; it takes long, and the same ones are asked for often."""
    return yaml.safe_load(text) or {}
