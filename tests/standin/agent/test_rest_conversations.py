from __future__ import annotations

import json

import httpx
import numpy as np
import pytest
import soundfile
from elevenlabs.core.api_error import ApiError

from voicekit.standin.agents.store import READY
from voicekit.standin.records.conversations import KEPT, RECORDED
from voicekit.standin.records.recording import RATE, Recording


@pytest.fixture
def conversations(client):
    return client.conversational_ai.conversations


def tone(seconds: float, hertz: float, rate: int = RATE) -> bytes:
    at = np.arange(round(seconds * rate)) / rate
    return (8000 * np.sin(2 * np.pi * hertz * at)).astype("<i2").tobytes()


def talk(standin, **more):
    """A conversation of 3.4 s, interrupted, with a tool call."""
    state = standin.state
    state.clock = lambda: 1_700_000_000.0
    record = state.conversations.start(state.agents.get(READY), source="python_sdk", **more)
    greeting = record.add("agent", "Hello, how can I help?", 0.2, event_id=1)
    greeting.measure("convai_llm_service_ttfb", 0.15)
    greeting.cut("Hello, how")
    record.add("user", "Where is my order?", 1.6, event_id=2)
    answer = record.add("agent", "On its way.", 2.4, event_id=2)
    answer.call("call_1", "find", {"order": "A-1"}, "client")
    answer.result("call_1", "find", {"found": True}, "client", seconds=0.25)
    record.recording.said(tone(2.0, 400), 0.2)
    record.recording.interrupted(1.0)
    record.recording.heard(tone(1.0, 900), 0.9)
    record.finish("Client disconnected: 1000", 3.4)
    return record


def test_a_conversation_is_told_as_it_went(standin, conversations):
    record = talk(standin, user_id="u1")
    told = conversations.get(record.conversation_id)
    assert (told.agent_id, told.status, told.user_id) == (READY, "done", "u1")
    assert told.metadata.start_time_unix_secs == 1_700_000_000
    assert told.metadata.call_duration_secs == 3
    assert told.metadata.termination_reason == "Client disconnected: 1000"
    assert told.metadata.conversation_initiation_source == "python_sdk"
    greeting, question, answer = told.transcript
    assert greeting.interrupted is True
    assert (greeting.message, greeting.original_message) == ("Hello, how", "Hello, how can I help?")
    metrics = greeting.conversation_turn_metrics.metrics
    assert metrics["convai_llm_service_ttfb"].elapsed_time == 0.15
    assert (question.role, question.time_in_call_secs) == ("user", 1)
    assert json.loads(answer.tool_calls[0].params_as_json) == {"order": "A-1"}
    assert json.loads(answer.tool_results[0].result_value) == {"found": True}
    assert answer.tool_results[0].tool_latency_secs == 0.25
    assert "no language model" in told.analysis.transcript_summary


def test_a_conversation_under_way_has_no_analysis_and_lasts_until_now(standin, conversations):
    state = standin.state
    state.clock = lambda: 100.0
    record = state.conversations.start(state.agents.get(READY))
    state.clock = lambda: 107.5
    told = conversations.get(record.conversation_id)
    assert (told.status, told.metadata.call_duration_secs) == ("in-progress", 7)
    assert told.analysis is None


def test_a_failed_conversation_says_code_and_reason(standin, conversations):
    state = standin.state
    record = state.conversations.start(state.agents.get(READY))
    record.finish("It broke.", 1.0, "failed", (1011, "It broke."))
    record.finish("Later.", 9.0)
    told = conversations.get(record.conversation_id)
    assert (told.status, told.metadata.error.code) == ("failed", 1011)
    assert told.metadata.termination_reason == "It broke."


def test_the_recording_is_stereo_with_the_caller_left(standin, conversations, tmp_path):
    record = talk(standin)
    file = tmp_path / "call.mp3"
    file.write_bytes(b"".join(conversations.audio.get(record.conversation_id)))
    sound, rate = soundfile.read(file)
    assert sound.shape[1] == 2

    def loud(channel: int, start: float, end: float) -> float:
        # An MP3 decoder begins a twentieth of a second late or so.
        part = sound[round((start + 0.1) * rate) : round((end - 0.05) * rate), channel]
        return float(np.sqrt(np.mean(part**2)))

    assert loud(1, 0.2, 1.0) > 0.1
    assert loud(0, 0.2, 0.9) < 0.01
    assert loud(0, 0.95, 1.9) > 0.1
    assert loud(1, 1.1, 1.9) < 0.01


def test_both_sides_may_have_rates_of_their_own():
    recording = Recording(user_rate=8000, agent_rate=24000)
    recording.heard(tone(1.0, 300, 8000), 0.0)
    recording.said(tone(1.0, 300, 24000), 0.5)
    assert recording.stereo().shape == (round(1.5 * RATE), 2)
    assert np.abs(recording.stereo()[: RATE * 4 // 10, 1]).max() == 0
    assert np.abs(recording.stereo()[RATE:, 1]).max() > 7000


def test_a_conversation_without_sound_says_so(standin, conversations):
    state = standin.state
    record = state.conversations.start(state.agents.get(READY), text_only=True)
    record.finish("over", 1.0)
    assert conversations.get(record.conversation_id).has_audio is False
    with pytest.raises(ApiError) as refused:
        list(conversations.audio.get(record.conversation_id))
    assert refused.value.status_code == 404


def test_an_agent_that_records_no_voice_leaves_none(standin, agents, conversations):
    agents.update(READY, platform_settings={"privacy": {"record_voice": False}})
    assert conversations.get(talk(standin).conversation_id).has_audio is False


def test_conversations_are_listed_newest_first_and_filtered(standin, conversations):
    first, second = talk(standin, user_id="u1"), talk(standin, user_id="u2")
    page = conversations.list()
    assert [row.conversation_id for row in page.conversations] == [
        second.conversation_id,
        first.conversation_id,
    ]
    row = page.conversations[0]
    assert (row.message_count, row.call_duration_secs, row.tool_names) == (3, 3, ["find"])
    assert [r.conversation_id for r in conversations.list(user_id="u1").conversations] == [
        first.conversation_id
    ]
    assert conversations.list(agent_id="another").conversations == []
    assert conversations.list(call_successful="success").conversations == []
    assert len(conversations.list(call_start_after_unix=1_700_000_000).conversations) == 2
    assert conversations.list(call_start_after_unix=1_700_000_001).conversations == []
    assert len(conversations.list(page_size=1).conversations) == 1
    assert conversations.list(page_size=1).has_more is True


def test_a_filter_that_is_not_known_is_refused_and_not_passed_over(conversations):
    with pytest.raises(ApiError) as refused:
        conversations.list(tool_names=["find"])
    assert refused.value.status_code == 400
    assert "tool_names" in refused.value.body["detail"]["message"]


def test_feedback_is_counted_and_can_be_taken_back(standin, conversations):
    record = talk(standin)
    conversations.feedback.create(record.conversation_id, feedback="like")
    conversations.feedback.create(record.conversation_id, feedback="dislike")
    told = conversations.get(record.conversation_id).metadata.feedback
    assert (told.overall_score, told.likes, told.dislikes) == ("dislike", 1, 1)
    conversations.feedback.create(record.conversation_id, feedback=None)
    assert conversations.get(record.conversation_id).metadata.feedback.likes == 0


def test_feedback_to_one_answer_stands_beside_it(standin, conversations):
    record = talk(standin)
    record.rate("like", 3.0, event_id=1)
    greeting = conversations.get(record.conversation_id).transcript[0]
    assert greeting.feedback.score == "like"


def test_files_go_in_and_out(standin, http: httpx.Client):
    record = talk(standin)
    path = f"/v1/convai/conversations/{record.conversation_id}/files"
    content = b"\x00\r\n--x\r\n\xff"
    made = http.post(path, files={"file": ("a.bin", content, "image/png")}).json()["file_id"]
    assert record.files[made] == ("a.bin", "image/png", content)
    assert http.delete(f"{path}/{made}").status_code == 200
    assert http.delete(f"{path}/{made}").status_code == 404
    assert http.post(path, json={}).status_code == 422


def test_the_sdk_uploads_files(standin, conversations):
    record = talk(standin)
    made = conversations.files.create(record.conversation_id, file=("a.txt", b"abc", "text/plain"))
    assert record.files[made.file_id][2] == b"abc"


def test_a_deleted_conversation_is_gone(standin, conversations):
    record = talk(standin)
    conversations.delete(record.conversation_id)
    with pytest.raises(ApiError) as refused:
        conversations.get(record.conversation_id)
    assert refused.value.body["detail"]["code"] == "conversation_not_found"


def test_memory_is_bounded(standin):
    for _ in range(KEPT + 5):
        record = standin.state.conversations.start(standin.state.agents.get(READY))
        record.recording.heard(b"\1\0", 0.0)
        record.finish("over", 0.0)
    kept = standin.state.conversations.all()
    assert len(kept) == KEPT
    assert sum(bool(one.recording.user) for one in kept) == RECORDED
