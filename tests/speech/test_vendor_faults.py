"""Every word is said once, or one `SpeechError` says what was said: all kinds of bad vendors."""

from __future__ import annotations

import asyncio
import itertools
import random

import pytest
from fake_socket import KINDS, Socket
from vendor import PIECE, RATE, WORD

from voicekit.errors import SpeechError
from voicekit.speech import utterance as module
from voicekit.speech.channel import Address, Spare
from voicekit.speech.utterance import Utterance
from voicekit.text.preparer import Preparer
from voicekit.timeline import Timeline

REPLY = (
    "Of course. I have found your order, and it left our warehouse this morning. "
    "It should be with you by Friday, or on Saturday at the latest. Anything else?"
)
WORDS = REPLY.split()
MESSAGES = len(WORDS) * WORD // PIECE
REFUSED = {"close 1008", "close 4001", "quota", "an error of objects"}
"""Kinds that asking again would not mend: one connection, and the reason in the error."""
UNKNOWABLE = {"lost", "twice"}
"""Kinds after which nobody can know which word is in the sound: an error may say so."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(module, "RETRIES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    monkeypatch.setattr(module, "LINGER", 0.1)


async def speak(kind, seed):
    dice = random.Random(f"{kind} {seed}")
    every = bool(seed % 2) or kind == "twice"  # else the sound is all there is
    async with Socket(kind, dice.randrange(MESSAGES), every) as vendor:
        spare = Spare(Address(vendor.url, "a key", "voice", "eleven_flash_v2_5", RATE))

        async def llm():
            for word in REPLY.split(" "):
                yield f"{word} "
                await asyncio.sleep(0)

        said = Utterance(llm(), spare.channel, Preparer(), RATE, Timeline())
        error = None
        try:
            await asyncio.wait_for(said.clip(), 20)
        except SpeechError as raised:
            error = raised
        pcm = b"".join(chunk.pcm for chunk in said.chunks)
        return vendor, vendor.said(pcm), error


def judge(kind, vendor, said, error):
    whole = [word for word, samples in said if samples == WORD]
    if error is None:
        assert kind not in REFUSED
        assert whole == WORDS
        for before, after in itertools.pairwise(said):
            if before[1] < WORD:  # a word that was cut is what comes next, from its beginning
                assert before[0] == after[0]
        return "said"
    assert kind in REFUSED | UNKNOWABLE, error
    assert REPLY.startswith((error.said + error.unsaid).strip())
    assert error.unsaid.strip()
    told = error.said.split()
    begun = [word.strip(",.") for word, samples in said if samples > WORD // 2]
    assert begun[: len(told)] == [word.strip(",.") for word in told]
    assert error.unsaid.strip()[:20] in str(error)
    if kind in REFUSED:
        assert len(vendor.received) == 1
        assert error.reason in {"This voice may not be used.", "no", "quota_exceeded", "{'a': 1}"}
    return "error"


def test_the_list_of_kinds_is_long_enough():
    assert len(KINDS) >= 30


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_loses_no_word_in_silence(kind):
    for seed in range(2):
        judge(kind, *asyncio.run(speak(kind, seed)))


@pytest.mark.extended
@pytest.mark.parametrize("kind", KINDS)
def test_no_fault_at_any_of_twenty_places_loses_a_word_in_silence(kind):
    for seed in range(2, 22):
        judge(kind, *asyncio.run(speak(kind, seed)))


def test_a_close_after_all_sound_is_the_end(monkeypatch):
    monkeypatch.setattr(Socket, "_final", None)
    for code in (1000, 1001, 1011):
        monkeypatch.setattr(Socket, "_close", code)
        vendor, said, error = asyncio.run(speak("nothing", 0))
        assert judge("nothing", vendor, said, error) == "said"
        assert len(vendor.received) == 1


BODIES = {
    "HTML": ("text/html", "<html>502</html>"),
    "a list": ("application/json", "[1]"),
    "a text": ("application/json", '"busy"'),
    "null": ("application/json", '{"detail": null}'),
    "a detail that is a list": ("application/json", '{"detail": [{"loc": ["query"]}]}'),
    "a detail of objects": ("application/json", '{"detail": {"status": {}, "message": [1]}}'),
    "too deep": ("application/json", "[" * 5000),
    "nothing": ("text/plain", ""),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize(("status", "asked"), [(403, 1), (503, 4)])
def test_a_handshake_that_is_refused_in_any_words_is_one_error(body, status, asked):
    came = []

    async def refuse(reader, writer):
        came.append(await reader.readuntil(b"\r\n\r\n"))
        head = f"HTTP/1.1 {status} No\r\nContent-Type: {body[0]}\r\nConnection: close\r\n"
        writer.write(f"{head}Content-Length: {len(body[1])}\r\n\r\n{body[1]}".encode())
        writer.close()

    async def run():
        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            spare = Spare(Address(f"http://127.0.0.1:{port}", "a key", "voice", "model", RATE))
            await Utterance(REPLY, spare.channel, Preparer(), RATE, Timeline()).clip()

    with pytest.raises(SpeechError, match=f"HTTP {status}.*Said: nothing. Not said: 'Of course"):
        asyncio.run(run())
    assert len(came) == asked


def test_a_redirect_is_refused_and_the_key_stays_here():
    elsewhere = []

    async def other(_, writer):
        elsewhere.append(1)
        writer.close()

    async def run():
        async with await asyncio.start_server(other, "127.0.0.1", 0) as there:
            target = there.sockets[0].getsockname()[1]

            async def redirect(reader, writer):
                await reader.readuntil(b"\r\n\r\n")
                place = f"Location: http://127.0.0.1:{target}/\r\nContent-Length: 0\r\n\r\n"
                writer.write(f"HTTP/1.1 307 Elsewhere\r\n{place}".encode())
                writer.close()

            async with await asyncio.start_server(redirect, "127.0.0.1", 0) as here:
                port = here.sockets[0].getsockname()[1]
                address = Address(f"http://127.0.0.1:{port}", "a key", "voice", "model", RATE)
                await address.open("stream-input")

    with pytest.raises(SpeechError, match="HTTP 307"):
        asyncio.run(run())
    assert elsewhere == []


def test_an_address_that_is_none_is_one_error():
    spare = Spare(Address("http://127.0.0.1:99999999", "a key", "voice", "model", RATE))
    with pytest.raises(SpeechError, match="could not be reached"):
        asyncio.run(spare.channel())


@pytest.mark.extended
def test_a_vendors_pings_are_answered_while_the_listener_pauses(monkeypatch):
    monkeypatch.setattr("voicekit.speech.delivery.BACKLOG", 3 * PIECE / RATE)

    async def run():
        async with Socket("nothing", 0, every=True) as vendor:
            vendor.pings(interval=0.2, timeout=1.0)
            spare = Spare(Address(vendor.url, "a key", "voice", "model", RATE))
            said = Utterance(REPLY, spare.channel, Preparer(), RATE, Timeline())
            await anext(said)
            await asyncio.sleep(4)  # eight times `PATIENCE`
            async for _ in said:
                pass
            pcm = b"".join(chunk.pcm for chunk in said.chunks)
            return vendor, vendor.said(pcm), said.resumed

    vendor, said, resumed = asyncio.run(run())
    assert judge("nothing", vendor, said, None) == "said"
    assert resumed == 0
    assert sum(map(len, vendor.received[0])) <= len(REPLY) + 10  # not one character twice
