"""The clock that a long conversation runs on, and what is said of its figures."""

from __future__ import annotations

import asyncio
import time
from functools import partial

import pytest

from bench.table import Row

agent_soak = pytest.importorskip("bench.agent_soak")


def test_a_faster_loop_sleeps_less_and_its_clock_tells_as_much_as_was_asked():
    async def sleep() -> float:
        clock = asyncio.get_running_loop().time
        before, began, after = time.monotonic(), clock(), time.monotonic()
        assert 100 * before <= began <= 100 * after
        await asyncio.sleep(20)
        return clock() - began

    with asyncio.Runner(loop_factory=partial(agent_soak._Loop, 100.0)) as runner:
        assert runner.run(sleep()) >= 20


@pytest.mark.parametrize(
    ("samples", "word"),
    [
        ([30.0, 31.0, 30.0, 31.0] * 3, "flat "),
        ([30.0, 30.0, 31.0, 39.0, 39.0, 39.0, 39.0, 30.0], "flat "),
        ([30.0 + n for n in range(12)], "GROWS"),
    ],
)
def test_what_grows_from_the_first_quarter_to_the_last_and_stays_is_named(samples, word):
    row = Row("long conversation", "memory between turns", "MB", samples)
    (line,) = agent_soak.verdicts([row])
    assert line.startswith(word)
    assert agent_soak.verdicts([Row("eager", "memory between turns", "MB", samples)]) == []
