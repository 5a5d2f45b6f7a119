"""A plain script that holds a conversation ends, and says nothing on its way out.

Each runs as a process of its own, since what goes wrong goes wrong when the interpreter goes down.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest
from waiting import HANG

pytestmark = pytest.mark.extended

SYNC = """
    import sys, time, warnings
    warnings.simplefilter("ignore", DeprecationWarning)
    from elevenlabs.conversational_ai.conversation import Conversation
    import voicekit
    world = voicekit.connect("instant", offline=True)
    client = world.elevenlabs()
    agent = "agent_standin"
    caller = voicekit.Caller(["What are your opening hours?"], world)
    conversation = Conversation(
        client, agent, requires_auth=False, audio_interface=caller, **caller.callbacks
    )
    def talking():
        deadline = time.monotonic() + 120
        while not caller.played:
            assert time.monotonic() < deadline, "the agent says nothing"
            time.sleep(0.01)
        print("talking", flush=True)
"""
ASYNC = """
    import asyncio, sys, warnings
    warnings.simplefilter("ignore", DeprecationWarning)
    from elevenlabs.conversational_ai.conversation import AsyncConversation
    import voicekit
    world = voicekit.connect("instant", offline=True)
    client = world.elevenlabs()
    caller = voicekit.Caller(["What are your opening hours?"], world)
    def made():
        return AsyncConversation(
            client, "agent_standin", requires_auth=False, audio_interface=caller,
            **caller.callbacks
        )
    async def talking():
        async with asyncio.timeout(120):
            while not caller.played:
                await asyncio.sleep(0.01)
        print("talking", flush=True)
"""
QUIET = {
    "with a session": (SYNC, "with voicekit.session(conversation): caller.wait()"),
    "with a session, at once": (SYNC, "with voicekit.session(conversation): pass"),
    "a session that goes on": (SYNC, "voicekit.session(conversation).start(); talking()"),
    "the article's way": (
        SYNC,
        """
    conversation.start_session(); talking()
    conversation.end_session(); conversation.wait_for_session_end()
    """,
    ),
    "nobody waits for the end": (
        SYNC,
        "conversation.start_session(); talking(); conversation.end_session()",
    ),
    "nobody ends it": (SYNC, "conversation.start_session(); talking()"),
    "the last line starts it": (SYNC, "conversation.start_session()"),
    "it exits": (SYNC, "conversation.start_session(); talking(); sys.exit(0)"),
    "never started": (SYNC, ""),
    "async with a session": (
        ASYNC,
        """
    async def main():
        async with voicekit.session(made()):
            await caller.done()
    asyncio.run(main())
    """,
    ),
    "async, nobody ends it": (
        ASYNC,
        """
    async def main():
        await made().start_session()
        await talking()
    asyncio.run(main())
    """,
    ),
    "async, the last line starts it": (
        ASYNC,
        """
    async def main():
        await made().start_session()
    asyncio.run(main())
    """,
    ),
    "async, a session that goes on": (
        ASYNC,
        """
    async def main():
        await voicekit.session(made()).start()
        await talking()
    asyncio.run(main())
    """,
    ),
}
RAISES = {
    "in a session": (
        SYNC,
        "with voicekit.session(conversation): talking(); raise ValueError('mine')",
    ),
    "without": (SYNC, "conversation.start_session(); talking(); raise ValueError('mine')"),
    "async, in a session": (
        ASYNC,
        """
    async def main():
        async with voicekit.session(made()):
            await talking()
            raise ValueError("mine")
    asyncio.run(main())
    """,
    ),
    "async, without": (
        ASYNC,
        """
    async def main():
        await made().start_session()
        await talking()
        raise ValueError("mine")
    asyncio.run(main())
    """,
    ),
}
INTERRUPTED = {
    "in a session": (SYNC, "with voicekit.session(conversation): talking(); time.sleep(60)"),
    "without": (SYNC, "conversation.start_session(); talking(); time.sleep(60)"),
    "async, in a session": (
        ASYNC,
        """
    async def main():
        async with voicekit.session(made()):
            await talking()
            await asyncio.sleep(60)
    asyncio.run(main())
    """,
    ),
    "async, without": (
        ASYNC,
        """
    async def main():
        await made().start_session()
        await talking()
        await asyncio.sleep(60)
    asyncio.run(main())
    """,
    ),
}


def run(parts: tuple[str, str], interrupt: bool = False) -> tuple[int, str]:
    """Its return code, and what it said on stderr."""
    code = "".join(textwrap.dedent(part) for part in parts)
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"VOICEKIT_OFFLINE": "1"},
        # What a shell runs in the background does not listen to Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        try:
            if interrupt:
                assert process.stdout.readline() == "talking\n", process.stderr.read()
                process.send_signal(signal.SIGINT)
            _, complaints = process.communicate(timeout=HANG)
        except BaseException:
            process.kill()
            raise
    return process.returncode, complaints


def tracebacks(complaints: str) -> int:
    return complaints.count("Traceback (most recent call last)")


@pytest.mark.parametrize("way", QUIET)
def test_it_ends_and_says_nothing(way):
    assert run(QUIET[way]) == (0, "")


@pytest.mark.parametrize("way", RAISES)
def test_its_own_error_is_all_that_is_said(way):
    code, complaints = run(RAISES[way])
    assert code == 1
    assert complaints.endswith("ValueError: mine\n")
    assert tracebacks(complaints) == 1, complaints


@pytest.mark.skipif(sys.platform == "win32", reason="an interrupt is sent in another way there")
@pytest.mark.parametrize("way", INTERRUPTED)
def test_an_interrupt_is_all_that_is_said(way):
    code, complaints = run(INTERRUPTED[way], interrupt=True)
    assert code in (-signal.SIGINT, 130, 1)
    assert complaints.endswith("KeyboardInterrupt\n")
    # Python's own, of a task that it cancelled: first the cancellation, then what caused it.
    assert tracebacks(complaints) == 1 + ("async" in way), complaints
