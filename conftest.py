"""For notebooks and tests alike. Kernels inherit the environment that is set here."""

from __future__ import annotations

import os

import pytest
from notebook_world import CANARY, FIXED


def pytest_configure(config: pytest.Config) -> None:
    """What a notebook shows does not depend on who runs it, nor on a key that is set.

    The stored outputs hold no canary, and nbval compares them strictly; what it does not compare,
    such as a widget's state, `notebook_canary` looks at: a lesson that showed a key would fail.
    """
    if config.pluginmanager.hasplugin("nbval"):
        config.pluginmanager.import_plugin("notebook_canary")
    os.environ.update(FIXED, ELEVENLABS_API_KEY=CANARY, OPENAI_API_KEY=CANARY)
