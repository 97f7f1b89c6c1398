"""Holds what was stored, archived and told against what Kafka confirmed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from subprocess import TimeoutExpired

from tests.end_to_end.flow_process import Flow
from tests.faults.ledger import Kept
from tests.faults.reference import undisturbed
from tests.faults.stored import Stored, archived_in, rows_of_archive, stored_in
from tests.faults.supervised import Exit
from tests.faults.told import revisions_told
from tests.faults.verdict import Fault, judgement, presence, telling
from tests.faults.world import TOPIC, World

# New partitions are looked for once a minute, and all may have to start anew.
CATCH_UP_S = 240.0
# How a flow says that it cannot have something any more, or that a topic is gone.
NAMED = re.compile(
    rf"(?:WARNING|CRITICAL) orbitwatch.*{re.escape(TOPIC)}.*"
    r"(?:lost|no longer|another one|created again)"
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found to be wrong, and how much was compared."""

    faults: list[str]
    figures: list[str]


def judge(world: World) -> Judged:
    """Waits until all is stored that will be, stops the flows, and compares."""
    try:
        world.wait_for(world.all_is_there, "all samples", CATCH_UP_S)
    except TimeoutError:
        world.note("not all is there; what is there is compared")
    for name in ("flow", "archive"):
        world.units[name].close()
    faults = [*_stop(world.flow), *_stop(world.archiver)]
    stored, archived = stored_in(world.database), archived_in(world.archived)
    kept = world.ledger.kept(stored.samples.__contains__)
    kept_in_archive = world.ledger.kept(archived.__contains__)
    faults += [*_unnamed(world.flow, kept), *_unnamed(world.archiver, kept_in_archive)]
    world.note("comparing with an undisturbed run")
    reference = undisturbed(kept.messages, world.partitions, world.folder / "reference")
    judged_anew = world.judged_anew
    if world.unlearnt_from is not None:
        judged_anew = judged_anew | world.ledger.confirmed(world.unlearnt_from)
    compared = [
        *presence("database", kept.samples, Counter(stored.samples.keys())),
        *presence("archive", kept_in_archive.samples, archived),
        *_rows_beyond(world.archived, archived.total()),
        *judgement(stored, reference, judged_anew),
        *telling(stored, revisions_told(world.kafka.bootstrap), judged_anew),
    ]
    return Judged(
        [*faults, *map(str, compared)],
        [
            *_figures(world, stored, kept),
            f"{archived.total()} samples archived",
            f"{len(stored.samples.keys() - judged_anew)} scores compared",
        ],
    )


def unclear(exits: list[Exit]) -> Iterator[str]:
    """Flows that ended, but not by our hand, without a word to the operator."""
    for end in exits:
        if end.name in ("flow", "archive") and not end.is_clear:
            yield f"no clear last line: {end}"


def _stop(flow: Flow) -> Iterator[str]:
    """Stops a flow as an operator does; tells if it does not end well."""
    try:
        code = flow.end(SIGTERM)
    except TimeoutExpired:
        flow.kill()
        yield f"{flow.module} did not end when it was told to"
    else:
        if code:
            yield f"{flow.module} ended with {code} when it was told to end"


def _unnamed(flow: Flow, kept: Kept) -> Iterator[str]:
    """What went with a deleted topic must have been told of."""
    if kept.given_up and not NAMED.search(flow.log.read_text(errors="replace")):
        yield (
            f"{kept.given_up} samples went with a topic before {flow.module} read "
            "them, and it says nothing of that"
        )


def _rows_beyond(folder: Path, archived: int) -> Iterator[Fault]:
    """What others find in the files, but our own reader does not."""
    if beyond := rows_of_archive(folder) - archived:
        yield Fault("rows in Parquet files that do not count", beyond)


def _figures(world: World, stored: Stored, kept: Kept) -> Iterator[str]:
    yield f"{world.ledger.samples()} samples confirmed by Kafka"
    yield f"{len(stored.samples)} samples stored"
    yield f"{len(stored.anomalies)} anomalies, {len(stored.expected)} expected ranges"
    if kept.given_up:
        yield f"{kept.given_up} samples given up with deleted topics"
    if world.choices:
        yield f"{len(world.choices)} times told to go on after what is lost"
    for name, count in sorted(Counter(end.name for end in world.exits).items()):
        yield f"{count} ends of {name}"
