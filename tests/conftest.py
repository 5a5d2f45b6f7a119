from __future__ import annotations

from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling


class Scheduling(LoadFileScheduling):
    """Keeps a file's tests together, and all browsers in one worker: two disturb each other."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return "browser" if file.startswith("tests/browser/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    # `xdist_group` marks have no effect with pytest 9.2 and xdist 3.8.
    return Scheduling(config, log)


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the clone."""
    return Path(__file__).resolve().parent.parent
