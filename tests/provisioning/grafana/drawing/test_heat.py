"""Heat maps show each bucket alone."""

import numpy as np

from tests.provisioning.grafana.drawing.heat import cells
from tests.provisioning.grafana.results import Rows


def test_what_is_in_lower_buckets_too_is_taken_out():
    counted = [(0, "0.5", 1.0), (0, "+Inf", 4.0), (10, "0.5", 2.0), (10, "+Inf", 2.0)]
    bounds, times, counts = cells(Rows("A", ["time", "metric", "value"], counted))
    assert bounds == [0.5, np.inf]
    assert times == [0, 10]
    assert counts.tolist() == [[1, 2], [3, 0]]


def test_a_bucket_that_is_not_known_at_a_time_is_empty():
    counted = [(0, "1", 1.0), (10, "1", 2.0), (10, "2", 5.0)]
    _, _, counts = cells(Rows("A", ["time", "metric", "value"], counted))
    assert counts.tolist() == [[1, 2], [0, 3]]
