"""One stand-in for the whole session; every test that uses it starts from a reset."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from voicekit.standin import Standin


@pytest.fixture(scope="session")
def _session_standin() -> Iterator[Standin]:
    running = Standin(profile="instant")
    yield running
    running.stop()


@pytest.fixture
def standin(_session_standin: Standin) -> Standin:
    _session_standin.state.reset()
    return _session_standin
