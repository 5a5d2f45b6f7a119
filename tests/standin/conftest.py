"""One stand-in for the whole session; every test that uses it starts from a reset."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from voicekit.standin import Standin


@pytest.fixture(scope="session")
def _session_standin() -> Iterator[Standin]:
    running = Standin(profile="instant", allow_hosts=["standin"])  # the fuzzer's name for it
    yield running
    running.stop()


@pytest.fixture
def token(standin: Standin) -> dict[str, str]:
    """The header that opens the control plane."""
    return {"authorization": f"Bearer {standin.control_token}"}


@pytest.fixture
def standin(_session_standin: Standin) -> Standin:
    _session_standin.state.reset()
    return _session_standin
