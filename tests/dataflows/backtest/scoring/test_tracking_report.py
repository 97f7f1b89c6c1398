"""Tables of figures: the worst flight counts, and what is not known is not shown."""

import pytest

from dataflows.backtest.scoring.tracking_report import launches_table, worst

BETTER = {"event_error_s": -1, "spike_found": 1}
FLOWN: dict[str, dict[str, float | None]] = {
    "first": {"event_error_s": 1.0, "spike_found": 0.5},
    "second": {"event_error_s": 2.0, "spike_found": 1.0},
}


def test_the_worst_flight_counts_whichever_way_a_figure_is_better():
    assert worst(FLOWN, BETTER) == {"event_error_s": 2.0, "spike_found": 0.5}


@pytest.mark.parametrize("flight", ["first", "second"])
def test_what_one_flight_does_not_tell_all_do_not(flight):
    flown = {**FLOWN, flight: {"event_error_s": None, "spike_found": 1.0}}
    assert worst(flown, BETTER)["event_error_s"] is None
    (line,) = (
        line for line in launches_table(flown, BETTER).splitlines() if "[s]" in line
    )
    assert " - |" in line
