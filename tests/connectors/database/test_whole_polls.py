"""Polls are put together from pieces whatever their order."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.database.whole_polls import Batch, WholePolls
from tests.connectors.telemetry import poll, scored
from tests.outcome import outcome

Stored = list[tuple[int, str]]


def pieces_of(batch: Batch) -> Stored:
    return [
        (poll.number, outcome(piece).samples.names[0].parameter)
        for poll, pieces in batch.polls
        for piece in pieces
    ]


def settled_by(batch: Batch) -> list[int]:
    return [each.number for each in batch.settled]


def test_pieces_that_arrive_together_are_a_poll_at_once():
    polls = WholePolls()
    polls.add([scored(poll(1, 2), [1], parameter=each) for each in "ab"])
    batch = polls.take()
    assert pieces_of(batch) == [(1, "a"), (1, "b")]
    assert settled_by(batch) == [1]


def test_a_poll_waits_for_its_last_piece():
    polls = WholePolls()
    polls.add([scored(poll(1, 2), [1], parameter="a")])
    assert polls.take() == Batch([], [])
    polls.add([scored(poll(1, 2), [1], parameter="b")])
    assert settled_by(polls.take()) == [1]


def test_a_whole_poll_waits_for_an_earlier_one_that_lacks_a_piece():
    polls = WholePolls()
    polls.add([scored(poll(1, 2), [1], parameter="a"), scored(poll(2), [1])])
    assert polls.take() == Batch([], [])
    polls.add([scored(poll(1, 2), [1], parameter="b")])
    assert settled_by(polls.take()) == [1, 2]


def test_what_came_by_a_timer_is_given_out_at_once():
    polls = WholePolls()
    timely = replace(scored(poll(1), []), poll=None)
    polls.add([scored(poll(1, 2), [1], parameter="a"), timely])
    assert polls.take() == Batch([], [], (timely,))
    assert not polls.take()


def test_a_poll_before_which_one_may_be_missing_is_given_out_but_not_settled():
    polls = WholePolls()
    polls.add([scored(poll(2), [1])])
    early = polls.take()
    assert pieces_of(early) == [(2, "voltage")]
    assert settled_by(early) == []
    polls.add([scored(poll(1), [1], parameter="current")])
    assert settled_by(polls.take()) == [1, 2]


def test_at_the_end_of_an_epoch_a_missing_number_is_a_poll_without_pieces():
    polls = WholePolls()
    polls.add([scored(poll(3), [1]), scored(poll(5), [1])])
    assert settled_by(polls.take()) == []
    assert settled_by(polls.take_all()) == [3, 5]
    polls.add([scored(poll(6), [1])])
    assert settled_by(polls.take()) == [6]
    assert not polls.take_all()
    polls.add([scored(poll(7), [1])])
    assert settled_by(polls.take()) == [7]


def test_a_piece_missing_at_the_end_of_an_epoch_is_an_error_that_says_so():
    polls = WholePolls()
    polls.add([scored(poll(1, 3), [1])])
    with pytest.raises(RuntimeError, match="poll 1 has 1 of 3 pieces"):
        polls.take_all()


@given(
    st.lists(st.sets(st.sampled_from("abcdef")), max_size=8),
    st.integers(1, 3),
    st.randoms(use_true_random=False),
)
def test_any_interleaving_gives_each_piece_once_and_positions_never_too_early(
    contents: list[set[str]], workers: int, chance: random.Random
):
    queues: list[list[tuple[int, str, int]]] = [[] for _ in range(workers)]
    for number, parameters in enumerate(contents, 1):
        for parameter in parameters:  # one worker has all of a parameter
            piece = (number, parameter, len(parameters))
            queues[ord(parameter) % workers].append(piece)
    polls = WholePolls()
    stored: Stored = []
    settled: list[int] = []

    def check(batch: Batch) -> None:
        stored.extend(pieces_of(batch))
        settled.extend(settled_by(batch))
        for number in range(1, max(settled, default=0) + 1):
            assert {(number, p) for p in contents[number - 1]} <= set(stored)

    while any(queues):
        number, parameter, count = chance.choice([q for q in queues if q]).pop(0)
        polls.add([scored(poll(number, count), [1], parameter=parameter)])
        check(polls.take())
    check(polls.take_all())
    assert len(stored) == len(set(stored)) == sum(map(len, contents))
    assert settled == [n for n, parameters in enumerate(contents, 1) if parameters]
    for each in "abcdef":
        numbers = [number for number, parameter in stored if parameter == each]
        assert numbers == sorted(numbers)
