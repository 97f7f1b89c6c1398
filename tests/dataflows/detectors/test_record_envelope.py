"""Record envelope: the recipe, written out plainly, and what it says of a sample."""

import math

import numpy as np
import pytest

from dataflows.detectors.record_envelope import RecordEnvelope


def run(detector, values, context=None):
    return detector.update(np.arange(len(values)), np.asarray(values, float), context)


def stream(seed: int, length: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Return values that answer to commands, with odd stretches, and the commands."""
    rng = np.random.default_rng(seed)
    commands = (rng.random((length, 6)) < 0.01).astype(float)
    commands[:700, 4] = 0.0
    commands[:, 5] = 0.0
    pushed = np.convolve(commands[:, 0], np.exp(-np.arange(60) / 20))[:length]
    values = np.sin(np.arange(length) / 40) * 0.4 + 0.3 * pushed
    values += rng.normal(size=length) * 0.02
    for at in rng.integers(600, length - 50, 5):
        kind = rng.integers(4)
        values[at : at + 40] += [0.0, 0.9, -0.4, 0.0][kind]
        values[at] += 1.5 * (kind == 0)
        values[at : at + 200] = values[at] if kind == 3 else values[at : at + 200]
    values[length - 600 :] += 0.8
    return values, commands


def named(commands: np.ndarray) -> dict[str, np.ndarray]:
    return {f"command_{k}": column for k, column in enumerate(commands.T)}


# --- The recipe without any tricks: all columns known, one matrix, plain sums.


def plain_errors(values: np.ndarray, commands: np.ndarray) -> np.ndarray:
    size = 11 + commands.shape[1]
    inverse, weights = 10.0 * np.eye(size), np.eye(size)[0]
    memory = np.zeros(commands.shape[1])
    errors = np.zeros(len(values))
    for i, x in enumerate(values):
        if i >= 10:
            z = np.concatenate([values[i - 10 : i][::-1], [1.0], memory])
            errors[i] = x - weights @ z
            pz = inverse @ z
            gain = pz / (0.9995 + z @ pz)
            weights = weights + gain * errors[i]
            inverse = (inverse - np.outer(gain, pz)) / 0.9995
            if inverse.diagonal().max() > 1e4:
                inverse /= 2
        memory = math.exp(-1 / 30) * memory + commands[i]
    return errors


def plain_features(values: np.ndarray, errors: np.ndarray) -> np.ndarray:
    rows, smoothed, weight = [], 0.0, 1.0
    for i in range(len(values)):
        short, long = values[max(0, i - 63) : i + 1], values[max(0, i - 255) : i + 1]
        spreads = [0.0 if v < 1e-12 else v**0.5 for v in (long.var(), short.var())]
        smoothed += 2 / 106 * (abs(errors[i]) - smoothed)
        weight *= 1 - 2 / 106
        quiet = math.log(spreads[1] + 0.02)
        rows.append(
            [values[i], short.mean(), spreads[0], quiet, smoothed / (1 - weight)]
        )
    return np.array(rows)


class PlainEnvelope:
    def __init__(self, upper: bool, lower: bool, floor: float) -> None:
        self.upper, self.lower, self.floor = upper, lower, floor
        self.old: tuple[float, float] = (math.inf, -math.inf)
        self.begin()

    def begin(self) -> None:
        self.range = (math.inf, -math.inf)
        self.blocks: list[list[float]] = [[]]
        self.n = self.run = self.episodes = 0
        self.last = -math.inf
        self.seen: list[float] = []

    def next_epoch(self) -> None:
        kept = [v for block in self.blocks for v in block] + list(self.range)
        self.old = (min(kept), max(kept))
        self.begin()

    def take(self, values: list[float]) -> None:
        self.range = min([self.range[0], *values]), max([self.range[1], *values])

    def score(self, y: float) -> float:
        at, self.n = self.n, self.n + 1
        if at < 500:
            self.take([y])
            return 0.0
        low, high = self.range
        forgotten = (high - low) / 24_000
        if at < 750:
            low, high = min(low, self.old[0]), max(high, self.old[1])
        beyond = max(y - high if self.upper else 0, low - y if self.lower else 0, 0)
        excess = beyond / (0.7 * max(high - low, self.floor))
        if excess >= 1:
            self.run += 1
            self.episodes += at - self.last > 100
            self.last = at
            self.seen.append(y)
            if self.run <= 500:
                return excess
        else:
            self.run = 0
            if self.episodes >= 3 and at - self.last > 100:
                self.take(self.seen)
                self.seen, self.episodes = [], 0
        self.range = self.range[0] + forgotten, self.range[1] - forgotten
        self.learn(y)
        return excess

    def learn(self, y: float) -> None:
        self.blocks[-1].append(y)
        if len(self.blocks[-1]) == 64:
            if len(self.blocks) == 3:
                self.take(self.blocks.pop(0))
            self.blocks.append([])


def plain(parts, commands):
    values = np.concatenate(parts)
    features = plain_features(values, plain_errors(values, commands))
    envelopes = [
        PlainEnvelope(True, True, 0.02),
        PlainEnvelope(True, True, 0.02),
        PlainEnvelope(True, False, 0.02),
        PlainEnvelope(False, True, 0.25),
        PlainEnvelope(True, False, 0.02),
    ]
    scores = np.empty((len(values), 5))
    for i, row in enumerate(features):
        if i == len(parts[0]):
            for envelope in envelopes:
                envelope.next_epoch()
        scores[i] = [e.score(y) for e, y in zip(envelopes, row, strict=True)]
    return scores.max(axis=1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("with_commands", [True, False])
def test_it_is_the_recipe(seed, with_commands):
    values, commands = stream(seed)
    if not with_commands:
        commands = commands[:, :0]
    parts = [values[:1700], values[1700:] * 0.8]
    detector = RecordEnvelope(prescaled=True)
    found = [run(detector, parts[0], named(commands[:1700]))]
    detector.begin_epoch()
    found.append(run(detector, parts[1], named(commands[1700:])))
    scores, expected = np.concatenate(found), plain(parts, commands)
    assert expected.max() > 1
    np.testing.assert_array_equal(scores >= 1, expected >= 1)
    # Rounding differs, and an ill-conditioned matrix makes more of it.
    np.testing.assert_allclose(scores, expected, atol=1e-9, rtol=1e-9)


def often_odd(seed: int) -> tuple[np.ndarray, int]:
    """Return values with short alarms again and again, and long ones, with a break."""
    rng = np.random.default_rng(seed)
    values = np.sin(np.arange(10_000) / 40) * 0.4 + rng.normal(size=10_000) * 0.02
    for at in range(800, 2800, 250):
        values[at : at + 8] += 1.5
    for at in range(2800, 4800, 250):
        values[at : at + 8] += 4.0
    for at in range(5700, 6700, 250):
        values[at : at + 8] += 2.0
    for at in range(6900, 8400, 250):
        values[at : at + 8] -= 3.0
    values[8500:8850] += 6.0
    values[8880:9230] += 6.0
    values[9300:] -= 6.0
    return values, 4900


@pytest.mark.parametrize("seed", range(2))
def test_alarms_that_come_often_or_last_are_learnt_as_in_the_recipe(seed):
    values, second_epoch = often_odd(seed)
    parts = [values[:second_epoch], values[second_epoch:]]
    detector = RecordEnvelope(prescaled=True)
    found = [run(detector, parts[0])]
    detector.begin_epoch()
    found.append(run(detector, parts[1]))
    scores, expected = np.concatenate(found), plain(parts, np.empty((len(values), 0)))
    np.testing.assert_allclose(scores, expected, atol=1e-9, rtol=1e-9)
    # The first three bursts of a kind are alarms, and then they are known.
    alarms = [bool((scores[at : at + 8] >= 1).any()) for at in range(800, 2800, 250)]
    assert alarms[:3] == [True] * 3
    assert not alarms[-1]


def test_a_score_of_1_is_theta_widths_beyond():
    values = np.tile([0.0, 1.0], 600)
    for beyond, alarm in ((0.69, False), (0.71, True)):
        detector = RecordEnvelope(threshold=0.7)
        run(detector, values)
        run(detector, [1.0 + beyond])
        assert (detector.contributions(0)["value"] >= 1) is alarm


def test_a_new_epoch_forgives_a_new_level_but_not_in_the_old_one():
    values, _ = stream(5, 1500)
    values[900:] = values[300:900]
    moved = values[:1200] + 5.0
    stays, changes = RecordEnvelope(), RecordEnvelope()
    for detector in (stays, changes):
        run(detector, values)
    assert run(stays, moved)[0] >= 1
    changes.begin_epoch()
    scores = run(changes, moved)
    assert (scores[:500] == 0).all()
    assert (scores < 1).all()


def test_the_old_epoch_counts_until_the_veto_ends():
    low = np.tile([0.0, 1.0], 500)
    detector = RecordEnvelope()
    run(detector, np.append(low, low + 9.0))
    detector.begin_epoch()
    run(detector, np.full(20, 10.0))
    detector.begin_epoch()  # again, before the last one was over
    run(detector, np.full(600, 10.0))
    assert run(detector, [0.5])[0] < 1
    run(detector, np.full(200, 10.0))
    assert run(detector, [0.5])[0] >= 1


def test_an_alarm_is_learnt_when_it_lasts():
    values, _ = stream(5, 2000)
    values[600:] = values[:1400]
    detector = RecordEnvelope()
    run(detector, values)
    scores = run(detector, values + 30.0)
    assert (scores[:500] >= 1).all()
    assert (scores[1200:] < 1).all()


def test_the_explanation_says_which_feature_and_what_it_was_before():
    values = np.random.default_rng(0).uniform(-1, 1, 3000)
    detector = RecordEnvelope()
    run(detector, values)
    run(detector, [5.0])
    why = detector.explain(0)
    assert why.text.startswith("5 is above all it was before (at most 0.9")
    assert (why.lower, why.upper) == pytest.approx((-1, 1), abs=0.1)
    assert why.expected == pytest.approx(0.0, abs=0.3)
    run(detector, values[:64] * 0.01)
    texts = [detector.explain(i).text for i in (0, 63)]
    assert texts[1].startswith("The standard deviation of the last 64 samples, ")
    assert "below all it was before (at least " in texts[1]
    parts = detector.contributions(63)
    assert max(parts, key=lambda name: parts[name]) == "log_deviation_64"
    assert max(parts.values()) == detector._bands[0, 63]
    run(detector, values[:9])
    assert "was before" in detector.explain(0).text
    young = RecordEnvelope()
    run(young, [1.0])
    assert young.explain(0).text == "Scores start after 500 samples of an epoch."


def test_what_an_error_or_a_spread_may_be_is_not_told_as_a_band_of_the_value():
    random = np.random.default_rng(0)
    detector = RecordEnvelope()
    run(detector, 300.0 + np.sin(np.arange(3000) / 10) + random.normal(0, 0.01, 3000))
    scores = run(detector, 300.0 + random.uniform(-1, 1, 64))
    why = detector.explain(int(scores.argmax()))
    assert why.text.startswith("The smoothed error of prediction, ")
    assert (why.lower, why.upper) == (None, None)


def test_the_expected_band_holds_exactly_what_scores_below_one_by_its_value():
    values = np.random.default_rng(8).normal(20.0, 3.0, 3_000)
    values[[1_500, 2_200]] += [60.0, -60.0]
    detector = RecordEnvelope()
    detector.update(np.arange(3_000) * 1_000_000, values)
    lower, upper = detector.expected_band()
    judged = np.arange(3_000) >= detector.blind_samples
    assert np.isnan(lower[~judged]).all()
    outside = (values < lower) | (values > upper)
    by_value = [detector.contributions(index)["value"] >= 1 for index in range(3_000)]
    np.testing.assert_array_equal(outside, by_value)
    assert outside[[1_500, 2_200]].all()
