"""The official SDK talks through a real page; and the checks of the first lesson see that page."""

from __future__ import annotations

import json

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


def test_the_checks_find_a_page_that_speaks_and_listens(page) -> None:
    page.run(
        "from voicekit import AgentAudio, checks\naudio = AgentAudio()\ndisplay(audio)\n"
        "assert audio.ready(15) and audio.speaker.ready(15)"
    )
    told = page.run(
        "report = checks.Report(checks.page(audio), checks.tone(audio), checks.loop(audio),"
        " checks.level(audio))\nprint(json.dumps(report.json()))",
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
