from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from voicekit import Clip, connect
from voicekit.errors import EngineError
from voicekit.tools.doctor import answers, speaks, understands, vendors
from voicekit.tools.doctor.vendors import standin

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


HEADERS = "headers: {'date': 'Mon', 'server': 'uvicorn'}, status_code: 503, body: …"


def refusal(status, body):
    """An error as the SDKs raise it, whose text is its headers."""
    error = type("ApiError", (Exception,), {"__str__": lambda _: HEADERS})()
    error.status_code, error.body = status, body
    return error


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"detail": {"status": "x", "message": "The voice\n is away."}}, "The voice is away."),
        ({"detail": [{"loc": ["body"], "msg": "Field required"}]}, "Field required"),
        ({"detail": "Not here."}, "Not here."),
        ({"error": {"message": "No such model."}}, "No such model."),
        ({"message": "Bad key."}, "Bad key."),
        ("Bad gateway", "Bad gateway"),
        ("<!doctype html><html><body>502</body></html>", "an answer with status 503 and no reason"),
        ({"detail": []}, "an answer with status 503 and no reason"),
        (None, "an answer with status 503 and no reason"),
        (b"\0\1", "an answer with status 503 and no reason"),
    ],
)
def test_no_form_of_refusal_shows_headers(body, told):
    assert answers(Broken(refusal(503, body))).found == told


def test_a_long_complaint_ends_at_a_word():
    found = answers(Broken(refusal(400, "word " * 200))).found
    assert found.endswith("word …")
    assert len(found) <= 302


@pytest.mark.parametrize("live", [True, False])
def test_the_cure_of_a_failure_is_another_one_live_and_offline(live):
    world = Broken(refusal(500, "It broke."))
    world.live = {"elevenlabs": live, "openai": live}
    for row in (answers(world), speaks(world)[0], understands(world, CLIP)):
        assert row.found == "It broke."
        assert ("Check the key" in row.fix) is live


def test_a_stand_in_that_cannot_start_is_a_row(monkeypatch):
    def refuse(*_, **__):
        raise EngineError("It needs the package 'trustme'.")

    monkeypatch.setattr(vendors, "connect", refuse)
    row, nothing = standin("instant")
    assert (row.outcome, row.found, nothing) == ("wrong", "It needs the package 'trustme'.", None)


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
