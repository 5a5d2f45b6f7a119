from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import virtual_time
from asking import Answer, ask

from voicekit.serving import App, serve


@pytest.fixture
def asked() -> Callable[..., Answer]:
    """`asked(app, …)` in a loop and a time of its own, in which nothing may be left running."""

    def run(app: App, *arguments: Any, **fields: Any) -> Answer:
        async def once() -> Answer:
            answer = await ask(app, *arguments, **fields)
            await asyncio.sleep(0)
            left = {task for task in asyncio.all_tasks() if task.get_name() != "voicekit-relay"}
            assert left == {asyncio.current_task()}
            return answer

        return virtual_time.run(once())

    return run


@pytest.fixture
def serving():
    """`serving(app)` gives a URL; all are stopped in the end."""
    running = []

    def start(app: App) -> str:
        running.append(serve(app, name=f"webhook-test-{len(running)}"))
        return running[-1].url

    yield start
    for served in running:
        served.stop()
