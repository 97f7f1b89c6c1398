"""A transaction that stays open is named, once, and nothing else is."""

import pytest

from connectors.kafka.open_transactions import OpenTransactions


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture):
    return lambda: [record.getMessage() for record in caplog.records]


def test_a_partition_that_stands_still_at_an_open_transaction_is_named_once(told):
    transactions = OpenTransactions("telemetry")
    for _ in range(4):
        transactions.look(3, 10, 15, lambda: 10)
    [line] = told()
    assert "telemetry[3]" in line
    assert "holds back 5 messages from offset 10" in line
    # The next one is told of too.
    transactions.look(3, 20, 21, lambda: 20)
    assert len(told()) == 1
    transactions.look(3, 20, 21, lambda: 20)
    assert len(told()) == 2


def test_what_is_only_slow_or_read_to_its_end_is_not_asked_about(told):
    transactions = OpenTransactions("telemetry")

    def nobody_asks() -> int:
        raise AssertionError

    for offset in (10, 11, 12):
        transactions.look(0, offset, 50, nobody_asks)
        transactions.look(1, 50, 50, nobody_asks)
    assert told() == []


@pytest.mark.parametrize("stable_end", [15, -1])
def test_a_partition_that_waits_for_its_broker_is_in_no_transaction(told, stable_end):
    transactions = OpenTransactions("telemetry")
    for _ in range(3):
        transactions.look(0, 10, 15, lambda: stable_end)
    assert told() == []
