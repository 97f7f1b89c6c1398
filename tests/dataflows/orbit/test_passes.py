"""A clock that is set back makes passes come again; their revisions go on."""

from collections.abc import Callable

from dataflows.orbit.passes import KEPT_US, Foreseen, Observed, PassBook

MINUTE_US = 60_000_000
FOUND = Foreseen("Kiruna", 100 * MINUTE_US, 105 * MINUTE_US, 110 * MINUTE_US, 45.0)


def seen(minute: int, rises: bool) -> Observed:
    at_us = minute * MINUTE_US
    return Observed("Kiruna", rises, at_us, at_us, at_us, 5.0)


def test_a_foreseen_pass_that_was_in_view_is_predicted_again():
    book = PassBook()
    book.foresee(FOUND, 0)
    assert book.observe(seen(101, True)).state == "IN_VIEW"
    book.begin_anew()
    [again] = PassBook.load(book.dump()).reopened(20 * MINUTE_US)
    assert (again.state, again.revision, again.aos_us) == ("PREDICTED", 2, None)


def test_a_pass_in_view_that_nobody_foresaw_is_over():
    book = PassBook()
    book.observe(seen(101, True))
    book.begin_anew()
    [over] = book.reopened(20 * MINUTE_US)
    assert (over.state, over.revision, over.los_us) == ("OVER", 1, None)
    assert list(book.reopened(21 * MINUTE_US)) == []


def test_a_pass_that_was_seen_is_not_foreseen_again_but_goes_on_if_it_comes():
    book = PassBook()
    book.foresee(FOUND, 0)
    book.observe(seen(101, True))
    book.observe(seen(109, False))
    assert list(book.reopened(20 * MINUTE_US)) == []
    assert book.foresee(FOUND, 20 * MINUTE_US) is None
    again = book.observe(seen(102, True))
    assert (again.state, again.revision, again.los_us) == ("IN_VIEW", 3, None)


def test_passes_that_are_closed_are_forgotten_after_a_day_or_if_none_can_come_again():
    book, empty = PassBook(), PassBook().dump()
    book.foresee(FOUND, 0)
    assert [one.state for one in book.overdue(900 * MINUTE_US)] == ["NOT_OBSERVED"]
    assert list(book.reopened(900 * MINUTE_US)) == []
    assert book.dump() != empty
    assert list(book.reopened(800 * MINUTE_US)) == []
    assert book.dump() == empty
    book.foresee(FOUND, 0)
    assert list(book.overdue(900 * MINUTE_US))
    book.foresee(FOUND._replace(station="Kourou"), 0)
    [last] = book.overdue(901 * MINUTE_US + KEPT_US)
    assert last.station == "Kourou"
    assert b"Kiruna" not in book.dump()


def test_whatever_changes_stands_in_what_is_dumped_next():
    """It is kept from one dump to the next, as it seldom changes."""
    kept, plain = PassBook(), PassBook()
    other = FOUND._replace(station="Kourou")
    changes: list[Callable[[PassBook], object]] = [
        lambda book: book.foresee(FOUND, 0),
        lambda book: book.foresee(other, 0),
        lambda book: book.observe(seen(101, True)),
        lambda book: book.begin_anew(),
        lambda book: list(book.reopened(20 * MINUTE_US)),
        lambda book: list(book.overdue(900 * MINUTE_US)),
        lambda book: list(book.reopened(899 * MINUTE_US)),
        lambda book: book.foresee(FOUND, 0),
        lambda book: book.forget(set()),
        lambda book: book.observe(seen(101, True)),
        lambda book: book.observe(seen(109, False)),
    ]
    dumps = [kept.dump()]
    for change in changes:
        change(kept)
        change(plain)
        dumps.append(kept.dump())
        assert dumps[-1] != dumps[-2]
    assert dumps[-1] == plain.dump()


def test_a_pass_may_be_two_minutes_late_before_it_counts_as_not_observed():
    book = PassBook()
    book.foresee(FOUND, 0)
    assert list(book.overdue(112 * MINUTE_US)) == []
    [gone] = book.overdue(112 * MINUTE_US + 1)
    assert gone.state == "NOT_OBSERVED"
