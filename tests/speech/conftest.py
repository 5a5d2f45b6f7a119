"""The stand-in as it is for each test of speech: without delays, and with nothing in its memory."""

from __future__ import annotations

import pytest

import voicekit
from voicekit.standin import start


@pytest.fixture
def world():
    return voicekit.connect(profile="instant", offline=True)


@pytest.fixture
def standin(world):  # noqa: ARG001 - it is what starts the stand-in
    running = start("instant")
    running.state.reset()
    yield running
    running.state.reset()
