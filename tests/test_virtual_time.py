from __future__ import annotations

import asyncio
import time

import pytest
import virtual_time


def test_an_hour_passes_in_order_and_at_once() -> None:
    seen: list[tuple[float, str]] = []

    async def after(seconds: float, name: str) -> None:
        await asyncio.sleep(seconds)
        seen.append((asyncio.get_running_loop().time(), name))

    async def main() -> None:
        await asyncio.gather(after(3600, "late"), after(0.1, "early"))

    virtual_time.run(main())
    assert seen == [(pytest.approx(0.1), "early"), (pytest.approx(3600), "late")]


def test_the_clock_stands_still_while_a_thread_works() -> None:
    async def main() -> float:
        async with asyncio.timeout(0.001):
            await asyncio.to_thread(time.sleep, 0.05)
        return asyncio.get_running_loop().time()

    assert virtual_time.run(main()) == 0


def test_what_would_hang_for_ever_is_an_error() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(virtual_time.Stuck):
        virtual_time.run(main())
