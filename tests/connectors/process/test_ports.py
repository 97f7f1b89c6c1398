"""Ports are looked at before they are used, and what refuses them is named."""

import socket

import pytest

from connectors.errors import SettingsError
from connectors.process.ports import check_ports, has_ipv4
from connectors.settings import ALL_INTERFACES, LOOPBACK, Settings
from tests.services.ports import free_port


def settings(**given: object) -> Settings:
    return Settings(
        **{"metrics_port": free_port(), "health_port": free_port(), **given}  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("address", [LOOPBACK, ALL_INTERFACES, "localhost"])
def test_free_ports_are_free_afterwards_too(address: str):
    given = settings(listen=address)
    for _ in range(2):
        said = check_ports(given)
        assert f"{given.metrics_port} on {address}" in said
        assert f"{given.health_port} on {address}" in said
    assert has_ipv4(given)


@pytest.mark.parametrize("setting", ["metrics_port", "health_port"])
@pytest.mark.parametrize("address", [LOOPBACK, ALL_INTERFACES])
def test_a_taken_port_is_named_by_its_setting(address: str, setting: str):
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        expected = f"ORBITWATCH_{setting.upper()}: cannot listen on port {port}"
        with pytest.raises(SettingsError, match=expected):
            check_ports(settings(listen=address, **{setting: port}))


@pytest.mark.parametrize("address", ["192.0.2.1", "no-such-name.invalid"])
def test_an_address_of_another_machine_is_named(address: str):
    with pytest.raises(SettingsError, match=f"ORBITWATCH_LISTEN.*{address}"):
        check_ports(settings(listen=address))
