"""Plans: the same for a seed, with everything in them."""

from collections import Counter

import pytest

from tests.faults.plan import ALL, AT_THE_END, ENDS_COMPARISON, Kind, make_plan

FILLS = [one for one in ALL if one.kind is Kind.FILL]


def test_a_seed_makes_the_same_plan_again():
    assert make_plan(3, 50) == make_plan(3, 50)
    assert make_plan(3, 50) != make_plan(4, 50)


@pytest.mark.parametrize("seed", range(5))
def test_a_plan_that_is_long_enough_has_everything_that_can_happen(seed: int):
    happening = {step.disturbance for step in make_plan(seed, len(ALL))}
    assert happening == {*ALL}


@pytest.mark.parametrize("count", [0, 1, 12, 100])
def test_a_plan_has_as_many_steps_as_were_asked_for(count: int):
    plan = make_plan(1, count)
    assert [step.number for step in plan] == list(range(1, count + 1))


def test_what_is_left_out_does_not_happen():
    plan = make_plan(2, 200, left_out=FILLS)
    assert Kind.FILL not in {step.disturbance.kind for step in plan}


def test_sizes_are_within_what_was_said():
    for step in make_plan(5, 300):
        smallest, largest = step.disturbance.sizes
        assert smallest <= step.size <= largest


def test_what_ends_the_comparison_of_scores_comes_in_the_last_tenth():
    for seed in range(20):
        plan = make_plan(seed, 100)
        late = [
            step.number for step in plan if step.disturbance.kind in ENDS_COMPARISON
        ]
        assert late
        assert min(late) > 100 * (1 - AT_THE_END) - len(late)


def test_kills_of_the_flow_are_the_most_frequent():
    counts = Counter(str(step.disturbance) for step in make_plan(1, 5_000))
    assert counts.most_common(1)[0][0] == "kill flow"
