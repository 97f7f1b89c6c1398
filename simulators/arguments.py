"""The commands of all systems: how one is added, and the options that several share."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from connectors.command import Parser, instant, number, whole
from connectors.messages.wire import Packet
from connectors.topics import Topic
from simulators.faults import FaultPlan
from simulators.pacing import EventPacer, Pacer
from simulators.play import Play, Player
from simulators.replay import Pace

DEFAULT_TRUTH = Path("injected_faults.csv")

# argparse has no public name for it.
Commands: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001
"""Where the commands of systems are added."""


def new_command(
    systems: Commands, name: str, summary: str, about: tuple[str, str], play: Player
) -> Parser:
    """Adds the command `name`; `about` stands above and below its options."""
    description, epilog = about
    command = systems.add_parser(
        name,
        help=summary,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(play=play)
    return command


def add_general(
    command: Parser, interval_s: str, start: str, rate: str = "max"
) -> None:
    """Adds how much is played, how, and with which faults.

    `interval_s`, `start` and `rate` say what is taken where nothing is said.
    """
    _add_sampling(command.add_argument_group("how much is played"))
    _add_pace(command.add_argument_group("how it is played"), interval_s, start, rate)
    add_faults(command, FaultPlan())


def general_play(
    options: argparse.Namespace,
    topic: Topic,
    packets: Iterator[Packet],
    total: int | None,
    unasked: Pace | None = None,
) -> Play:
    """These packets, as was asked for by the options of `add_general`.

    `unasked` is their pace where none was asked for; None is no limit.
    """
    plan = FaultPlan(options.warm_up, options.fault_gap)
    asked = None if options.rate == math.inf else options.rate
    pace = unasked if options.rate is None and unasked else Pacer(asked)
    return Play(packets, total, topic, pace, plan, options.arrow)


def add_seed(group: argparse._ArgumentGroup) -> None:
    """Adds `--seed`."""
    group.add_argument(
        "--seed",
        type=whole(0, 2**63 - 1),
        default=0,
        metavar="N",
        help="the same seed gives the same telemetry and the same faults (default 0)",
    )


def speed(text: str) -> float | None:
    """A parser of speeds, as multiples of the real one; None is no limit."""
    return None if text == "max" else number(1e-3, 1e9)(text)


def rate(text: str) -> float:
    """A parser of packets a second; infinity is no limit."""
    return math.inf if text == "max" else number(1e-3, 1e9)(text)


def pace_of(times_as_fast: float | None) -> Pace:
    """The pace of events, so many times as fast; None is no limit."""
    return Pacer(None) if times_as_fast is None else EventPacer(times_as_fast)


def add_faults(
    command: argparse.ArgumentParser, plan: FaultPlan, nominal: str = "nominal"
) -> None:
    """Adds what is asked of faults; without them the mode has the name `nominal`."""
    add = command.add_argument_group("faults (with --mode anomaly)").add_argument
    add(
        "--mode",
        choices=[nominal, "anomaly"],
        default=nominal,
        help=f"anomaly: injects faults ({', '.join(plan.kinds)})",
    )
    add(
        "--truth",
        type=Path,
        metavar="FILE",
        help=f"where to write which faults were injected (default: {DEFAULT_TRUTH})",
    )
    add(
        "--warm-up",
        type=whole(0),
        default=plan.warm_up_samples,
        metavar="N",
        help=f"samples of a parameter without faults ({plan.warm_up_samples})",
    )
    add(
        "--fault-gap",
        type=whole(1),
        default=plan.mean_gap_samples,
        metavar="N",
        help="mean number of samples between two faults of a parameter "
        f"({plan.mean_gap_samples})",
    )


def _add_sampling(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--samples",
        type=whole(1),
        metavar="N",
        help="stop after N sample times (default: at the end of the data, or never)",
    )
    add_seed(group)


def _add_pace(
    group: argparse._ArgumentGroup, interval_s: str, start: str, unasked: str
) -> None:
    add = group.add_argument
    add(
        "--rate",
        type=rate,
        metavar="N|max",
        help=f"packets a second; max: as fast as Kafka takes them (default: {unasked})",
    )
    add(
        "--interval",
        type=number(1e-3, 86_400),
        metavar="SECONDS",
        help=f"event time between samples (default: {interval_s})",
    )
    add(
        "--start",
        type=instant,
        metavar="TIME",
        help=f"event time of the first sample (default: {start})",
    )
    add(
        "--arrow",
        type=whole(1, 100_000),
        default=1,
        metavar="N",
        help="N packets of a subsystem a message, as Arrow: the bulk form, which does "
        "not carry context, sequence or epoch (default: one a message, as JSON)",
    )
