"""What each kind of disturbance does to the world."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from signal import SIGKILL, SIGQUIT, SIGTERM
from typing import TypeAlias

import psycopg
from confluent_kafka.admin import NewPartitions
from psycopg import sql

from tests.faults.plan import Kind, Step, Target
from tests.faults.stored import stored_in
from tests.faults.supervised import children_of, send
from tests.faults.telemetry import Sample, streams_of
from tests.faults.world import DATABASE, TOPIC, World

BACKUP = "backup"
STATE_BACKUP = "state backup"
DRAIN_S = 240.0

CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = %s AND pid <> pg_backend_pid()
"""

Act: TypeAlias = Callable[[World, Step], None]


def disturb(world: World, step: Step) -> None:
    """Does what the step says; what takes longer goes on by itself."""
    ACTS[step.disturbance.kind](world, step)


def _kill(world: World, step: Step) -> None:
    # PostgreSQL's own word for an end without any order.
    number = SIGQUIT if step.disturbance.target is Target.DATABASE else SIGKILL
    world.units[step.disturbance.target].signal(number, step.size)


def _stop(world: World, step: Step) -> None:
    world.units[step.disturbance.target].signal(SIGTERM, step.size)


def _stall(world: World, step: Step) -> None:
    world.units[step.disturbance.target].stall(step.size)


def _kill_backend(world: World, step: Step) -> None:
    """Of any connection; the server then starts all of them anew."""
    pid = world.postgres.pid
    backends = children_of(pid) if pid else []
    if backends:
        send(random.Random(step.number).choice(backends), SIGKILL)


def _cut(world: World, _: Step) -> None:
    # Where it is down, there is nothing to cut.
    with (
        suppress(psycopg.Error),
        psycopg.connect(world.postgres.uri, autocommit=True) as connection,
    ):
        connection.execute(CUT, [DATABASE])


def _step_clock(world: World, step: Step) -> None:
    if world.clock:
        world.moved_s = int(step.size)
        world.clock.move(world.moved_s)


def _fill(world: World, step: Step) -> None:
    disk = world.disks[step.disturbance.target]
    disk.fill()
    world.later(step.size, disk.free)


def _grow(world: World, _: Step) -> None:
    """A partition more, with a spacecraft of its own."""
    with world.replacing, world.feed.silence():
        new = world.partitions
        request = [NewPartitions(TOPIC, new + 1)]
        world.ask_kafka(lambda: world.admin.create_partitions(request)[TOPIC].result())
        world.partitions += 1
        world.wait_for(lambda: _partitions_of(world) == new + 1, "the new partition")
        world.feed.add(*streams_of(f"SAT-{new}", new))


def _partitions_of(world: World) -> int:
    known = world.admin.list_topics(TOPIC, timeout=5).topics[TOPIC]
    return len(known.partitions)


def _recreate(world: World, step: Step) -> None:
    all_read = step.disturbance.kind is Kind.RECREATE
    with world.replacing, world.feed.silence():
        if all_read:
            world.wait_for(world.all_is_learnt, "all to be read", DRAIN_S)
        world.explained.append(f"{step}: the topic was deleted")
        world.ask_kafka(lambda: world.admin.delete_topics([TOPIC])[TOPIC].result())
        world.wait_for(
            lambda: bool(known := world.known_topics()) and TOPIC not in known,
            "the end of the topic",
        )
        world.ledger.end_life(all_read=all_read)
        if not all_read and world.unlearnt_from is None:
            world.unlearnt_from = len(world.ledger.lives) - 1
        world.create_topic()


def _restore(world: World, step: Step) -> None:
    """The database as it was a while ago, under a flow that knows better."""
    world.replacing.acquire()
    _back_up(world)
    world.later(step.size, lambda: _put_back(world, step))


def _put_back(world: World, step: Step) -> None:
    try:
        world.explained.append(f"{step}: the database was restored")
        kept: set[Sample] = set()
        backup = world.database_named(BACKUP)
        world.ask_database(lambda: kept.update(stored_in(backup).samples))
        _restore_backup(world)
        sent = world.ledger.confirmed()
        world.wait_for(lambda: world.has_stored(sent), "what it lacked", DRAIN_S)
        world.judged_anew |= world.ledger.confirmed() - kept
    finally:
        world.replacing.release()


def _restore_with_state(world: World, step: Step) -> None:
    """Database and state folder as they were a while ago: as if nothing had been."""
    world.replacing.acquire()
    with world.units["flow"].down():
        _back_up(world)
        copy = world.folder / STATE_BACKUP
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(world.flow.recovery, copy)
    world.later(step.size, lambda: _put_both_back(world))


def _put_both_back(world: World) -> None:
    try:
        with world.units["flow"].down():
            _restore_backup(world)
            for file in [*world.flow.recovery.iterdir()]:
                os.unlink(file)
            world.wait_for(lambda: _state_is_copied(world), "room for the state")
    finally:
        world.replacing.release()


def _state_is_copied(world: World) -> bool:
    copy = world.folder / STATE_BACKUP
    try:
        shutil.copytree(copy, world.flow.recovery, dirs_exist_ok=True)
    except (OSError, shutil.Error):  # its disk is full
        return False
    return True


def _back_up(world: World) -> None:
    world.on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", BACKUP)
    _copy_database(world, BACKUP, DATABASE)


def _restore_backup(world: World) -> None:
    world.on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", DATABASE)
    _copy_database(world, DATABASE, BACKUP)
    world.on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", BACKUP)


def _copy_database(world: World, new: str, of: str) -> None:
    """Copies a database, which nobody may be connected to meanwhile."""
    world.on_server("ALTER DATABASE {} ALLOW_CONNECTIONS false", of)
    try:
        world.wait_for(lambda: _is_copied(world, new, of), "a copy of the database")
    finally:
        world.on_server("ALTER DATABASE {} ALLOW_CONNECTIONS true", of)


def _is_copied(world: World, new: str, of: str) -> bool:
    try:
        with psycopg.connect(world.postgres.uri, autocommit=True) as connection:
            connection.execute(CUT, [of])
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(new), sql.Identifier(of)
                )
            )
    except psycopg.errors.DuplicateDatabase:
        return True
    except psycopg.Error:
        return False
    return True


ACTS: dict[Kind, Act] = {
    Kind.KILL: _kill,
    Kind.STOP: _stop,
    Kind.STALL: _stall,
    Kind.KILL_BACKEND: _kill_backend,
    Kind.CUT: _cut,
    Kind.STEP: _step_clock,
    Kind.FILL: _fill,
    Kind.GROW: _grow,
    Kind.RECREATE: _recreate,
    Kind.RECREATE_UNREAD: _recreate,
    Kind.RESTORE: _restore,
    Kind.RESTORE_WITH_STATE: _restore_with_state,
}
