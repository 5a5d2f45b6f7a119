from __future__ import annotations

import gc
from pathlib import Path

import hypothesis
import pytest
from xdist.scheduler import LoadFileScheduling


class Scheduling(LoadFileScheduling):
    """Keeps a file's tests together, and all browsers in one worker: two disturb each other."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return "browser" if file.startswith("tests/browser/") else file


# The same examples every time, and none that fails since the machine was busy.
hypothesis.settings.register_profile(
    "voicekit",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("voicekit")


def pytest_collection_finish() -> None:
    """Spare the collector what was imported: tests that collect took a second each with it."""
    gc.collect()
    gc.freeze()


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    # `xdist_group` marks have no effect with pytest 9.2 and xdist 3.8.
    return Scheduling(config, log)


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the clone."""
    return Path(__file__).resolve().parent.parent
