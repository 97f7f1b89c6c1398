"""Medians, spread, rounds, and the steady part of a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.statistics import (
    Mark,
    Spread,
    TooShort,
    interleaved,
    number,
    percentile,
    ratio,
    steady,
)

FIGURES = st.lists(st.floats(0.001, 1e9), min_size=1, max_size=30)


@given(FIGURES)
def test_the_median_lies_within_the_spread(figures: list[float]):
    spread = Spread.of(figures)
    assert min(figures) == spread.low <= spread.median <= spread.high == max(figures)


@given(FIGURES, st.floats(0, 100))
def test_a_percentile_is_reached_by_so_many_and_no_smaller_one_is(
    figures: list[float], percent: float
):
    found = percentile(figures, percent)
    assert found in figures
    below = sum(figure <= found for figure in figures) / len(figures) * 100
    assert below >= percent - 1e-9
    smaller = [figure for figure in figures if figure < found]
    assert not smaller or len(smaller) / len(figures) * 100 < percent


def test_percentiles_are_those_of_the_nearest_rank():
    hundred = [float(n) for n in range(1, 101)]
    assert [percentile(hundred, p) for p in (50, 99, 100)] == [50, 99, 100]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0123456, "0.0123"),
        (1.5, "1.50"),
        (123.4, "123"),
        (999.9, "1000"),
        (123456, "123,000"),
    ],
)
def test_numbers_have_three_digits(value: float, text: str):
    assert number(value) == text


def test_one_round_has_no_spread_to_tell_of():
    assert str(Spread.of([2.0])) == "2.00"
    assert str(Spread.of([1.0, 2.0, 4.0])) == "2.00 (1.00-4.00)"


def test_rounds_are_interleaved_and_every_other_one_runs_backwards():
    order: list[str] = []

    def case(name: str):
        def measure() -> dict[str, float]:
            order.append(name)
            return {"s": float(len(order))}

        return measure

    said: list[str] = []
    found = interleaved({"a": case("a"), "b": case("b")}, 3, said.append)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert found == {"a": {"s": [1, 4, 5]}, "b": {"s": [2, 3, 6]}}
    assert said[2] == "  round 2 of 3: b"


def test_ratios_are_taken_within_rounds():
    assert ratio([2.0, 30.0, 8.0], [1.0, 10.0, 2.0]) == Spread(3.0, 2.0, 4.0)


def test_a_steady_run_is_measured_from_its_first_stored_batch():
    marks = [Mark(0, 0, 5), Mark(100, 10, 8), Mark(300, 11, 8.5), Mark(500, 12, 9)]
    assert steady(marks) == {
        "samples/s": 200,
        "CPU s per million": 2500,
        "cores busy": 0.5,
    }


@pytest.mark.parametrize(
    "marks", [[], [Mark(0, 1, 1)], [Mark(9, 1, 1)], [Mark(6, 1, 1), Mark(9, 2, 2)]]
)
def test_a_run_that_is_over_at_once_gives_no_figure(marks: list[Mark]):
    with pytest.raises(TooShort):
        steady(marks)
