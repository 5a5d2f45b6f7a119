"""A conversation that ends: on success, error, interrupt, cancellation, re-run and replacement."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from browser_of_ours import Browser
from elevenlabs import ElevenLabs
from fake_agent import AsyncConversation, Conversation, FakeAgent
from waiting import HANG, until

import voicekit
from voicekit import AgentAudio, ClipAudio
from voicekit.conversation import calls
from voicekit.errors import AudioError


@pytest.fixture(scope="module")
def agent() -> Iterator[FakeAgent]:
    with FakeAgent() as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    calls._end_all()
    left = [t for t in set(threading.enumerate()) - before if t.name != "MainThread"]
    for thread in left:  # an idle thread of a widget or a server ends by itself
        if thread.name.startswith(("voicekit-session", "ClientTools", "Thread-")):
            until(lambda one=thread: one not in threading.enumerate(), f"the end of {thread}")
    assert calls._running == set()


def talk(agent: FakeAgent, audio: object = None, **options) -> Conversation:
    client = ElevenLabs(base_url=agent.url, api_key="none")
    return Conversation(
        client, "agent", requires_auth=False, audio_interface=audio or ClipAudio(), **options
    )


def async_talk(agent: FakeAgent, **options) -> AsyncConversation:
    client = ElevenLabs(base_url=agent.url, api_key="none")
    return AsyncConversation(
        client, "agent", requires_auth=False, audio_interface=ClipAudio(), **options
    )


def ended(conversation: Conversation) -> bool:
    return not conversation._thread.is_alive() and conversation.audio_interface.state != "started"


def heard(agent: FakeAgent) -> None:
    """Wait until the agent was sent some sound: the session has begun in earnest."""
    before, waiting = len(agent.received), threading.Event()
    while len(agent.received) == before:
        waiting.wait(0.01)


def test_it_starts_at_the_blocks_beginning_and_has_ended_at_its_end(agent):
    held = voicekit.session(talk(agent))
    with held as conversation:
        heard(agent)
        assert conversation.audio_interface.state == "started"
    assert ended(conversation)
    assert held.conversation_id == conversation.wait_for_session_end() == "conv_fake"


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt(), SystemExit(3)])
def test_an_error_ends_it_and_stays_what_it_was(agent, error):
    conversation = talk(agent)
    with pytest.raises(type(error)) as caught, voicekit.session(conversation):
        raise error
    assert caught.value is error
    assert ended(conversation)


def test_an_error_of_the_end_does_not_hide_the_first(agent):
    def fail(_details: object) -> None:
        raise RuntimeError("in the callback")

    conversation = talk(agent, callback_disconnect=fail)
    with pytest.raises(ValueError, match="mine") as caught, voicekit.session(conversation):
        raise ValueError("mine")
    assert "in the callback" in caught.value.__notes__[0]
    held = voicekit.session(talk(agent, callback_disconnect=fail))
    with pytest.raises(RuntimeError, match="in the callback"), held:
        pass


def test_a_start_that_fails_is_told_and_leaves_nothing():
    conversation = Conversation(
        ElevenLabs(base_url="http://127.0.0.1:9", api_key="none", timeout=1),
        "agent",
        requires_auth=True,
        audio_interface=ClipAudio(),
    )
    with pytest.raises(Exception, match="refused"), voicekit.session(conversation):
        pytest.fail("it started")
    assert not conversation.client_tools._running.is_set()


def test_a_call_goes_on_after_its_cell_until_it_is_ended(agent):
    call = voicekit.session(talk(agent))
    call.start()
    call.start()
    heard(agent)
    call.end()
    call.end()
    assert ended(call._conversation)
    assert call.conversation_id == "conv_fake"
    with pytest.raises(AudioError, match="Make a new Conversation"):
        call.start()


def test_a_call_that_was_never_started_may_be_ended(agent):
    conversation = talk(agent)
    call = voicekit.session(conversation)
    call.end()
    conversation.end_session()


def test_the_agent_may_hang_up():
    with FakeAgent(hang_up_after=2) as agent:
        call = voicekit.session(talk(agent))
        call.start()
        assert call._ended.wait(HANG)
    assert call not in calls._running


def test_a_callback_may_end_it(agent):
    call = voicekit.session(talk(agent))
    call._conversation.audio_interface.on_block(call.end)
    call.start()
    assert call._ended.wait(HANG)
    assert ended(call._conversation)


class Silent:
    """A conversation of nothing but a thread, as quick as can be."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.over.wait)

    def start_session(self) -> None:
        self.thread.start()

    def end_session(self) -> None:
        self.over.set()

    def wait_for_session_end(self) -> None:
        self.thread.join()


class Strike:
    """An interrupt at the n-th line of ours that the main thread runs."""

    def __init__(self, at: int) -> None:
        self.at, self.count = at, 0

    def __call__(self, frame, _event, _argument):
        ours = frame.f_code.co_filename.endswith(("/sessions.py", "/calls.py"))
        if not ours or frame.f_code.co_filename == __file__:
            return None
        self.count += 1
        if self.count == self.at:
            raise KeyboardInterrupt
        return self


def test_an_interrupt_at_each_step_of_the_way_ends_it():
    at, struck = 1, True
    while struck:
        conversation = Silent()
        held = voicekit.session(conversation)
        sys.settrace(Strike(at))
        try:
            with held:
                pass
        except KeyboardInterrupt:
            pass
        else:
            struck = False
        finally:
            sys.settrace(None)
        for thread in threading.enumerate():
            if thread.name.startswith("voicekit-session"):
                thread.join(HANG)
                assert not thread.is_alive(), f"step {at}: it goes on"
        assert not conversation.thread.is_alive(), f"step {at}: it goes on"
        assert held not in calls._running
        at += 1
    assert at > 20


def test_the_same_device_ends_the_older_call(agent):
    audio = AgentAudio()
    with Browser(audio.microphone, audio.speaker) as browser:
        older, newer = (voicekit.session(talk(agent, audio)) for _ in range(2))
        older.start()
        heard(agent)
        newer.start()
        assert older._ended.is_set()
        heard(agent)
        assert browser.listening
        newer.end()
    audio.close()


def test_running_the_audio_cell_again_ends_the_call(agent):
    first = AgentAudio()
    call = voicekit.session(talk(agent, first))
    call.start()
    second = AgentAudio()
    assert call._ended.wait(HANG)
    first.close()
    second.close()


def test_running_the_conversations_cell_again_ends_the_older_call(agent, monkeypatch):
    now = {}
    shell = SimpleNamespace(get_parent=lambda: now)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))

    def run(cell: str, run: str) -> list[object]:
        now.update(header={"msg_id": run}, metadata={"cellId": cell})
        made = [voicekit.session(talk(agent)) for _ in range(2)]
        for call in made:
            call.start()
        return made

    a, b = run("a", "1"), run("b", "2")
    assert not any(call._ended.is_set() for call in [*a, *b])
    c = run("a", "3")
    assert all(call._ended.is_set() for call in a)
    assert not any(call._ended.is_set() for call in [*b, *c])
    now.update(metadata={}, content={"code": "x"})
    for call in [*b, *c]:
        call.end()


def test_an_asynchronous_conversation_likewise(agent):
    async def success() -> None:
        held = voicekit.session(async_talk(agent))
        async with held as conversation:
            while held.conversation_id is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert conversation.audio_interface.state == "stopped"
        assert held.conversation_id == "conv_fake"
        await held.end()
        with pytest.raises(AudioError, match="Make a new Conversation"):
            await held.start()

    async def failure() -> None:
        async with voicekit.session(async_talk(agent)):
            raise ValueError("mine")

    asyncio.run(success())
    with pytest.raises(ValueError, match="mine"):
        asyncio.run(failure())


def test_a_cancelled_task_ends_it_first(agent):
    conversations = []

    async def converse() -> None:
        conversation = async_talk(agent)
        conversations.append(conversation)
        async with voicekit.session(conversation):
            await asyncio.sleep(60)

    async def cancel(times: int) -> None:
        task = asyncio.create_task(converse())
        while not (  # noqa: ASYNC110
            conversations and conversations[-1].audio_interface.state == "started"
        ):
            await asyncio.sleep(0.01)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0.01)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert conversations[-1]._task.done()
        assert conversations[-1].audio_interface.state == "stopped"
        conversations.clear()

    asyncio.run(cancel(1))
    asyncio.run(cancel(3))


def test_an_asynchronous_callback_may_end_it():
    async def converse() -> None:
        async def over(_details: object) -> None:
            await call.end()

        with FakeAgent(hang_up_after=2) as agent:
            call = voicekit.session(async_talk(agent, callback_disconnect=over))
            await call.start()
            async with asyncio.timeout(HANG):
                await call._task
                await call.end()

    asyncio.run(converse())


def test_what_an_asynchronous_conversation_died_of_is_told():
    conversation = None

    async def converse() -> None:
        nonlocal conversation
        client = ElevenLabs(base_url="http://127.0.0.1:9", api_key="none")
        conversation = AsyncConversation(client, "agent", requires_auth=False)
        async with voicekit.session(conversation):
            await asyncio.sleep(0.2)

    with pytest.raises(OSError, match=r"Connect call failed|refused"):
        asyncio.run(converse())
    assert not conversation.client_tools._running.is_set()


@pytest.mark.parametrize("wrong", ["agent_123", None, Conversation, ClipAudio()])
def test_anything_else_is_refused_in_words(wrong):
    with pytest.raises(TypeError, match="takes a Conversation or AsyncConversation"):
        voicekit.session(wrong)


def test_the_wrong_with_is_refused():
    class Other(Silent):
        async def start_session(self) -> None:
            pytest.fail("it started")

    async def wrong() -> None:
        async with voicekit.session(Silent()):
            pass

    with pytest.raises(TypeError, match="async with"), voicekit.session(Other()):
        pass
    with pytest.raises(TypeError, match="without async"):
        asyncio.run(wrong())
