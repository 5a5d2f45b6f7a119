"""`multi-stream-input`, by a bare WebSocket client."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from waiting import until
from wire import dial, hear, hear_until, say

from voicekit.standin.catalog import profiles

SENTENCE = "Your parcel left the warehouse this morning, and it is on its way. "


def multi(standin, **query):
    return dial(standin, "multi-stream-input", **query)


def text(context: str, said: str | None = None, **more) -> dict:
    return {"context_id": context, **({} if said is None else {"text": said}), **more}


def test_every_message_names_its_context_in_both_spellings(standin):
    with multi(standin) as socket:
        say(socket, text("a", " "), text("a", "Hello. ", flush=True))
        say(socket, text("a", close_context=True), {"close_socket": True})
        heard = hear(socket)
    assert {(m["contextId"], m["context_id"]) for m in heard.messages} == {("a", "a")}
    assert heard.chars == "Hello. "
    assert heard.code == 1000


def test_flush_ends_nothing_and_closing_gives_one_final_message_without_audio(standin):
    with multi(standin) as socket:
        say(socket, text("a", " "), text("a", "Hello. "), text("a", flush=True))
        spoken = hear_until(socket, "audio")
        say(socket, text("a", "Again. "), text("a", "", flush=True))
        say(socket, text("a", close_context=True), text("a", close_context=True))
        say(socket, {"close_socket": True})
        heard = hear(socket)
    assert spoken.chars + heard.chars == "Hello. Again. "
    finals = [m for m in spoken.messages + heard.messages if m.get("isFinal")]
    assert finals == [{"isFinal": True, "contextId": "a", "context_id": "a"}]
    assert heard.last == finals[0]


def test_flush_and_close_back_to_back_speak_first(standin):
    standin.state.profile = profiles.load("advertised")
    with multi(standin) as socket:
        say(socket, text("a", " ", voice_settings={}), text("a", SENTENCE))
        say(socket, text("a", "", flush=True), text("a", close_context=True))
        heard = hear_until(socket, "isFinal")
    assert heard.chars == SENTENCE
    assert len(heard.messages) > 2


def test_closing_before_anything_was_said_is_final_and_drops_what_was_not_flushed(standin):
    with multi(standin) as socket:
        say(socket, text("a", " "), text("a", close_context=True))
        say(socket, text("b", "Never mind. "), text("b", close_context=True))
        say(socket, {"close_socket": True})
        heard = hear(socket)
    assert all(message["isFinal"] for message in heard.messages)
    assert [message["contextId"] for message in heard.messages] == ["a", "b"]


def test_closing_what_was_never_open_is_no_event(standin):
    with multi(standin) as socket:
        say(socket, text("a", close_context=True), text("a", flush=True), {"close_socket": True})
        assert hear(socket).messages == []


def test_contexts_speak_at_the_same_time_each_in_its_own_order(standin):
    standin.state.profile = profiles.load("advertised")
    with multi(standin, auto_mode="true") as socket:
        for part in ("One. ", "Two. ", "Three. "):
            for context in ("a", "b"):
                say(socket, text(context, part + SENTENCE))
        say(socket, {"close_socket": True})
        heard = hear(socket)
    wanted = "".join(part + SENTENCE for part in ("One. ", "Two. ", "Three. "))
    assert heard.of("a").chars == heard.of("b").chars == wanted
    assert heard.of("a").audio == heard.of("b").audio
    order = "".join(message["contextId"] for message in heard.messages)
    assert order.index("a") < order.rindex("b")
    assert order.index("b") < order.rindex("a")  # neither waits for the other's end


def test_closing_the_socket_speaks_everything_and_ends_with_1000(standin):
    with multi(standin) as socket:
        say(socket, text("a", "First. "), text("b", "Second. "), {"close_socket": True})
        say(socket, text("c", "Too late. ", flush=True))
        heard = hear(socket)
    assert heard.of("a").chars == "First. "
    assert heard.of("b").chars == "Second. "
    assert sum(bool(message.get("isFinal")) for message in heard.messages) == 2
    assert heard.of("c").messages == []
    assert heard.code == 1000


def test_text_without_a_context_goes_to_the_default_one(standin):
    with multi(standin) as socket:
        say(socket, " ", {"text": "Hello. ", "flush": True}, {"close_socket": True})
        assert hear(socket).of("default").chars == "Hello. "


def test_the_contracts_own_spelling_of_the_id_is_read_too(standin):
    with multi(standin) as socket:
        say(socket, {"contextId": "a", "text": "Hello. ", "flush": True}, {"close_socket": True})
        assert hear(socket).of("a").chars == "Hello. "


def test_keep_alives_open_nothing_end_nothing_and_say_nothing(standin):
    with multi(standin) as socket:
        for context in "abcdefg":
            say(socket, text(context, ""))
        say(socket, "", text("a", " "), text("a", ""), text("a", "Hello. ", flush=True))
        say(socket, {"close_socket": True})
        heard = hear(socket)
    assert heard.of("a").chars == heard.chars == "Hello. "


def test_a_closed_context_takes_no_late_text_but_may_begin_anew(standin):
    with multi(standin) as socket:
        say(socket, text("a", " "), text("a", close_context=True))
        say(socket, text("a", "Late. ", flush=True))
        say(socket, text("a", " ", voice_settings={"speed": 1.1}), text("a", "Anew. ", flush=True))
        say(socket, {"close_socket": True})
        heard = hear(socket)
    assert heard.chars == "Anew. "
    assert sum(bool(message.get("isFinal")) for message in heard.messages) == 2


def test_a_sixth_context_is_one_too_many(standin):
    with multi(standin) as socket:
        for context in "abcdef":
            say(socket, text(context, " "))
        heard = hear(socket)
    assert heard.last["error"] == "max_active_conversations"
    assert "exceeded (5)" in heard.last["message"]
    assert heard.last["code"] == heard.code == 1008


def test_closed_contexts_make_room_at_once(standin):
    with multi(standin) as socket:
        for number in range(12):
            say(socket, text(str(number), "Hello. ", flush=True))
            say(socket, text(str(number), close_context=True))
        say(socket, {"close_socket": True})
        heard = hear(socket)
    assert heard.code == 1000
    assert sum(bool(message.get("isFinal")) for message in heard.messages) == 12


def test_settings_after_a_first_message_without_them_are_refused_with_the_context(standin):
    with multi(standin) as socket:
        say(socket, text("a", " "), text("a", "x ", voice_settings={"stability": 0.4}))
        heard = hear(socket)
    assert heard.last["code"] == heard.code == 1008
    assert heard.last["contextId"] == "a"
    assert heard.last["message"].startswith("voice_settings field must be provided in the first")


def test_each_context_has_settings_of_its_own(standin):
    with multi(standin) as socket:
        say(socket, text("slow", " ", voice_settings={"speed": 0.7}))
        say(socket, text("fast", " ", voice_settings={"speed": 1.2}))
        say(socket, text("slow", SENTENCE), text("fast", SENTENCE), {"close_socket": True})
        heard = hear(socket)
    assert len(heard.of("slow").audio) > 1.3 * len(heard.of("fast").audio)


def test_an_idle_context_is_closed_and_so_is_an_idle_socket(standin):
    with multi(standin, inactivity_timeout=1) as socket:
        say(socket, text("a", " "))
        start = time.monotonic()
        heard = hear(socket)
    assert time.monotonic() - start > 0.9
    assert heard.messages[0] == {"isFinal": True, "contextId": "a", "context_id": "a"}
    assert heard.last["error"] == "input_timeout_exceeded"


def test_one_context_that_is_used_does_not_keep_another_from_idling(standin):
    with multi(standin, inactivity_timeout=1) as socket:
        say(socket, text("idle", " "), text("busy", " "))
        finals = []
        while not finals:
            say(socket, text("busy", ""))
            with contextlib.suppress(TimeoutError):
                finals.append(json.loads(socket.recv(0.1)))
        assert finals[0]["contextId"] == "idle"
        say(socket, text("busy", "Hello. ", flush=True))
        assert hear_until(socket, "audio").last["contextId"] == "busy"


@pytest.mark.parametrize("message", ["{}", '{"context_id": 5, "text": "a"}', "[]", b"x"])
def test_what_is_not_a_message_is_answered_with_an_error_and_1008(standin, message):
    with multi(standin) as socket:
        socket.send(message)
        heard = hear(socket)
    assert heard.last["code"] == heard.code == 1008


def test_models_without_this_socket_are_refused(standin):
    with multi(standin, model_id="eleven_v4") as socket:
        heard = hear(socket)
    assert (heard.last["error"], heard.code) == ("model_not_allowed", 1008)


def test_a_client_that_vanishes_ends_every_context(standin):
    standin.state.profile = profiles.load("independent")
    with multi(standin, auto_mode="true") as socket:
        say(socket, *(text(context, SENTENCE * 5) for context in "abcde"))
        hear_until(socket, "audio")
        assert standin.state.generating == 5
        socket.socket.shutdown(2)
    until(lambda: not standin.state.generating)
