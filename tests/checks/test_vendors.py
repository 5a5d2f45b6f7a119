from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from elevenlabs.core.api_error import ApiError

from voicekit import Clip, connect
from voicekit.checks import answers, speaks, understands

CLIP = Clip(b"\1\0" * 16_000, 16_000, "What are your opening hours?")


@pytest.fixture(scope="module")
def world():
    return connect("instant", offline=True)


def test_the_stand_in_answers(world):
    row = answers(world)
    assert (row.outcome, row.fix) == ("ok", "")
    assert row.found.endswith(" ms")


def test_the_stand_in_speaks_and_can_be_heard(world):
    row, clip = speaks(world)
    assert row.outcome == "ok"
    assert clip.onset() is not None
    assert clip.text in "What are your opening hours?"


def test_what_was_said_is_understood_or_it_says_why_not(world):
    row = understands(world, speaks(world)[1])
    assert row.outcome in {"ok", "not checked"}
    assert "opening hours" in row.found or "Python" in row.fix


class Broken:
    """A vendor that refuses everything, the way its SDK tells it."""

    def __init__(self, error):
        self.live = {"elevenlabs": True, "openai": True}

        def refuse(*_, **__):
            raise error

        self._client = SimpleNamespace(
            text_to_speech=SimpleNamespace(stream=refuse),
            speech_to_text=SimpleNamespace(convert=refuse),
            chat=SimpleNamespace(completions=SimpleNamespace(create=refuse)),
        )

    def elevenlabs(self):
        return self._client

    @contextmanager
    def openai(self):
        yield self._client


class RefusedError(Exception):
    status_code = 401

    @property
    def body(self):
        said = "This request exceeds your quota."
        return {"detail": {"status": "quota_exceeded", "message": said}}


@pytest.mark.parametrize("ask", [answers, lambda w: speaks(w)[0], lambda w: understands(w, CLIP)])
def test_a_refusal_is_wrong_and_told_in_the_vendors_words(ask):
    row = ask(Broken(RefusedError()))
    assert row.outcome == "wrong"
    assert row.found == "This request exceeds your quota."
    assert row.fix


def test_a_lost_connection_is_told_too():
    assert answers(Broken(ConnectionError("connection refused"))).found == "connection refused"
    assert answers(Broken(ConnectionError())).found == "ConnectionError"


def replying(**parts):
    world = Broken(RefusedError())
    for name, function in parts.items():
        setattr(world._client, name, function)
    return world


def transcribing(text):
    return replying(speech_to_text=SimpleNamespace(convert=lambda **_: SimpleNamespace(text=text)))


def test_punctuation_and_case_are_no_misunderstanding():
    assert understands(transcribing("what are your opening hours"), CLIP).outcome == "ok"
    wrong = understands(transcribing("what are your open ours"), CLIP)
    assert wrong.outcome == "wrong"
    assert "open ours" in wrong.found


def test_silence_is_no_speech_and_an_empty_answer_none():
    silent = replying(text_to_speech=SimpleNamespace(stream=lambda *_, **__: iter([bytes(3200)])))
    row, clip = speaks(silent)
    assert (row.outcome, clip.seconds) == ("wrong", 0.1)
    empty = SimpleNamespace(completions=SimpleNamespace(create=lambda **_: iter([])))
    assert answers(replying(chat=empty)).outcome == "wrong"
    assert understands(silent, Clip(b"", 16_000)).outcome == "not checked"


def test_a_stand_in_without_ears_is_not_checked():
    class DeafError(Exception):
        status_code = 404
        body = {"detail": {"message": "Use Python 3.13."}}  # noqa: RUF012 - as the SDK has it

    world = Broken(DeafError())
    world.live = {"elevenlabs": False}
    row = understands(world, CLIP)
    assert (row.outcome, row.found) == ("not checked", "Use Python 3.13.")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"detail": [{"loc": ["body"], "msg": "Field required"}]}, "Field required"),
        ({"detail": "Not Found"}, "Not Found"),
        ("<html>Bad Gateway</html>", "<html>Bad Gateway</html>"),
        (None, "an answer with status 502 and no reason"),
        ({"detail": []}, "an answer with status 502 and no reason"),
    ],
)
def test_whatever_a_vendor_answers_no_headers_are_shown(body, said):
    row = understands(Broken(ApiError(headers={"date": "Mon"}, status_code=502, body=body)), CLIP)
    assert (row.outcome, row.found) == ("wrong", said)
