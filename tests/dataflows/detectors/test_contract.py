"""What every detector promises; a new one is tested by adding a line."""

import copy
import pickle
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.detectors import Detector, registry
from dataflows.detectors.arx_residual import ArxResidual
from dataflows.detectors.counter import Counter
from dataflows.detectors.half_space_trees import HalfSpaceTrees
from dataflows.detectors.impossible_value import ImpossibleValue
from dataflows.detectors.limits import Limits
from dataflows.detectors.peaks_over_threshold import PeaksOverThreshold
from dataflows.detectors.rate_of_change import RateOfChange
from dataflows.detectors.record_envelope import RecordEnvelope
from dataflows.detectors.rolling_median import RollingMedian
from dataflows.detectors.rolling_z_score import RollingZScore
from dataflows.detectors.stuck_value import StuckValue
from dataflows.detectors.weighted_z_score import WeightedZScore
from dataflows.state.snapshot import SnapshotError

LEARNING: dict[str, Callable[[], Detector]] = {
    "record": RecordEnvelope,
    "record_quick": lambda: RecordEnvelope(blind_samples=60, veto_samples=90),
    "record_prescaled": lambda: RecordEnvelope(prescaled=True),
    "arx": ArxResidual,
    "arx_quick": lambda: ArxResidual(blind_samples=100, window_samples=300),
    "z": RollingZScore,
    "z_tiny": lambda: RollingZScore(
        window_samples=5, warm_up_samples=2, persistence_samples=1, threshold=2
    ),
    "z_strict": lambda: RollingZScore(
        window_samples=40,
        warm_up_samples=5,
        persistence_samples=3,
        learn_anomalies=False,
        readapt_after_samples=9,
    ),
    "trees": lambda: HalfSpaceTrees(window_samples=50),
    "trees_strict": lambda: HalfSpaceTrees(
        n_trees=3,
        height=4,
        window_samples=20,
        threshold=0.9,
        learn_anomalies=False,
        readapt_after_samples=9,
    ),
    "trees_fixed": lambda: HalfSpaceTrees(
        window_samples=300, limits=(0.0, 50.0), quantile=None, threshold=0.99
    ),
    "weighted_z": WeightedZScore,
    "weighted_z_strict": lambda: WeightedZScore(
        tau_samples=20,
        warm_up_samples=5,
        threshold=3,
        persistence_samples=1,
        learn_anomalies=False,
        readapt_after_samples=9,
    ),
    "median": RollingMedian,
    "median_even": lambda: RollingMedian(
        window_samples=40,
        warm_up_samples=5,
        persistence_samples=2,
        learn_anomalies=False,
        readapt_after_samples=9,
    ),
    "spot": lambda: PeaksOverThreshold(depth_samples=0, calibration_samples=100),
    "dspot": lambda: PeaksOverThreshold(
        depth_samples=20, calibration_samples=50, kept_peaks=10, readapt_after_samples=9
    ),
}
DETECTORS = {
    **LEARNING,
    "limits": lambda: Limits(10.0, 30.0, 0.0, 40.0),
    "limits_open": lambda: Limits(soft_high=30.0),
    "no_limits": Limits,
    "limits_patient": lambda: Limits(
        10.0,
        30.0,
        0.0,
        40.0,
        raise_after_samples=2,
        raise_after_seconds=1.5,
        clear_after_samples=3,
        clear_after_seconds=4.0,
        deadband=0.5,
    ),
    "rate": lambda: RateOfChange(highest_per_second=1.0, highest_fall_per_second=0.5),
    "stuck": lambda: StuckValue(longest_samples=6000, longest_seconds=6000.0),
    "stuck_learnt": lambda: StuckValue(warm_up_samples=50),
    "impossible": lambda: ImpossibleValue(highest=30.0, whole_numbers=False),
    "counter": lambda: Counter(modulo=16384),
}
every_detector = pytest.mark.parametrize("make", DETECTORS.values(), ids=DETECTORS)
every_learner = pytest.mark.parametrize("make", LEARNING.values(), ids=LEARNING)

finite = st.floats(allow_nan=False, allow_infinity=False)
values_lists = st.lists(st.one_of(finite, st.sampled_from([0.0, 1e308, 5e-324, 1.0])))


def run(detector: Detector, values: np.ndarray, start: int = 0) -> np.ndarray:
    seconds = np.arange(start, start + len(values))
    return detector.update(seconds * 1_000_000, values)


def cut(detector: Detector, values: np.ndarray, cuts: list[int]) -> np.ndarray:
    edges = pairwise([0, *sorted(cuts), len(values)])
    return np.concatenate([run(detector, values[a:b], a) for a, b in edges])


def test_every_detector_that_can_be_set_is_held_to_the_contract():
    assert {make().name for make in DETECTORS.values()} == {
        Limits.name,
        *registry.DETECTORS,
    }


@every_detector
def test_it_keeps_the_contract(make):
    assert isinstance(make(), Detector)


@every_detector
@given(cuts=st.lists(st.integers(0, 1500), max_size=8))
@settings(max_examples=10, deadline=None)
def test_batch_cuts_do_not_matter(make, cuts):
    values = stream()
    assert cut(make(), values, cuts).tobytes() == run(make(), values).tobytes()


@every_detector
@given(at=st.integers(0, 1500))
@settings(max_examples=10, deadline=None)
def test_a_restored_detector_continues_with_the_same_bits(make, at):
    values = stream()
    first, second = make(), make()
    run(first, values[:at])
    second.restore(first.snapshot())
    rest = values[at:]
    assert run(second, rest, at).tobytes() == run(first, rest, at).tobytes()
    assert second.snapshot() == first.snapshot()


def stream() -> np.ndarray:
    rng = np.random.default_rng(7)
    values = rng.normal(20.0, 0.5, 1500)
    values[600:] += 5.0
    values[[300, 301, 900, 1400]] = 1e3
    values[[10, 700, 701]] = np.nan
    values[1000:1100] = 25.0
    values[1200] = np.inf
    return values


@every_detector
def test_one_by_one_equals_a_batch(make):
    # Without missing ones: that time passed with them, single values cannot tell.
    values = stream()[11:700]
    one_by_one = make()
    scores = []
    for value in values.tolist():
        scores.append(one_by_one.score_one(value))
        one_by_one.learn_one(value)
    assert np.array(scores).tobytes() == run(make(), values).tobytes()


@every_detector
def test_scoring_one_changes_nothing(make):
    detector = make()
    run(detector, stream())
    before = detector.snapshot()
    assert detector.score_one(1e6) == detector.score_one(1e6)
    assert detector.snapshot() == before


@every_detector
@given(values=values_lists)
@settings(max_examples=60, deadline=None)
def test_scores_are_finite_for_finite_values(make, values):
    detector = make()
    run(detector, np.random.default_rng(0).normal(size=400))
    scores = run(detector, np.array(values, np.float64))
    assert np.isfinite(scores).all()
    assert (scores >= 0).all()
    for index in range(len(values)):
        assert detector.explain(index).text


@every_detector
@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_a_value_that_was_not_acquired_scores_nan_and_teaches_nothing(make, missing):
    detector = make()
    run(detector, stream())
    before = detector.snapshot()
    assert np.isnan(run(detector, np.array([missing]))).all()
    assert "not acquired" in detector.explain(0).text
    assert detector.snapshot() == before


@every_detector
@pytest.mark.parametrize("constant", [0.0, 20.0, 0.1, 29.999999999, 5e-324])
def test_a_constant_within_limits_is_never_an_anomaly(make, constant):
    detector = make()
    scores = run(detector, np.full(5000, constant))
    # A count that does not go on is one.
    outside = constant < 10.0 or detector.name == "counter"
    assert (scores[1:] < 1).all() or outside


@every_learner
@pytest.mark.parametrize("constant", [0.0, 20.0, -1e9, 1e308])
def test_a_constant_is_quiet_for_learners(make, constant):
    assert (run(make(), np.full(5000, constant)) < 1).all()


@every_learner
def test_the_first_samples_score_zero(make):
    assert run(make(), np.array([1.0, 2.0])).tolist() == [0.0, 0.0]
    assert make().score_one(1e9) == 0.0


@every_detector
def test_the_input_is_untouched_and_may_be_read_only_or_strided(make):
    values = stream()
    expected = run(make(), values)
    kept = values.copy()
    values.setflags(write=False)
    assert run(make(), values).tobytes() == expected.tobytes()
    strided = np.repeat(kept, 2)[::2]
    assert run(make(), strided).tobytes() == expected.tobytes()
    assert values.tobytes() == kept.tobytes()


@every_detector
def test_a_misaligned_buffer_is_read(make):
    values = stream()
    packed = np.frombuffer(b"x" + values.tobytes(), np.uint8)[1:].view(np.float64)
    assert run(make(), packed).tobytes() == run(make(), values).tobytes()


@every_detector
def test_equal_settings_give_equal_detectors(make):
    values = stream()
    assert run(make(), values).tobytes() == run(make(), values).tobytes()


@every_detector
@pytest.mark.parametrize(
    "clone",
    [copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))],  # noqa: S301
)
def test_a_copy_continues_alike(make, clone):
    detector = make()
    run(detector, stream())
    twin = clone(detector)
    assert run(twin, stream()).tobytes() == run(detector, stream()).tobytes()


@every_detector
def test_memory_does_not_grow(make):
    detector = make()
    run(detector, stream())
    before = len(detector.snapshot())
    run(detector, np.random.default_rng(1).normal(size=50_000))
    assert len(detector.snapshot()) == before <= 32 * 1024


@every_detector
def test_an_empty_batch_gives_no_scores(make):
    assert run(make(), np.array([])).shape == (0,)


@every_detector
def test_times_and_values_must_have_one_length(make):
    with pytest.raises(ValueError, match="2 times for 1 values"):
        make().update(np.arange(2), np.array([1.0]))


@every_detector
def test_a_sample_outside_the_last_batch_cannot_be_explained(make):
    detector = make()
    run(detector, stream())
    with pytest.raises(IndexError):
        detector.explain(1500)


@every_detector
def test_a_batch_that_was_let_go_of_is_not_kept_and_changes_no_score(make):
    detector, other = make(), make()
    for each in (detector, other):
        run(each, stream())
    before = len(pickle.dumps(make()))
    detector.forget_batch()
    assert len(pickle.dumps(detector)) < before + 1000
    with pytest.raises(IndexError):
        detector.explain(0)
    assert run(detector, stream()).tobytes() == run(other, stream()).tobytes()


@every_detector
def test_snapshots_of_other_detectors_are_refused(make):
    detector = make()
    before = detector.snapshot()
    for other in DETECTORS.values():
        if other is not make:
            with pytest.raises(SnapshotError, match="snapshot of"):
                detector.restore(other().snapshot())
    assert detector.snapshot() == before


@every_detector
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_a_damaged_snapshot_is_refused(make, data):
    detector = make()
    whole = detector.snapshot()
    short = whole[: data.draw(st.integers(0, len(whole) - 1))]
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    for bad in (short, flipped, data.draw(st.binary(max_size=200))):
        with pytest.raises(SnapshotError):
            detector.restore(bad)
    assert detector.snapshot() == whole
