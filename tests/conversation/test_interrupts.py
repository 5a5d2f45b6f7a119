"""The notebook's stop button, at any moment of a conversation, in a real kernel.

`VOICEKIT_INTERRUPTS` says how many; the seed is printed.
"""

from __future__ import annotations

import json
import os
import random
import textwrap
import time
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

pytestmark = pytest.mark.extended

COUNT = int(os.environ.get("VOICEKIT_INTERRUPTS", "8"))
SEED = int(os.environ.get("VOICEKIT_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
SETUP = """
    import asyncio, gc, json, os, threading, time, warnings
    warnings.simplefilter("ignore", DeprecationWarning)
    from elevenlabs.conversational_ai.conversation import AsyncConversation, Conversation
    import voicekit
    from voicekit.conversation import calls
    world = voicekit.connect("instant", offline=True)
    from voicekit import standin
    state = standin.start().state
    import httpx
    from elevenlabs import ElevenLabs
    # One that keeps no connection for a next request: each that is open is the conversation's.
    alone = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), timeout=60)
    client = ElevenLabs(
        base_url=world.elevenlabs_url, api_key=world.elevenlabs_key.reveal(), httpx_client=alone)
    LINE = voicekit.Caller(["What are your opening hours?"], world)._script._lines
    def sockets():
        with open("/proc/net/tcp") as table:
            port = f":{standin.start().port:04X} "
            return sum(port in line and " 01 " in line for line in table)
    def left():
        names = [thread.name for thread in threading.enumerate()]
        going = [name for name in names if name.startswith(
            ("voicekit-session", "voicekit-audio", "ClientTools")) or "(_run)" in name]
        return {"sessions": len(calls._running), "threads": going}
    async def nothing():
        pass
"""
WAYS = {
    "sync, awaits": """
        caller = voicekit.Caller(LINE)
        conversation = Conversation(client, "agent_standin", requires_auth=True,
            audio_interface=caller, **caller.callbacks)
        with voicekit.session(conversation):
            await caller.done()
    """,
    "sync, blocks": """
        caller = voicekit.Caller(LINE)
        conversation = Conversation(client, "agent_standin", requires_auth=True,
            audio_interface=caller, **caller.callbacks)
        with voicekit.session(conversation):
            caller.wait()
    """,
    "async": """
        caller = voicekit.Caller(LINE)
        conversation = AsyncConversation(client, "agent_standin", requires_auth=True,
            audio_interface=caller, **caller.callbacks)
        async with voicekit.session(conversation):
            await caller.done()
    """,
    "a pipeline": """
        async def answer(history):
            for word in "We are open from nine to five, on every day of the week.".split():
                await asyncio.sleep(0.05)
                yield word + " "
        listen = lambda frames: voicekit.listen(frames, world, commit="manual")
        async with voicekit.Voice(world, rate=16000) as voice:
            await voicekit.Pipeline(listen, answer, voice).talk(voicekit.Caller(LINE))
    """,
}


@pytest.fixture(scope="module")
def kernel() -> Iterator[tuple[Any, Any]]:
    manager, client = start_new_kernel(env=os.environ | {"VOICEKIT_OFFLINE": "1"})
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client: Any, code: str) -> str:
    """What the cell prints."""
    printed = []

    def note(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])

    reply = client.execute_interactive(textwrap.dedent(code), output_hook=note, timeout=120)
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(printed)


def wait_until_over(client: Any, message: str) -> dict[str, Any]:
    while True:
        reply = client.get_shell_msg(timeout=60)
        if reply["parent_header"].get("msg_id") == message:
            return reply["content"]


def test_nothing_is_left_two_seconds_after_an_interrupt(kernel) -> None:
    manager, client = kernel
    run(client, SETUP)
    run(client, WAYS["sync, awaits"])  # what is made at the first use is there then
    whole = 6.0  # seconds, about, that one conversation takes
    found, chance = [], random.Random(SEED)
    print(f"seed {SEED}")
    for number in range(COUNT):
        way = list(WAYS)[number % len(WAYS)]
        moment = chance.uniform(0, whole)
        message = client.execute(textwrap.dedent(WAYS[way]))
        time.sleep(moment)
        manager.interrupt_kernel()
        ended = wait_until_over(client, message)
        time.sleep(2)
        left = json.loads(
            run(client, "print(json.dumps({**left(), 'sockets': sockets()}))").splitlines()[-1]
        )
        found.append((way, round(moment, 3), ended["status"], ended.get("ename"), left))
    interrupted = [entry for entry in found if entry[2] == "error"]
    print(f"{len(found)} interrupts, {len(interrupted)} of which met the cell")
    assert {entry[3] for entry in interrupted} <= {"KeyboardInterrupt", "CancelledError"}, found
    assert [
        entry for entry in found if entry[4] != {"sessions": 0, "threads": [], "sockets": 0}
    ] == []
    assert len(interrupted) >= COUNT / 3
