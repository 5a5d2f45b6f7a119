"""For notebooks and tests alike. Kernels inherit the environment that is set here."""

from __future__ import annotations

import os

import pytest
from notebook_world import CANARY, FIXED, TUNNEL


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--all`: run the extended tests too."""
    parser.addoption("--all", action="store_true", help="run the extended tests too")


SPOKEN = ("01-", "02-", "04-")
"""Lessons that hold conversations of a minute or more, aloud and so in real time: extended."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the extended tests, but none whose file is named, and nothing if `-m` chooses."""
    for item in items:
        if item.path.suffix == ".ipynb" and item.path.name.startswith(SPOKEN):
            item.add_marker(pytest.mark.extended)
    if config.getoption("all") or config.getoption("markexpr"):
        return
    named = {config.invocation_params.dir / arg.partition("::")[0] for arg in config.args}

    def wanted(item: pytest.Item) -> bool:
        return item.path in named or not item.get_closest_marker("extended")

    config.hook.pytest_deselected(items=[item for item in items if not wanted(item)])
    items[:] = filter(wanted, items)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say that there is more, since two processes do not count what they leave out."""
    everything = config.args_source == config.ArgsSource.TESTPATHS
    if everything and not config.getoption("all") and not config.getoption("markexpr"):
        terminalreporter.write_line("Extended tests were left out; `--all` runs them too.")


def pytest_configure(config: pytest.Config) -> None:
    """What a notebook shows does not depend on who runs it, nor on a key that is set.

    The stored outputs hold no canary, and nbval compares them strictly; what it does not compare,
    such as a widget's state, `notebook_canary` looks at: a lesson that showed a key would fail.
    """
    if config.pluginmanager.hasplugin("nbval"):
        config.pluginmanager.import_plugin("notebook_canary")
    os.environ.pop(TUNNEL, None)
    os.environ.update(FIXED, ELEVENLABS_API_KEY=CANARY, OPENAI_API_KEY=CANARY)
