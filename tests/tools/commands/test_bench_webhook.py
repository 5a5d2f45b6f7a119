"""`bench webhook`: its callers' arithmetic, its verdicts, and one small real run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import table, webhook, webhook_soak
from bench.table import Row

FLOOR, OURS = "bare ASGI relay", "voicekit relay"


@pytest.mark.extended
def test_a_small_run_has_a_row_for_each_figure_and_breaks_nothing(capsys):
    arguments = ["webhook", "--json", "--streams", "2", "--seconds", "0.1"]
    assert table.main([*arguments, "--variants", f"{FLOOR};{OURS}"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    figures = {(row["variant"], row["metric"]): row for row in rows}
    for variant in (FLOOR, OURS):
        added = figures[variant, "added to the first token, 2 streams"]
        assert added["n"] == 2
        assert 0 < added["p50"] < 2000
        assert figures[variant, "token delay, 2 streams"]["n"] == 10
        assert figures[variant, "processor time per answer, 2 streams"]["p50"] > 0
        assert figures[variant, "broken or without a word, 2 streams"]["p50"] == 0


@pytest.mark.parametrize(
    ("added", "spent", "verdicts"),
    [(1.0, 2.0, ["met", "met"]), (9.0, 5.0, ["NOT met", "NOT met"])],
)
def test_the_goals_are_judged_by_the_figures(added, spent, verdicts):
    metric = "processor time per answer, 200 streams"
    rows = [
        Row(FLOOR, metric, samples=[2.0]),
        Row(OURS, metric, samples=[spent]),
        Row(OURS, "added to the first token, 200 streams", samples=[added]),
    ]
    _stack, *lines = webhook.conclude(rows)
    assert [line.partition(":")[0] for line in lines] == verdicts


@pytest.mark.parametrize(
    ("floor", "added", "verdict"), [(0.4, 1.6, "NOT met"), (1.0, 2.9, "met"), (1.0, 3.1, "NOT met")]
)
def test_the_goal_grows_with_the_floor_of_a_slower_machine(floor, added, verdict):
    metric = "added to the first token, 200 streams"
    rows = [Row(FLOOR, metric, samples=[floor]), Row(OURS, metric, samples=[added])]
    _stack, line = webhook.conclude(rows)
    assert line.startswith(f"{verdict}: ")
    assert "goal 1.50 ms (p95 4.00)" in line  # as it was set, too


def test_an_unknown_variant_is_named(capsys):
    assert table.main(["webhook", "--variants", "nonesuch"]) == 1
    assert "nonesuch" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("memory", "blocks", "sockets", "verdicts"),
    [
        ([80.0, 80.1, 80.0, 80.1], [9e5, 9e5, 9e5, 9e5 + 80], [5, 6, 5, 5], ["flat"] * 3),
        ([80.0, 82.0, 84.1, 86.0], [9e5, 9e5, 9e5, 9.1e5], [5, 6, 7, 8], ["GROWS"] * 3),
        ([80.0, 84.0, 80.0, 84.0], [9e5] * 4, [5, 5, 5, 5], ["too short", "flat", "flat"]),
    ],
)
def test_a_soak_tells_what_grows(memory, blocks, sockets, verdicts):
    rows = [
        Row(OURS, "counted after", "min", [0.0, 20.0, 40.0, 60.0]),
        Row(OURS, "memory at rest", "MB", memory),
        Row(OURS, "blocks of Python's memory at rest", "", blocks),
        Row(OURS, "sockets at rest", "", sockets),
    ]
    _stack, *lines = webhook.conclude(rows)
    assert [line.partition(":")[0] for line in lines] == verdicts


def test_a_soak_tells_the_growth_in_an_hour():
    rows = [
        Row(OURS, "counted after", "min", [2.0, 12.0, 22.0, 32.0]),
        Row(OURS, "memory at rest", "MB", [80.0, 81.0, 82.0, 83.0]),
        Row(OURS, "blocks of Python's memory at rest", "", [9e5] * 4),
        Row(OURS, "sockets at rest", "", [5.0] * 4),
    ]
    assert "+6.0 ± 0.0 MB an hour over 30 minutes" in webhook.conclude(rows)[1]


@pytest.mark.extended
@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="sockets are read from /proc")
def test_a_short_soak_hangs_up_calls_again_and_counts_what_is_left(monkeypatch):
    monkeypatch.setattr(webhook_soak, "ROUND", 1.0)
    monkeypatch.setattr(webhook_soak, "RATE", 50.0)
    monkeypatch.setattr(webhook_soak, "STREAMS", 4)
    monkeypatch.setattr(webhook_soak, "HANG_UP", 0.5)
    rows = {row.metric: row.samples for row in webhook_soak.measure(minutes=0.01)}
    assert sum(rows["hung up on"]) > 0
    assert sum(rows["broken or without a word"]) == 0
    assert sum(rows["answers"]) > 4
    assert min(rows["memory at rest"]) > 10
    assert max(rows["sockets at rest"]) < 20
