"""Settings from the environment, right and wrong."""

import os
from ipaddress import ip_address
from pathlib import Path

import pytest

from connectors.errors import SettingsError
from connectors.settings import (
    ALL_INTERFACES,
    Settings,
    keep_bytewax_from_serving,
    variable,
)

PROJECT = Path(__file__).parents[2]


def test_nothing_set_gives_the_defaults():
    settings = Settings.from_environment({"HOME": "/somewhere"})
    assert settings == Settings()
    assert settings.kafka == "localhost:9092"
    assert settings.most_names == 2 * settings.most_parameters == 40_000


PROVIDED = {
    "parameters": "provisioning/parameters",
    "places": "provisioning/places.yaml",
    "elements": "provisioning/orbits/satellites.tle",
}


@pytest.mark.parametrize("name", PROVIDED)
def test_what_comes_with_orbitwatch_is_found_from_any_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    found = getattr(Settings(), name)
    assert found == PROJECT / PROVIDED[name]
    assert found.exists()


@pytest.mark.parametrize("name", PROVIDED)
def test_one_in_the_working_directory_comes_first(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    own = Path(PROVIDED[name])
    own.parent.mkdir(parents=True)
    own.touch()
    assert getattr(Settings(), name) == own


def test_a_path_that_is_set_is_not_looked_for_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    environment = {variable(name): path for name, path in PROVIDED.items()}
    settings = Settings.from_environment(environment)
    assert [str(getattr(settings, name)) for name in PROVIDED] == [*PROVIDED.values()]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("ORBITWATCH_KAFKA", "broker:9092,user:hush@kafka"),
        ("ORBITWATCH_KAFKA", "user:hush@kafka:9092"),
        ("ORBITWATCH_DATABASE", "mysql://user:hush@localhost/db"),
        ("ORBITWATCH_ARCHIVE", "ftp://user:hush@localhost/"),
        ("ORBITWATCH_OPEN_NOTIFY", "ftp://user:hush@localhost/"),
        ("ORBITWATCH_OPEN_NOTIFY", "http://user:hush"),
    ],
)
def test_a_password_is_not_told_with_what_is_wrong(key, text):
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({key: text})
    assert key in str(raised.value)
    assert "hush" not in str(raised.value)


def test_it_is_told_which_address_of_a_broker_is_wrong():
    with pytest.raises(SettingsError, match=r"address 2 of 3 is not host:port"):
        Settings.from_environment({"ORBITWATCH_KAFKA": "one:9092,two,three:9092"})


def test_a_misspelt_setting_is_refused_and_the_right_one_named():
    with pytest.raises(SettingsError, match=r"ORBITWATCH_KAFAK.*ORBITWATCH_KAFKA"):
        Settings.from_environment({"ORBITWATCH_KAFAK": "broker:9092"})


@pytest.mark.parametrize(
    ("text", "partitions"),
    [
        ("", ()),
        ("3", (3,)),
        ("0-3", (0, 1, 2, 3)),
        (" 7, 0-1 ,1", (0, 1, 7)),
    ],
)
def test_partitions_are_numbers_and_ranges(text, partitions):
    environment = {"ORBITWATCH_PARTITIONS": text}
    assert Settings.from_environment(environment).partitions == partitions


@pytest.mark.parametrize(
    "place", ["archive", "/srv/archive", "file:///srv/archive", "s3://bucket/folder"]
)
def test_an_archive_is_a_folder_or_in_an_object_store(place):
    environment = {"ORBITWATCH_ARCHIVE": place}
    assert Settings.from_environment(environment).archive == place


def test_a_flow_listens_on_this_machine_only_unless_told_otherwise():
    assert ip_address(Settings().listen).is_loopback


@pytest.mark.parametrize(
    "address",
    [ALL_INTERFACES, "::", "::1", "10.0.0.7", "fe80::1%eth0", "flow-1.inside"],
)
def test_a_flow_can_listen_on_any_address(address):
    environment = {"ORBITWATCH_LISTEN": address}
    assert Settings.from_environment(environment).listen == address


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("ORBITWATCH_PARTITIONS", "3-0"),
        ("ORBITWATCH_PARTITIONS", "0..3"),
        ("ORBITWATCH_PARTITIONS", "-1"),
        ("ORBITWATCH_PARTITIONS", "0-999999999999"),
        ("ORBITWATCH_MOST_PARAMETERS", "0"),
        ("ORBITWATCH_MOST_PARAMETERS", "many"),
        ("ORBITWATCH_KAFKA", "broker"),
        ("ORBITWATCH_KAFKA", ""),
        ("ORBITWATCH_DATABASE", "mysql://localhost/db"),
        ("ORBITWATCH_LISTEN", ""),
        ("ORBITWATCH_LISTEN", "127.0.0.1:3030"),
        ("ORBITWATCH_LISTEN", "127.0.0.1/8"),
        ("ORBITWATCH_LISTEN", "127.0.0.1.5"),
        ("ORBITWATCH_LISTEN", "this machine"),
        ("ORBITWATCH_METRICS_PORT", "0"),
        ("ORBITWATCH_METRICS_PORT", "65536"),
        ("ORBITWATCH_HEALTH_PORT", "http"),
        ("ORBITWATCH_ARCHIVE", ""),
        ("ORBITWATCH_ARCHIVE", "ftp://host/folder"),
        ("ORBITWATCH_ARCHIVE", "s3://"),
        ("ORBITWATCH_ARCHIVE_MEGABYTES", "0"),
        ("ORBITWATCH_ARCHIVE_SECONDS", "0"),
        ("ORBITWATCH_LOST_OFFSET", "latest"),
        ("ORBITWATCH_FUTURE_SECONDS", "soon"),
        ("ORBITWATCH_FUTURE_SECONDS", "nan"),
        ("ORBITWATCH_RETRY_SECONDS", "-1"),
        ("ORBITWATCH_LOG_FORMAT", "xml"),
        ("ORBITWATCH_LOG_LEVEL", "info"),
        ("ORBITWATCH_OPEN_NOTIFY", "api.open-notify.org"),
        ("ORBITWATCH_OPEN_NOTIFY", "ftp://api.open-notify.org/"),
        ("ORBITWATCH_OPEN_NOTIFY", "http:///iss-now.json"),
        ("ORBITWATCH_OPEN_NOTIFY", "http://localhost:0/"),
        ("ORBITWATCH_OPEN_NOTIFY", "http://localhost:99999/"),
        ("ORBITWATCH_OPEN_NOTIFY", "http://localhost:x/"),
    ],
)
def test_a_wrong_value_is_refused_and_its_setting_named(key, text):
    with pytest.raises(SettingsError, match=key) as refusal:
        Settings.from_environment({key: text})
    assert "\n" not in str(refusal.value)


def test_other_kafka_settings_pass_through_to_the_client():
    settings = Settings.from_environment(
        {
            "ORBITWATCH_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "ORBITWATCH_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "ORBITWATCH_KAFKA_SSL_CA_LOCATION": "/etc/ssl/Ca.pem",
        }
    )
    assert settings.kafka_properties == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "ssl.ca.location": "/etc/ssl/Ca.pem",
    }


def test_a_kafka_setting_that_delivery_depends_on_is_refused():
    with pytest.raises(SettingsError, match="ORBITWATCH_KAFKA_AUTO_OFFSET_RESET"):
        Settings.from_environment({"ORBITWATCH_KAFKA_AUTO_OFFSET_RESET": "latest"})


def test_bytewax_listens_nowhere_although_the_environment_has_it_do_so(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("BYTEWAX_DATAFLOW_API_ENABLED", "1")
    keep_bytewax_from_serving()
    assert "BYTEWAX_DATAFLOW_API_ENABLED" not in os.environ
    keep_bytewax_from_serving()


SERVICE = {
    "SERVICE_HOST": "10.0.171.239",
    "SERVICE_PORT": "3030",
    "SERVICE_PORT_HTTP": "3030",
    "PORT": "tcp://10.0.171.239:3030",
    "PORT_3030_TCP": "tcp://10.0.171.239:3030",
    "PORT_3030_TCP_PROTO": "tcp",
    "PORT_3030_TCP_PORT": "3030",
    "PORT_3030_TCP_ADDR": "10.0.171.239",
    "PORT_53_UDP": "udp://10.0.171.239:53",
}


@pytest.mark.parametrize(
    "service",
    [
        "",
        "KAFKA_",
        "DATABASE_",
        "KAFKA_HEADLESS_",
        "METRICS_",
        "HEALTH_",
        "SPACECRAFT_",
    ],
)
def test_what_kubernetes_writes_for_a_service_is_passed_over(service: str):
    written = {f"ORBITWATCH_{service}{key}": text for key, text in SERVICE.items()}
    assert Settings.from_environment(written) == Settings()


@pytest.mark.parametrize(
    "key", ["ORBITWATCH_SERVICE_HOSTS", "ORBITWATCH_PORTS", "ORBITWATCH_METRICS_PORT"]
)
def test_what_only_looks_like_it_is_refused_as_before(key: str):
    with pytest.raises(SettingsError, match=key):
        Settings.from_environment({key: "10.0.171.239"})


@pytest.mark.parametrize(
    "ports",
    [
        {"ORBITWATCH_HEALTH_PORT": "3030"},
        {"ORBITWATCH_METRICS_PORT": "3031"},
        {"ORBITWATCH_METRICS_PORT": "99", "ORBITWATCH_HEALTH_PORT": "99"},
    ],
)
def test_one_port_for_two_pages_is_refused_by_both_names(ports: dict[str, str]):
    both = "ORBITWATCH_HEALTH_PORT: is .*ORBITWATCH_METRICS_PORT"
    with pytest.raises(SettingsError, match=both):
        Settings.from_environment(ports)
