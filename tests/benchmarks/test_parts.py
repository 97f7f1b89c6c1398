"""What parts compute from what they saw, and how they are asked for."""

from pathlib import Path

import pytest

from tests.benchmarks.__main__ import main
from tests.benchmarks.detectors import by_batch
from tests.benchmarks.figures import Plan
from tests.benchmarks.machine import processor
from tests.benchmarks.parameters import pause_ms
from tests.benchmarks.parts import BY_DEFAULT, PARTS
from tests.benchmarks.process_cost import ProcessCost
from tests.benchmarks.scaling import together
from tests.benchmarks.soak import late_over_early
from tests.benchmarks.statistics import Mark
from tests.benchmarks.throughput import shapes


def test_two_flows_count_from_the_first_to_begin_to_the_last_to_end():
    left = [Mark(100, 10.0, 1.0), Mark(1100, 12.0, 2.0)]
    right = [Mark(100, 10.5, 1.0), Mark(1100, 14.0, 3.0)]
    found = together([left, right])
    assert found["samples/s"] == 2000 / 4.0
    assert found["CPU s per million"] == pytest.approx(1500)


def test_a_pause_is_that_of_a_typical_snapshot():
    stretch = [2.0] * 99
    latencies = [*stretch, 12.0, *stretch, 42.0, *stretch, 22.0, 500.0]
    assert pause_ms(latencies, 100) == 20.0


def test_growth_is_told_from_warming_up():
    assert late_over_early([1.0, 1.0, *[10.0] * 8]) == 1.0
    assert late_over_early([1.0, 1.0, *[10.0] * 6, 12.0, 12.0]) == 1.2


def test_batch_sizes_become_columns():
    rounds = {"a@1": {"µs": [3.0]}, "a@20": {"µs": [1.0]}}
    assert by_batch(rounds) == {"a": {"1 a batch": [3.0], "20 a batch": [1.0]}}


def test_all_forms_are_tried_with_all_numbers_of_parameters():
    assert len(shapes(Plan())) == 13
    assert [shape.flags for shape in shapes(Plan()) if shape.flags] == [4]
    assert {shape.parameters for shape in shapes(Plan())} == {50, 1_000, 10_000}


def test_the_soak_has_to_be_asked_for():
    assert set(PARTS) - set(BY_DEFAULT) == {"soak"}


def test_an_unknown_part_is_refused_and_the_parts_are_named(
    capsys: pytest.CaptureFixture[str],
):
    with pytest.raises(SystemExit):
        main(["throughput", "warp"])
    assert "no such part: warp (there are throughput, " in capsys.readouterr().err


def test_cost_is_read_from_a_process_of_any_name(tmp_path: Path):
    folder = tmp_path / "77"
    folder.mkdir()
    fields = ["S", *["0"] * 10, "250", "50", *["0"] * 20]
    (folder / "stat").write_text(f"77 (a ) b) {' '.join(fields)}\n")
    (folder / "status").write_text("Name:\tx\nVmHWM:\t 4096 kB\nVmRSS:\t 2048 kB\n")
    cost = ProcessCost(77, tmp_path)
    assert (cost.peak_mb(), cost.resident_mb()) == (4.0, 2.0)
    assert cost.cpu_s() == pytest.approx(3.0)  # at 100 ticks a second, as on Linux


def test_a_processor_is_called_by_its_name(tmp_path: Path):
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Swift 9\n")
    assert processor(tmp_path / "cpuinfo") == "Swift 9"
