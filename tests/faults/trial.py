"""One trial: the plan is carried out, then all is compared."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from subprocess import TimeoutExpired

from tests.faults.disturbances import disturb
from tests.faults.feed import FeedFailed
from tests.faults.plan import Step
from tests.faults.reference import undisturbed
from tests.faults.stored import archived_in, rows_of_archive, stored_in
from tests.faults.supervised import Exit
from tests.faults.verdict import Fault, judgement, presence
from tests.faults.world import Means, World

# New partitions are looked for once a minute, and all may have to start anew.
CATCH_UP_S = 240.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial found: nothing, if all is well."""

    faults: Sequence[str]
    figures: Sequence[str]
    logs: Sequence[Path]


def run_trial(
    plan: Sequence[Step],
    seed: int,
    folder: Path,
    means: Means,
    say: Callable[[str], None],
) -> Outcome:
    """Carries out the plan; the logs stay in `folder`."""
    with World(folder, seed, means, say) as world:
        logs = [world.flow.log, world.archiver.log]
        try:
            _carry_out(world, plan)
            faults, figures = _judge(world)
        except (TimeoutError, FeedFailed) as error:
            faults, figures = [str(error)], []
        finally:
            for unit in world.units.values():
                unit.close()
            for name, log in (
                ("broker", world.kafka.log),
                ("database", world.postgres.log),
            ):
                kept = folder / f"{name}.log"
                kept.write_bytes(log.read_bytes())
                logs.append(kept)
            for flow in (world.flow, world.archiver):
                if flow.is_running():
                    flow.kill()
        faults += world.problems
        faults += [str(one) for unit in world.units.values() for one in unit.problems]
        faults += [f"no clear last line: {end}" for end in _unclear(world.exits)]
        return Outcome(faults, [*figures, *_tally(world.exits)], logs)


def _carry_out(world: World, plan: Sequence[Step]) -> None:
    for unit in ("broker", "database", "flow", "archive"):
        world.units[unit].start()
    world.feed.start()
    world.wait_for(world.is_begun, "the first samples")
    for step in plan:
        time.sleep(step.after_s)
        world.note(str(step))
        disturb(world, step)
    world.wait_for_later()
    world.feed.end()
    world.note("no more disturbances and messages")


def _judge(world: World) -> tuple[list[str], list[str]]:
    """Faults and figures, once all that will be stored is."""
    faults: list[Fault] = []
    try:
        world.wait_for(lambda: _all_is_there(world), "all samples", CATCH_UP_S)
    except TimeoutError:
        world.note("not all is there; what is there is compared")
    for name in ("flow", "archive"):
        world.units[name].close()
    stopped = [*_stopped(world)]
    stored, archived = stored_in(world.database), archived_in(world.archived)
    kept = world.ledger.kept(stored.samples.__contains__)
    kept_in_archive = world.ledger.kept(archived.__contains__)
    faults += presence("database", kept.samples, Counter(stored.samples.keys()))
    faults += presence("archive", kept_in_archive.samples, archived)
    rows = rows_of_archive(world.archived)
    if rows != archived.total():
        faults.append(
            Fault("rows of Parquet more than our reader finds", rows - archived.total())
        )
    world.note("comparing with an undisturbed run")
    reference = undisturbed(kept.messages, world.partitions, world.folder / "reference")
    faults += judgement(stored, reference, world.scored)
    figures = [
        f"{world.ledger.samples()} samples confirmed by Kafka",
        f"{len(stored.samples)} stored, {archived.total()} archived; given up with "
        f"unread topics: {kept.given_up} and {kept_in_archive.given_up}",
        f"{len(stored.anomalies)} anomalies, {len(stored.expected)} expected ranges",
        f"{len(world.choices)} times told to go on",
    ]
    if world.scored is not None:
        figures.append(
            f"scores of {len(world.scored)} compared: the database was restored"
        )
    return [*stopped, *(str(fault) for fault in faults)], figures


def _stopped(world: World) -> Iterator[str]:
    """Stops the flows, as an operator does; tells which did not end well."""
    for flow in (world.flow, world.archiver):
        try:
            code = flow.end(SIGTERM)
        except TimeoutExpired:
            flow.kill()
            yield f"{flow.module} did not end when it was told to"
        else:
            if code:
                yield f"{flow.module} ended with {code} when it was told to end"


def _all_is_there(world: World) -> bool:
    """Whether there is everything but what may have been given up."""
    stored = stored_in(world.database).samples
    archived = archived_in(world.archived)
    return all(
        sample in place
        for place in (stored, archived)
        for sample in world.ledger.kept(place.__contains__).samples
    )


def _unclear(exits: Sequence[Exit]) -> Iterator[Exit]:
    """Flows that ended, but not by our hand, without a word to the operator."""
    for end in exits:
        if end.name in ("flow", "archive") and not end.is_clear:
            yield end


def _tally(exits: Sequence[Exit]) -> list[str]:
    counts = Counter(end.name for end in exits)
    return [f"{name} ended and was started {n} times" for name, n in counts.items()]
