"""The benchmark of how text is said: what it prints, and that it can say no."""

from __future__ import annotations

import json

import pytest

from bench.table import Row, main
from bench.text import LANGUAGES, conclude


def test_it_prints_accuracy_speed_and_first_audio_as_one_object(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["text", "--json", "--rounds", "1"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    every = {row["variant"]: row for row in rows if row["metric"] == "all kinds"}
    assert set(every) == set(LANGUAGES)
    assert every["en"]["n"] >= 600
    for metric, unit in (("prose", "MB/s"), ("a fragment", "ms"), ("first audio, virtual", "ms")):
        of_metric = [row for row in rows if row["metric"] == metric]
        assert len(of_metric) >= 2
        assert all(row["unit"] == unit and row["p50"] > 0 for row in of_metric)


def test_a_figure_beyond_its_goal_is_called_missed() -> None:
    rows = [Row("de", "all kinds", "%", [97.0] * 300)]
    for language, milliseconds in (("en", 400.0), ("zh", 481.0), ("ja", 479.0), ("hi", 400.0)):
        rows.append(Row(language, "first audio, virtual", "ms", [milliseconds]))
    verdicts = [line.partition(":")[0] for line in conclude(rows)]
    assert verdicts == ["missed", "missed", "held", "held"]
