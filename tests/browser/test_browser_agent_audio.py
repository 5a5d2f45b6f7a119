"""The official SDK talks through a real page; and the checks of the first lesson see that page."""

from __future__ import annotations

import ast
import json
import textwrap

import numpy as np
from fake_agent import FakeAgent, tone

from voicekit.audio import Clip

SESSION = """
    from elevenlabs import ElevenLabs
    from elevenlabs.conversational_ai.conversation import Conversation
    from voicekit import AgentAudio
    audio = AgentAudio()
    display(audio)
    assert audio.ready(15)
    def talk(heard, seconds=25):
        client = ElevenLabs(base_url="{url}", api_key="none")
        conversation = Conversation(client, "agent", requires_auth=False, audio_interface=audio)
        conversation.start_session()
        deadline = time.monotonic() + seconds
        while audio.played < heard and time.monotonic() < deadline:
            time.sleep(0.02)
        conversation.end_session()
        return conversation.wait_for_session_end()
"""


def sounding(samples) -> bytes:
    """Without zeros: a clip has no pauses, what a page renders has."""
    return np.asarray(samples)[np.asarray(samples) != 0].astype("<i2").tobytes()


def test_an_agent_is_spoken_to_and_heard_while_the_cell_blocks(page) -> None:
    with FakeAgent(tone(0.6)) as agent:
        page.run(SESSION.format(url=agent.url))
        assert "conv_fake" in page.run("print(talk(0.55))", timeout=60)
        page.run("audio.speaker.wait(5); audio.clip().save('heard.wav')")
        told = json.loads(
            page.run("print(json.dumps([turn.delay for turn in audio.turns() if turn.answered]))")
        )
    assert sounding(page.heard().sound) == sounding(Clip.load(page.folder / "heard.wav").samples)
    assert Clip(agent.received, 16_000).level > -45  # the voice of the page's microphone
    assert told
    assert all(0.1 < delay < 5 for delay in told)
    assert page.live_tracks == 0


def test_what_was_interrupted_is_what_the_page_did_not_play(page) -> None:
    with FakeAgent(tone(8.0)) as agent:
        page.run(SESSION.format(url=agent.url))
        page.run(
            "import threading\n"
            "worker = threading.Thread(target=talk, args=(99, 14)); worker.start(); worker.join()",
            timeout=60,
        )
        page.run("audio.speaker.wait(5); audio.clip().save('heard.wav')")
    assert agent.interruptions
    heard = Clip.load(page.folder / "heard.wav")
    assert 0 < heard.seconds < 14
    assert sounding(page.heard().sound) == sounding(heard.samples)


LOOP = """
    from voicekit import AgentAudio, Clip
    audio = AgentAudio(block=0.02)
    display(audio)
    assert audio.ready(15)
    async def loop():
        last, sizes = 0.0, set()
        async with asyncio.timeout(60), audio:
            async for frame in audio.frames():
                assert frame.at >= last
                last, _ = frame.end, sizes.add(len(frame.pcm))
                if last > 0.5 and not audio.playing:
                    audio.begin()
                    audio.play(Clip({tone!r}, audio.sample_rate))
                if audio.played > 1.0:
                    return audio.flush(), audio.playing, sizes
"""


def test_a_loop_by_hand_listens_speaks_and_is_interrupted(page) -> None:
    page.run("import asyncio\n" + textwrap.dedent(LOOP.format(tone=tone(8.0))))
    flushed, _, sizes = ast.literal_eval(page.run("print(await loop())", timeout=90))
    page.run("await audio.drain(); audio.clip().save('heard.wav')")
    heard = Clip.load(page.folder / "heard.wav")
    assert sizes == {640}
    assert 1.0 < flushed <= heard.seconds < 2.5
    assert sounding(page.heard().sound) == sounding(heard.samples)
    assert page.live_tracks == 0


def test_the_checks_find_a_page_that_speaks_and_listens(page) -> None:
    page.run(
        "from voicekit import AgentAudio\nfrom voicekit.tools import doctor\n"
        "audio = AgentAudio()\ndisplay(audio)\n"
        "assert audio.ready(15) and audio.speaker.ready(15)"
    )
    told = page.run(
        "report = doctor.Report(doctor.page(audio), doctor.tone(audio), doctor.loop(audio),"
        " doctor.level(audio))\nprint(json.dumps(report.json()))",
        timeout=90,
    )
    rows = {row["check"]: row for row in json.loads(told)["rows"]}
    assert {name: row["outcome"] for name, row in rows.items()} == {
        "the page": "ok",
        "the speaker": "ok",
        "there and back": "ok",
        "the microphone": "ok",
    }, told
    assert "ms from Python" in rows["there and back"]["found"]
