"""What must be there: everything, but for the ends of topics that went unread."""

from itertools import islice

import pytest

from tests.faults.ledger import Ledger
from tests.faults.telemetry import PARAMETERS, Sample, Stream, packets

STREAM = Stream("SAT-0", "power", 0)
SENT = [*islice(packets(STREAM, seed=1), 10)]
SAMPLES = [sample for sent in SENT for sample in sent.samples]
EACH = len(PARAMETERS)


@pytest.fixture
def ledger() -> Ledger:
    """Five messages in a topic that was deleted unread, and five in the next one."""
    ledger = Ledger()
    for offset, sent in enumerate(SENT[:5]):
        ledger.confirm(0, 0, offset, sent)
    ledger.end_life(all_read=False)
    for offset, sent in enumerate(SENT[5:]):
        ledger.confirm(1, 0, offset, sent)
    return ledger


def kept_where(ledger: Ledger, there: list[Sample]) -> tuple[list[Sample], int]:
    kept = ledger.kept({*there}.__contains__)
    return [*kept.samples], kept.given_up


def test_what_was_read_of_a_deleted_topic_must_be_there_and_the_rest_need_not(
    ledger: Ledger,
):
    there = SAMPLES[: 3 * EACH]
    wanted, given_up = kept_where(ledger, there)
    assert wanted == SAMPLES[: 3 * EACH] + SAMPLES[5 * EACH :]
    assert given_up == 2 * EACH


def test_a_gap_before_what_was_read_is_no_end(ledger: Ledger):
    wanted, given_up = kept_where(ledger, SAMPLES[2 * EACH : 3 * EACH])
    assert wanted == SAMPLES[: 3 * EACH] + SAMPLES[5 * EACH :]
    assert given_up == 2 * EACH


def test_a_message_that_is_there_in_part_must_be_there_whole(ledger: Ledger):
    wanted, _ = kept_where(ledger, [SAMPLES[3 * EACH]])
    assert wanted == SAMPLES[: 4 * EACH] + SAMPLES[5 * EACH :]


def test_a_topic_that_was_read_before_it_was_deleted_must_be_there_whole():
    ledger = Ledger()
    ledger.confirm(0, 0, 0, SENT[0])
    ledger.end_life(all_read=True)
    assert kept_where(ledger, []) == ([*SENT[0].samples], 0)


def test_messages_come_in_the_order_of_their_offsets():
    late = Ledger()
    for offset in (4, 0, 2, 1, 3):
        late.confirm(0, 0, offset, SENT[offset])
    messages = late.kept(lambda _: False).messages
    assert messages == [(0, sent) for sent in SENT[:5]]


def test_all_that_was_confirmed_is_counted(ledger: Ledger):
    assert ledger.samples() == len(SAMPLES)
    assert ledger.confirmed() == {*SAMPLES}
    assert ledger.confirmed(1) == {*SAMPLES[5 * EACH :]}
