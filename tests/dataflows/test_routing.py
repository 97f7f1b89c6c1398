"""Whatever the route, a flow that is cut and restarted finds the same bits."""

from collections.abc import Sequence
from datetime import timedelta

import bytewax.operators as op
import numpy as np
import pytest
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import TestingSink, TestingSource, run_main
from prometheus_client import CollectorRegistry

from connectors.decode.decoder import Decoder
from connectors.decode.routing import Route, by_spacecraft, by_subsystem, shard_of
from connectors.files.parameters import Definitions, ParameterDefinition
from connectors.messages.polls import Poll, Polled, ToStore
from connectors.messages.samples import ParameterName
from connectors.messages.times import moment
from connectors.messages.wire import Packet, encode_packet
from connectors.metrics import FlowMetrics
from dataflows.operators import by_shard, watch
from tests.outcome import outcome

SUBSYSTEMS = ("power", "thermal", "attitude")
PACKETS = 240

Scores = dict[ParameterName, list[float]]

SOON = {"rolling_z_score": {"warm_up_samples": 20, "persistence_samples": 1}}
DEFINITIONS = Definitions(
    ParameterDefinition(ParameterName("SAT", subsystem, parameter), detectors=SOON)
    for subsystem in SUBSYSTEMS
    for parameter in "ab"
)


def messages() -> list[bytes]:
    random = np.random.default_rng(7)
    return [
        encode_packet(
            Packet(
                spacecraft="SAT",
                subsystem=SUBSYSTEMS[number % 3],
                generation_time=moment(number * 10**6),
                values={"a": random.normal(), "b": random.normal()},
            )
        )
        for number in range(PACKETS)
    ]


def polls(route: Route, size: int) -> list[Polled]:
    decoder, found, sent = Decoder(1e12, route=route), list[Polled](), messages()
    for number, first in enumerate(range(0, PACKETS, size), start=1):
        part = sent[first : first + size]
        decoded = decoder.decode(part, [None] * len(part), np.zeros(len(part), int))
        poll = Poll(number, len(decoded.samples), (), 0)
        pieces = zip(decoded.samples, decoded.shards, strict=True)
        found += [Polled(samples, poll, shard) for samples, shard in pieces]
    return found


def run(items: Sequence[Polled], recovery: RecoveryConfig | None) -> Sequence[ToStore]:
    out: list[tuple[str, ToStore]] = []
    flow = Dataflow("routed")
    source = TestingSource(items, batch_size=1)
    sharded = by_shard("sharded", op.input("in", flow, source))
    metrics = FlowMetrics(CollectorRegistry())
    op.output("out", watch("watch", sharded, DEFINITIONS, metrics), TestingSink(out))
    run_main(flow, epoch_interval=timedelta(0), recovery_config=recovery)
    assert {key for key, _ in out} <= {f"shard {one.shard:02}" for one in items}
    return [piece for _, piece in out]


def scores_of(pieces: Sequence[ToStore]) -> Scores:
    found: Scores = {}
    for one in map(outcome, pieces):
        for place, name in enumerate(one.samples.names):
            rows = one.scores[one.samples.rows(place)].tolist()
            found.setdefault(name, []).extend(rows)
    return found


@pytest.mark.parametrize("route", [by_subsystem, by_spacecraft])
def test_other_cuts_and_a_restart_give_the_same_scores(route: Route, tmp_path):
    whole = scores_of(run(polls(route, PACKETS), None))
    assert len(whole) == 2 * len(SUBSYSTEMS)
    assert any(score > 0 for scores in whole.values() for score in scores)
    init_db_dir(tmp_path, 1)
    items = polls(route, 7)
    # The source goes on where it ended, as Kafka's does, in a process of its own.
    pieces: list[ToStore] = []
    for count in (len(items) // 3, len(items)):
        pieces += run(items[:count], RecoveryConfig(str(tmp_path)))
    assert scores_of(pieces) == whole


def test_the_subsystems_of_a_spacecraft_meet_only_where_the_route_says_so():
    def meeting(route: Route) -> list[set[str]]:
        pieces = [outcome(one) for one in run(polls(route, PACKETS), None)]
        return [{name.subsystem for name in one.samples.names} for one in pieces]

    assert meeting(by_spacecraft) == [{*SUBSYSTEMS}]
    shards = {shard_of(f"SAT/{subsystem}") for subsystem in SUBSYSTEMS}
    assert len(meeting(by_subsystem)) == len(shards) > 1
