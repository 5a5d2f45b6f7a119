"""A mistaken argument is refused where it is passed, in words that say what to pass instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import voicekit
from voicekit.arguments import check_callable, check_choice, check_items, check_number
from voicekit.arguments import check_seconds as seconds
from voicekit.webhook import relay, webhook

FIGURES = {"llm_first_token": 0.15, "tokens_per_second": 50, "tts_first_chunk": 0.075}
NAN = float("nan")


def simulate(reply: Any = ("Hello ", "there."), **figures: Any) -> voicekit.Timeline:
    return voicekit.simulate(reply, **{**FIGURES, **figures})


def run() -> voicekit.Run:
    return voicekit.Run([simulate(), simulate()])


async def two_arguments(_one: object, _two: object) -> None:
    raise AssertionError("nobody calls it")


async def app(_scope: object, _receive: object, _send: object) -> None:
    raise AssertionError("nobody calls it")


async def generator() -> Any:
    yield "Hello."


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    # A text is an iterable, of letters; so is a mapping, of its keys.
    "a script that is a text": (lambda: voicekit.Caller("How?"), "list of lines"),
    "a script that is a line": (lambda: voicekit.Caller(voicekit.Line("How?")), "list of lines"),  # type: ignore[arg-type]
    "a line that is a number": (lambda: voicekit.Caller([42]), "list of lines"),  # type: ignore[list-item]
    "a reply that is a text": (lambda: simulate("Hello there, my friend."), "Pass the tokens"),
    "a reply that is bytes": (lambda: simulate(b"Hello"), "Pass the tokens"),
    "a reply that is a mapping": (lambda: simulate({"Hello": 1}), "Pass the tokens"),
    "a reply of numbers": (lambda: simulate([1, 2]), "Pass the tokens"),
    "chunks that are one chunk": (lambda: voicekit.Clip.from_chunks(b"abcd", 16000), "list of"),  # type: ignore[arg-type]
    "checks that are a text": (lambda: voicekit.probe("http://127.0.0.1:9", checks="done"), "list"),
    "turns that are a turn": (lambda: voicekit.Run(simulate()), "list of turns"),  # type: ignore[arg-type]
    "turns that are delays": (lambda: voicekit.Run([0.3]), "list of turns"),  # type: ignore[list-item]
    # Milliseconds, and other figures that no duration has.
    "a budget in milliseconds": (lambda: voicekit.Budget(700), "write 0.7"),
    "a share in milliseconds": (lambda: voicekit.Budget(0.7, llm_ttft=300), "write 0.3"),
    "no budget": (lambda: voicekit.Budget(0), "seconds"),
    "a negative share": (lambda: voicekit.Budget(0.7, llm_ttft=-0.1), "seconds"),
    "a budget that is a text": (lambda: voicekit.Budget("0.7"), "number"),  # type: ignore[arg-type]
    "a budget that is True": (lambda: voicekit.Budget(True), "number"),
    "a budget that is no number": (lambda: voicekit.Budget(NAN), "seconds"),
    "a first token in milliseconds": (lambda: simulate(llm_first_token=150), "write 0.15"),
    "a first token before the request": (lambda: simulate(llm_first_token=-1), "seconds"),
    "an endpointing that is no number": (lambda: simulate(endpointing=NAN), "seconds"),
    "a negative pace": (lambda: simulate(tokens_per_second=-5), "at least 0"),
    "a voice that says nothing": (lambda: simulate(speaking_rate=0), "from 1"),
    "a chunk in milliseconds": (
        lambda: voicekit.replay(simulate(), first_chunk=75),
        "write 0.075",
    ),
    "a cue in milliseconds": (lambda: voicekit.Line("Stop.", over=2000), "write 2"),
    "a cue before the answer": (lambda: voicekit.Line("Stop.", over=-1), "seconds"),
    "a line before the quiet": (lambda: voicekit.Line("Stop.", after=-1), "seconds"),
    "half a word": (lambda: voicekit.Line("Stop.", over_words=1.5), "whole number"),  # type: ignore[arg-type]
    "no patience": (lambda: voicekit.Caller([], patience=-1), "seconds"),
    "a block in milliseconds": (lambda: voicekit.ClipAudio(block=100), "write 0.1"),
    "a browser's block in milliseconds": (lambda: voicekit.AgentAudio(block=100), "write 0.1"),
    "a frame in milliseconds": (lambda: voicekit.Microphone(frame=20), "0.02"),
    # Decibels below full scale are negative.
    "a room louder than any": (lambda: voicekit.ClipAudio(noise=30), "dB"),
    "an echo louder than the voice": (lambda: voicekit.ClipAudio(echo=25), "dB"),
    "a caller louder than any": (lambda: voicekit.Caller([], level=26), "dB"),
    # A word that is none of the choices.
    "a rule that is none": (lambda: simulate(rule="word"), "'clause', 'sentence', 'whole'"),
    "a replayed rule": (lambda: voicekit.replay(simulate(), rule="words"), "'clause'"),  # type: ignore[arg-type]
    "a lever that is none": (lambda: simulate(endpoint=0.2), "Levers: "),
    "a stage that is none": (lambda: voicekit.Budget(0.7, llm=0.1), "Stages: "),
    "a mark that is none": (lambda: voicekit.Timeline().mark("audibel"), "Known: "),
    "a profile that is none": (lambda: voicekit.connect("fast", offline=True), "Known: "),
    "a first fragment that is none": (lambda: voicekit.prepare("Hi.", first="word"), "'clause'"),  # type: ignore[arg-type]
    "a language without rules": (lambda: voicekit.prepare("Hi.", language="xx"), "en"),
    # Something else than what is wanted.
    "a turn that is a run": (lambda: voicekit.replay(run()), "one turn"),  # type: ignore[arg-type]
    "a budget for a run": (lambda: voicekit.Budget(0.7).check(run()), "one turn"),  # type: ignore[arg-type]
    "a waterfall with seconds": (lambda: simulate().waterfall(0.7), "Budget(0.7)"),  # type: ignore[arg-type]
    "a share as a percentile": (lambda: run().percentile(0.95), "whole number"),  # type: ignore[arg-type]
    "the 0th percentile": (lambda: run().percentile(0), "from 1 to 99"),
    "the 100th percentile": (lambda: run().percentile(100), "from 1 to 99"),
    "runs without names": (lambda: voicekit.compare([run()]), "Name the runs"),  # type: ignore[arg-type]
    "no runs": (lambda: voicekit.compare({}), "nothing to compare"),
    "a profile as a clock": (lambda: voicekit.Timeline("advertised"), "profile="),  # type: ignore[arg-type]
    "a mark at a text": (lambda: voicekit.Timeline().mark("audible", "now"), "number"),  # type: ignore[arg-type]
    "a delay that is a text": (lambda: voicekit.Timeline().reconcile("0.3"), "number"),  # type: ignore[arg-type]
    "a figure's name": (lambda: simulate(profile=3), "name"),
    "a number as an app": (lambda: voicekit.serve(42), "ASGI app"),  # type: ignore[arg-type]
    "an import string as an app": (lambda: voicekit.serve("main:app"), "ASGI app"),  # type: ignore[arg-type]
    "an answer as an app": (lambda: voicekit.serve(two_arguments), "ASGI app"),  # type: ignore[arg-type]
    "a port that is a text": (lambda: voicekit.serve(app, port="80"), "whole"),  # type: ignore[arg-type]
    "a name that is a number": (lambda: voicekit.serve(app, name=3), "text"),  # type: ignore[arg-type]
    "a number as an answer": (lambda: webhook(42), "function of one turn"),  # type: ignore[arg-type]
    "a text as an answer": (lambda: webhook("Hello."), "function of one turn"),  # type: ignore[arg-type]
    "an answer without a turn": (lambda: webhook(generator), "function of one turn"),  # type: ignore[arg-type]
    "a server that is a number": (lambda: relay(42), "http://host:port/v1"),  # type: ignore[arg-type]
    "an endpoint that is a number": (lambda: voicekit.probe(42), "address"),  # type: ignore[arg-type]
    "a world that is a name": (lambda: voicekit.Voice("Rachel"), "voicekit.connect()"),  # type: ignore[arg-type]
    "a spoken world": (lambda: list(voicekit.speak_sync("Hi.", "advertised")), "connect()"),  # type: ignore[arg-type]
    "a truth that is a text": (lambda: voicekit.connect(offline="no"), "True, False or None"),  # type: ignore[arg-type]
    "a key that is a number": (lambda: voicekit.connect(openai_key=3), "Pass the key"),  # type: ignore[arg-type]
    "a secret that is bytes": (lambda: voicekit.Secret(b"x"), "text"),  # type: ignore[arg-type]
    "a line that is no text": (lambda: voicekit.Line(42), "words of one line"),  # type: ignore[arg-type]
    "a line without a word": (lambda: voicekit.Line("..."), "no word"),
    "two cues": (lambda: voicekit.Line("Stop.", over=1.0, over_words=3), "one cue"),
    "a sound that is a path": (lambda: voicekit.Line("Hi.", sound="hi.wav"), "Clip.load"),  # type: ignore[arg-type]
    "a clip of text": (lambda: voicekit.Clip("abcd", 16000), "bytes"),  # type: ignore[arg-type]
    "a rate that is a text": (lambda: voicekit.Clip(b"ab", "16000"), "22050"),  # type: ignore[arg-type]
    "a broken rate": (lambda: voicekit.Clip(b"ab", 16000.5), "22050"),  # type: ignore[arg-type]
    "a speaker's text": (lambda: voicekit.ClipSpeaker().play("Hi."), "PCM16"),  # type: ignore[arg-type]
    "a page's text": (lambda: voicekit.Speaker().play("Hi."), "PCM16"),  # type: ignore[arg-type]
    "a clip as a rate": (lambda: voicekit.ClipSpeaker(voicekit.Clip(b"ab", 16000)), "16000"),  # type: ignore[arg-type]
    "swapped widgets": (lambda: voicekit.AgentAudio(voicekit.Speaker()), "Pass a Microphone"),  # type: ignore[arg-type]
    "a view of a world": (lambda: voicekit.ConversationView(None), "audio_interface"),  # type: ignore[arg-type]
    "a text that is none": (lambda: voicekit.prepare(None), "Tokens go to"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize(("call", "remedy"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_refused_at_once_and_says_what_to_pass(
    call: Callable[[], object], remedy: str
) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert remedy in str(caught.value)


VOICES: dict[str, tuple[dict[str, Any], str]] = {
    "a rate": ({"rate": 12345}, "22050"),
    "a rate that is a text": ({"rate": "22050"}, "22050"),
    "a first fragment": ({"first": "word"}, "'clause'"),
    "a language": ({"language": "xx"}, "en"),
    "a setting's name": ({"settings": {"stabilty": 1}}, "'stability'"),
    "an empty model": ({"model": ""}, "empty"),
    "no voice": ({"voice": None}, "id"),
}


@pytest.mark.parametrize(("options", "remedy"), VOICES.values(), ids=VOICES)
def test_a_voice_refuses_what_the_vendor_does_not_have(
    options: dict[str, Any], remedy: str
) -> None:
    world = voicekit.connect("instant", offline=True)
    with pytest.raises((TypeError, ValueError)) as caught:
        voicekit.Voice(world, **options)
    assert remedy in str(caught.value)


def test_what_is_right_passes() -> None:
    check_number("n", np.float64(0.5), 0, 1)
    check_number("n", np.int64(3), whole=True)
    seconds("s", 0)
    check_choice("c", "a", ("a", "b"))
    check_callable("f", len, 1, "")
    check_callable("f", dict, 0, "")  # a built-in that does not show its arguments
    assert check_items("i", (word for word in ("a", "b")), str, "") == ["a", "b"]


def test_a_long_text_is_not_repeated_in_full() -> None:
    with pytest.raises(TypeError) as caught:
        seconds("s", "x" * 10_000)
    assert len(str(caught.value)) < 200
