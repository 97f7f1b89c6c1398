"""The command line of `python -m simulators`: a command for each system that has one.

The module `simulators.<stem>.command` of a system adds it.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Protocol, cast

from connectors.command import Parser
from connectors.process.stopping import StopRequest
from connectors.settings import Settings
from connectors.systems import SYSTEMS
from simulators.arguments import Commands
from simulators.play import Play

ABOUT = "Telemetry for a system, from a file or made up."


class SimulatorCommand(Protocol):
    """What a module `simulators.<stem>.command` has."""

    def add_command(self, systems: Commands, /) -> None:
        """Adds the command, what can be asked of it, and who plays it."""

    def play(
        self, options: argparse.Namespace, settings: Settings, stop: StopRequest, /
    ) -> Play:
        """What was asked for; raises OrbitwatchError where that cannot be done."""


def parser() -> argparse.ArgumentParser:
    """What can be asked for on the command line."""
    top = Parser(prog="python -m simulators", description=ABOUT)
    systems = top.add_subparsers(dest="system", required=True, metavar="system")
    for command in simulator_commands():
        command.add_command(systems)
    return top


def simulator_commands() -> list[SimulatorCommand]:
    """The commands of all systems that have one."""
    return [
        cast(SimulatorCommand, import_module(f"{system.simulator}.command"))
        for system in SYSTEMS
        if system.command is not None
    ]
