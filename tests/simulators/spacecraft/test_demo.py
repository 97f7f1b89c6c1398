"""The spacecraft of the demo."""

from simulators.spacecraft.demo import fault_plan


def test_a_short_demo_gets_its_faults_too():
    for seconds in (5, 20, 60, 3600):
        plan = fault_plan(seconds)
        assert plan.warm_up_samples < 150 * seconds
        assert plan.mean_gap_samples >= 300
