"""Every system has all its parts, and what one lacks is told in plain words."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from connectors import topics
from connectors.systems import ARCHIVE, SYSTEMS, System, TelemetryTopic
from tests.docs.parts.systems import systems_table
from tests.systems import read_tree, what_is_missing

ROOT = Path(__file__).parents[2]
TREE = read_tree(ROOT)
BY_STEM = {system.stem: system for system in SYSTEMS}
# Rules for whatever system.
SHARED_RULES = {"anomalies", "pipeline"}
HEAVY = {"bytewax", "confluent_kafka", "numba", "numpy", "psycopg", "pyarrow"}

MOONBASE = System(
    stem="moonbase",
    about="Watches the greenhouse of a base on the Moon.",
    topic=TelemetryTopic(),
    command="moonbase",
    demo="a day and a night",
    parameters="moonbase.yaml",
    tables=("moonbase_harvest",),
    dashboards=("moonbase",),
)
ITS_LACKS = [
    "there is no dataflows/moonbase.py",
    "there is no simulators/moonbase/command.py",
    "there is no simulators/moonbase/demo.py",
    "provisioning/parameters has no moonbase.yaml",
    "docker-compose.yml has no service moonbase",
    "docker-compose.yml has no service moonbase_simulator",
    "provisioning/docker/make_env.sh does not have the simulator of moonbase run",
    "the job orbitwatch of provisioning/prometheus/prometheus.yml does not "
    "scrape moonbase:3030",
    "there is no provisioning/prometheus/rules/moonbase.yml",
    "there is no dashboard provisioning/grafana/dashboards/moonbase.py",
    "there is no dashboard provisioning/grafana/generated/moonbase.json",
    "provisioning/timescale/migrations has no migration that is named after moonbase",
    "no migration of provisioning/timescale/migrations creates the table "
    "moonbase_harvest",
    "there is no test tests/end_to_end/test_moonbase.py",
]


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.stem)
def test_nothing_is_missing_of_a_system(system: System):
    assert what_is_missing(system, TREE) == []


def test_all_that_a_new_system_lacks_is_told():
    # Whether there are pages is another matter.
    tree = {path: text for path, text in TREE.items() if not path.startswith("docs/")}
    assert what_is_missing(MOONBASE, tree) == ITS_LACKS


def test_a_new_system_needs_a_page_where_there_are_pages():
    told = "no page of docs is about moonbase"
    with_others = {**TREE, "docs/archive.md": "All about `dataflows.archive:flow`."}
    assert told in what_is_missing(MOONBASE, with_others)
    with_its_own = {**with_others, "docs/moonbase.md": ""}
    assert told not in what_is_missing(MOONBASE, with_its_own)


def test_a_system_without_telemetry_of_its_own_needs_no_simulator():
    told = what_is_missing(
        System(
            stem="moonbase",
            about=MOONBASE.about,
            topic=None,
            command=None,
            demo=None,
            parameters=None,
            tables=(),
            dashboards=(),
        ),
        TREE,
    )
    assert not any("simulator" in sentence for sentence in told)
    assert not any("migration" in sentence for sentence in told)
    assert "connectors/systems.py names no dashboard of moonbase" in told
    assert any("NoTelemetry" in sentence for sentence in told)


COMPOSE = "docker-compose.yml"
MAKE_ENV = "provisioning/docker/make_env.sh"
PROMETHEUS = "provisioning/prometheus/prometheus.yml"
PIPELINE = "provisioning/prometheus/rules/pipeline.yml"
ROCKET_RULES = "provisioning/prometheus/rules/rocket_launch.yml"
RUNS = "docker-compose.yml does not run"


@pytest.mark.parametrize(
    ("stem", "file", "old", "new", "told"),
    [
        (
            "spacecraft",
            COMPOSE,
            "\n  spacecraft:\n",
            "\n  probe:\n",
            "docker-compose.yml has no service spacecraft",
        ),
        (
            "spacecraft",
            COMPOSE,
            "command: [spacecraft]",
            "command: [rocket_launch]",
            f"the service spacecraft of {RUNS} dataflows.spacecraft:flow",
        ),
        (
            "archive",
            COMPOSE,
            "dataflows.archive:flow",
            "dataflows.spacecraft:flow",
            f"the service archive of {RUNS} dataflows.archive:flow",
        ),
        (
            "spacecraft",
            COMPOSE,
            '"spacecraft_state:/state"',
            '"rocket_launch_state:/state"',
            "the service spacecraft of docker-compose.yml keeps its snapshots in no "
            "volume spacecraft_state",
        ),
        (
            "spacecraft",
            COMPOSE,
            "\n  spacecraft_state:\n",
            "\n",
            "docker-compose.yml has no volume spacecraft_state",
        ),
        (
            "iss_tracking",
            COMPOSE,
            "      <<: *flow_environment\n",
            '      <<: *flow_environment\n      ORBITWATCH_METRICS_PORT: "4000"\n',
            "the service iss_tracking of docker-compose.yml has the metrics_port 4000, "
            "not 3030",
        ),
        (
            "iss_tracking",
            COMPOSE,
            "localhost:3031/readyz",
            "localhost:3032/readyz",
            "the service iss_tracking of docker-compose.yml is not asked for its "
            "health on port 3031",
        ),
        (
            "rocket_launch",
            COMPOSE,
            "\n  rocket_launch_simulator:\n",
            "\n  launch_simulator:\n",
            "docker-compose.yml has no service rocket_launch_simulator",
        ),
        (
            "rocket_launch",
            COMPOSE,
            "profiles: [rocket_launch]",
            "profiles: [launch]",
            "the service rocket_launch_simulator of docker-compose.yml has no profile "
            "rocket_launch",
        ),
        (
            "rocket_launch",
            COMPOSE,
            "simulators rocket_launch",
            "simulators rocket_launches",
            f"the service rocket_launch_simulator of {RUNS} `python -m simulators "
            "rocket_launch`",
        ),
        (
            "iss_tracking",
            MAKE_ENV,
            "COMPOSE_PROFILES=rocket_launch,spacecraft,iss_tracking",
            "COMPOSE_PROFILES=rocket_launch,spacecraft",
            "provisioning/docker/make_env.sh does not have the simulator of "
            "iss_tracking run",
        ),
        (
            "archive",
            PROMETHEUS,
            "- archive:3030",
            "- archive:3031",
            "the job orbitwatch of provisioning/prometheus/prometheus.yml does not "
            "scrape archive:3030",
        ),
        (
            "archive",
            PIPELINE,
            'system!~"rocket_launch|archive"',
            'system!~"rocket_launch"',
            "the alert NoTelemetry of provisioning/prometheus/rules/pipeline.yml waits "
            "for telemetry of archive, which has none of its own",
        ),
        (
            "rocket_launch",
            ROCKET_RULES,
            "- name: rocket_launch",
            "- name: launch",
            f"{ROCKET_RULES} has no group rocket_launch",
        ),
        (
            "rocket_launch",
            "simulators/rocket_launch/command.py",
            "def play(",
            "def played(",
            "simulators/rocket_launch/command.py has no function play",
        ),
        (
            "iss_tracking",
            "provisioning/timescale/migrations/",
            "CREATE TABLE orbit_minute (",
            "CREATE TABLE orbit_minutes (",
            "no migration of provisioning/timescale/migrations creates the table "
            "orbit_minute",
        ),
    ],
)
def test_a_part_that_is_broken_is_named(
    stem: str, file: str, old: str, new: str, told: str
):
    broken = {
        path: text.replace(old, new) if path.startswith(file) else text
        for path, text in TREE.items()
    }
    assert broken != TREE
    assert what_is_missing(BY_STEM[stem], broken) == [told]


def there(pattern: str) -> set[str]:
    """The stems in the paths of the tree that are of this kind."""
    found = (re.fullmatch(pattern, path) for path in TREE)
    return {path[1] for path in found if path}


def test_no_flow_simulator_or_rule_is_beside_the_table():
    flows = {
        stem
        for stem in there(r"dataflows/(\w+)\.py")
        if "\ndef flow() -> Dataflow:" in TREE[f"dataflows/{stem}.py"]
    }
    assert flows == BY_STEM.keys()
    played = {system.stem for system in SYSTEMS if system.command is not None}
    assert there(r"simulators/(\w+)/command\.py") == played
    shown = {system.stem for system in SYSTEMS if system.demo is not None}
    assert there(r"simulators/(\w+)/demo\.py") == shown
    rules = there(r"provisioning/prometheus/rules/(\w+)\.yml")
    assert rules == BY_STEM.keys() | SHARED_RULES


def test_a_stem_is_a_name_in_python_and_no_other_topic_has_it():
    others = {topic.name for topic in topics.ALL} - {
        topic.name for topic in topics.TELEMETRY
    }
    assert len(BY_STEM) == len(SYSTEMS)
    for stem in BY_STEM:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", stem)
        assert f"telemetry.{stem}" not in others


def test_topics_follow_from_the_table():
    assert topics.TELEMETRY_OF.keys() == BY_STEM.keys() - {ARCHIVE.stem}
    for stem, topic in topics.TELEMETRY_OF.items():
        plan = BY_STEM[stem].topic
        assert plan is not None
        assert topic.name == f"telemetry.{stem}"
        assert (topic.key, topic.partitions) == (plan.key, plan.partitions)


def test_the_table_for_the_readme_tells_of_every_system():
    heading, _, *rows = systems_table().splitlines()
    assert len(rows) == len(SYSTEMS)
    for system, row in zip(SYSTEMS, rows, strict=True):
        assert row.count("|") == heading.count("|")
        assert f"`{system.stem}`" in row.split("|")[1]
        assert f"| {system.about.rstrip('.')} |" in row
        assert f"`{system.flow}:flow`" in row
        assert f"| `{system.command}` |" in row
        assert (system.demo or "") in row


def test_the_table_is_read_without_anything_heavy():
    code = "import sys, connectors.systems; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert "connectors.systems" in done.stdout.split()
    assert not HEAVY & set(done.stdout.split())
