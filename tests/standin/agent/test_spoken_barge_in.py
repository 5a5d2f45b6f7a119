"""A caller who talks over the agent, and one who only murmurs or coughs."""

from __future__ import annotations

import asyncio
import random
from functools import partial

import pytest
from spoken import agent, gather, needs_strangers, said

from bench.agent_phone import in_parallel
from bench.agent_turns import interrupted, talked_on
from voicekit.conversation import cough

pytestmark = [pytest.mark.extended, needs_strangers]

LONG = "Explain shipping in detail."


def test_an_agent_believes_that_nothing_was_heard_which_was_not_played(client):
    moments = random.Random(11)
    made = agent(client)
    cuts = asyncio.run(
        in_parallel(
            [
                partial(
                    interrupted,
                    client,
                    made,
                    said(LONG, number),
                    said("Can I talk to a human?", number),
                    moments.uniform(0.3, 6.0),
                )
                for number in range(6)
            ],
            2,
            lambda: None,
        )
    )
    assert all(cut.silence is not None for cut in cuts), cuts
    assert all(cut.true for cut in cuts), cuts
    assert len({cut.corrected for cut in cuts}) > 2, (
        "the moments differ, and so does what was heard"
    )


def test_a_murmur_and_a_cough_do_not_stop_a_patient_agent(client):
    made = agent(client, "patient")
    noises = [said("Mhm.", 1, "m hh m"), said("Mm.", 0, "m m"), cough(seed=1).sound]
    on = asyncio.run(
        gather(*(talked_on(client, made, said(LONG, 1), noise, 1.0) for noise in noises))
    )
    assert on == [True, True, True]
