"""The scoreboard as people and as programs read it."""

import json
from dataclasses import replace

import numpy as np

from dataflows.backtest.scoring import Span
from dataflows.backtest.scoring.alarms import COLUMNS
from dataflows.backtest.scoring.comparison import compare
from dataflows.backtest.scoring.events import Why, covered, score_channel
from dataflows.backtest.scoring.report import (
    Run,
    alarms_text,
    as_json,
    changes_text,
    comparison,
    scoreboard,
)


def run(name, raised, labels, baseline=False):
    flags = covered([Span(*one) for one in raised], 1000)
    spans = None if labels is None else [Span(*one) for one in labels]
    times_us = np.arange(1000) * 60_000_000
    return Run(name, [score_channel("P-1", "S", flags, times_us, spans)], baseline)


def place(channel, index):
    return f"{channel}@{index}"


def test_a_scoreboard_has_columns_of_one_width():
    rows = [run("mine", [(1, 2)], [(0, 9)]), run("none", [], [(0, 9)], True)]
    head, rule, mine, none = scoreboard(rows).splitlines()
    assert len(head) == len(rule) == len(mine) == len(none)
    # What there is nothing to tell of is a dash, as is a delay without hits.
    assert [cell.strip() for cell in none.split("|")][6:7] == ["-"]
    assert "1.000 (1.00-1.00)" in mine


def test_without_labels_alarms_are_counted():
    head, _, row = scoreboard([run("mine", [(1, 2)], None)]).splitlines()
    assert "alarms / channel-day" in head
    # 1 alarm in 1000 minutes is 1.44 a day.
    assert row.split()[-2] == "1.440"


def test_figures_are_compared_where_there_are_any():
    text = comparison(run("old", [], [(0, 9)]), run("new", [(1, 2)], [(0, 9)]))
    lines = {line.split()[1]: line.split()[3::2] for line in text.splitlines()}
    assert lines["tp"] == ["0", "1", "+1"]
    assert lines["recall"] == ["0.0000", "1.0000", "+1.0000"]
    assert lines["precision"] == ["-", "1.0000", "-"]
    assert "f05_spread" not in lines


def test_an_alarm_is_listed_in_words_and_false_where_no_label_is():
    why = Why(2, 1.5, "limits", 31.0, 30.0, "31 is above | the soft limit 30.")
    one = replace(
        run("mine", [(1, 2), (500, 500)], [(0, 9)]).scores[0], whys=(why,) * 2
    )
    head, _, first, second = alarms_text(Run("mine", [one]), place).splitlines()[2:]
    assert [cell.strip() for cell in head.strip("|").split("|")] == [*COLUMNS]
    assert [cell.strip() for cell in first.strip("|").split("|")] == [
        *("P-1", "P-1@1", "P-1@2", "WARNING", "limits", "1.50", "true"),
        "31 is above / the soft limit 30.",
    ]
    assert second.split("|")[7].strip() == "false"
    told = json.loads(as_json([Run("mine", [one])], None, place))["runs"][0]["alarms"]
    assert (told[0]["severity"], told[0]["threshold"]) == ("WARNING", 30.0)


def test_of_too_many_alarms_the_worst_are_listed_in_order_and_the_rest_counted():
    spans = [(at, at) for at in (0, 200, 400, 600)]
    ranks = [(1, 9.0), (4, 1.1), (2, 1.0), (2, 3.0)]
    whys = tuple(Why(*rank, "limits", None, None, "so.") for rank in ranks)
    one = replace(run("mine", spans, None).scores[0], whys=whys)
    text = alarms_text(Run("mine", [one]), place, most=2)
    told = [line.split("|")[2].strip() for line in text.splitlines() if "so." in line]
    assert told == ["P-1@200", "P-1@600"]
    assert text.startswith("Alarms: 4.")
    assert "2 more, not worse, are left out" in text
    assert alarms_text(run("mine", [], None), place) == "There was no alarm.\n"


def test_changes_name_their_places():
    old, new = (
        run("old", [(5, 5), (500, 510)], [(0, 9)]),
        run("new", [(7, 9)], [(0, 9)]),
    )
    changes = compare(old.scores, new.scores)
    assert changes_text(changes, place).splitlines() == [
        "Alarms: 0 added, 1 removed, 1 moved.",
        "",
        "- moved P-1: P-1@5 -> P-1@7 to P-1@9 (of a label)",
        "- removed P-1: P-1@500 to P-1@510 (false alarm)",
    ]


def test_json_holds_every_alarm_and_change():
    old, new = run("old", [], [(0, 9)]), run("new", [(7, 9)], [(0, 9)])
    changes = compare(old.scores, new.scores)
    content = json.loads(as_json([new, run("always", [], [], True)], changes, place))
    assert content["runs"][0]["alarms"] == [
        {
            "channel": "P-1",
            "first": 7,
            "last": 9,
            "from": "P-1@7",
            "to": "P-1@9",
            "false": False,
        }
    ]
    assert list(content["baselines"]) == ["always"]
    (change,) = content["changes"]
    assert (change["kind"], change["before"], change["after"]) == (
        "added",
        None,
        [7, 9],
    )
