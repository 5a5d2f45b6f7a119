import asyncio
import random

import pytest
from vendor import PIECE, RATE, WORD, FakeChannel, Vendor
from waiting import HANG

from voicekit.errors import SpeechDroppedError, SpeechError
from voicekit.speech import delivery
from voicekit.speech import utterance as module
from voicekit.speech.utterance import Utterance
from voicekit.text.preparer import Preparer
from voicekit.timeline import Timeline

REPLY = (
    "Of course. I have found your order, and it left our warehouse this morning. "
    "It should be with you by Friday, or on Saturday at the latest. Is there anything else?"
)
WORDS = REPLY.split()


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(module, "RETRIES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    monkeypatch.setattr(module, "LINGER", 0.02)


def begin(vendor, text, **options):
    return Utterance(text, vendor.open, Preparer(), RATE, Timeline(), **options)


def say(vendor, text=REPLY, **options):
    async def run():
        said = begin(vendor, text, **options)
        chunks = [chunk async for chunk in said]
        return said, b"".join(chunk.pcm for chunk in chunks)

    return asyncio.run(run())


def split(text, seed):
    """The text in tokens of random length."""
    random_ = random.Random(seed)
    while text:
        size = random_.randint(1, 8)
        yield text[:size]
        text = text[size:]


async def llm(text, seed=0, pause_after=None, pause=0.0):
    for number, token in enumerate(split(text, seed)):
        if number == pause_after:
            await asyncio.sleep(pause)
        yield token
        await asyncio.sleep(0)


def whole(vendor, pcm):
    """The words that were said to their end."""
    return [word for word, samples in vendor.said(pcm) if samples == WORD]


def test_every_word_is_said_once_and_in_order():
    vendor = Vendor()
    said, pcm = say(vendor)
    assert whole(vendor, pcm) == WORDS
    assert said.text == REPLY
    assert said.resumed == 0


def test_it_speaks_before_the_llm_has_finished():
    vendor = Vendor()
    said, _ = say(vendor, llm(REPLY, pause_after=20, pause=0.1))
    assert said.timeline.marks["first_byte"] < said.timeline.marks["last_token"]


def test_a_first_fragment_does_not_wait_for_a_paused_llm():
    vendor = Vendor()
    said, _ = say(vendor, llm("Of course. Let me look that up for you.", 3, 4, 0.2))
    assert said.timeline.marks["first_byte"] < said.timeline.marks["last_token"]


def test_a_first_sentence_does_not_wait_for_the_token_behind_it():
    sent = []

    async def reply(vendor):
        for token in ("Of", " course", ".", " Your", " order", " has", " left", ".", " Soon."):
            yield token
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            sent.append(list(vendor.channels[0].received) if vendor.channels else [])

    vendor = Vendor()
    say(vendor, reply(vendor))
    assert sent[1] == []
    assert sent[2] == ["Of course. "]
    assert sent[7] == ["Of course. "]  # the second one may still go on


@pytest.mark.parametrize("kind", ["drop", "half_open", "ended_early", "busy"])
@pytest.mark.parametrize("seed", range(40))
def test_a_lost_connection_loses_no_word_and_repeats_none(kind, seed):
    random_ = random.Random(seed)
    failures = [(random_.randint(0, 25), kind) for _ in range(random_.randint(1, 3))]
    vendor = Vendor(failures)
    said, pcm = say(vendor, llm(REPLY, seed))
    assert whole(vendor, pcm) == WORDS
    for before, after in zip(vendor.said(pcm), vendor.said(pcm)[1:], strict=False):
        if before[1] < WORD:  # a word that was cut is what comes next, from its beginning
            assert before[0] == after[0]
    assert said.heard(len(pcm) / 2 / RATE) == REPLY


@pytest.mark.parametrize("kind", ["unreachable", "busy"])
def test_a_vendor_that_cannot_be_had_just_now_is_tried_again(kind):
    vendor = Vendor([(0, kind), (0, kind)])
    said, pcm = say(vendor)
    assert whole(vendor, pcm) == WORDS
    assert said.resumed == 2


def test_a_connection_that_brought_sound_counts_as_a_new_start_for_the_retries():
    drops = 2 * len(module.RETRIES)
    vendor = Vendor([(3, "drop")] * drops)
    said, pcm = say(vendor)
    assert whole(vendor, pcm) == WORDS
    assert said.resumed == drops


def test_a_vendor_that_stays_away_is_an_error_and_keeps_what_came():
    vendor = Vendor([(5, "drop"), *[(0, "drop")] * 9])

    async def run():
        said = begin(vendor, REPLY)
        with pytest.raises(SpeechDroppedError):
            await said.clip()
        return said

    assert len(asyncio.run(run()).chunks) == 5


def test_a_refusal_is_final_and_names_the_vendors_reason():
    vendor = Vendor([(0, "refused")])
    with pytest.raises(SpeechError, match="quota_exceeded") as refused:
        say(vendor)
    assert refused.value.reason == "quota_exceeded"


def test_what_a_failing_llm_had_said_is_spoken_before_its_error_is_raised():
    async def failing():
        yield "Your order left "
        yield "our warehouse"
        raise ConnectionError("the LLM is gone")

    vendor = Vendor()

    async def run():
        said = begin(vendor, failing())
        with pytest.raises(ConnectionError, match="the LLM is gone"):
            await said.clip()
        return b"".join(chunk.pcm for chunk in said.chunks)

    assert whole(vendor, asyncio.run(run())) == ["Your", "order", "left", "our", "warehouse"]


def test_cancel_ends_the_iteration_and_hangs_up_on_both_vendors():
    hung_up = []

    async def endless():
        try:
            while True:
                yield "word "
                await asyncio.sleep(0.001)
        finally:
            hung_up.append("LLM")

    async def run():
        vendor = Vendor()
        said = begin(vendor, endless())
        async for _ in said:
            said.cancel()
            said.cancel()
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, timeout=HANG)
        assert [channel.aborted for channel in vendor.channels] == [True]
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert "cancelled" in said.timeline.marks

    asyncio.run(run())
    assert hung_up == ["LLM"]


def test_an_iteration_that_ended_stays_ended():
    async def run():
        said = begin(Vendor(), "Hello there.")
        async for _ in said:
            pass
        assert [chunk async for chunk in said] == []

    asyncio.run(run())


def test_heard_grows_word_by_word_and_is_always_a_beginning_of_the_text():
    vendor = Vendor()
    said, pcm = say(vendor)
    seconds = len(pcm) / 2 / RATE
    heard = [said.heard(seconds * step / 200) for step in range(201)]
    assert heard == sorted(heard, key=len)
    assert all(REPLY.startswith(part) for part in heard)
    assert all(
        part == ""
        or part[-1].isspace()
        or len(part) == len(REPLY)
        or not REPLY[len(part)].isalnum()
        for part in heard
    )
    assert heard[0] == ""
    assert heard[-1] == REPLY


def test_without_alignment_what_was_heard_is_estimated(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 10.0)
    vendor = Vendor(aligned=False)
    said, _ = say(vendor)
    assert said.heard(0) == ""
    assert REPLY.startswith(said.heard(2.0))
    assert 15 <= len(said.heard(2.0)) <= 45


def test_a_slow_listener_slows_the_vendor_and_loses_nothing(monkeypatch):
    monkeypatch.setattr(delivery, "BACKLOG", 3 * PIECE / RATE)

    async def run():
        vendor = Vendor()
        said = begin(vendor, REPLY)
        pcm, most = b"", 0
        async for chunk in said:
            await asyncio.sleep(0.001)
            most = max(most, len(said.chunks) - len(pcm) // (2 * PIECE))
            pcm += chunk.pcm
        assert whole(vendor, pcm) == WORDS
        return most

    assert asyncio.run(run()) <= 6


def test_an_empty_reply_is_silence_and_no_error():
    said, pcm = say(Vendor(), "")
    assert pcm == b""
    assert said.text == ""


def test_a_clip_has_the_sound_and_the_text():
    async def run():
        return await begin(Vendor(), "Hello there.").clip()

    clip = asyncio.run(run())
    assert clip.text == "Hello there."
    assert clip.seconds == pytest.approx(2 * WORD / RATE)


def test_keep_alive_is_sent_while_the_llm_thinks(monkeypatch):
    monkeypatch.setattr(module, "KEEP_ALIVE", 0.02)
    vendor = Vendor()
    _, pcm = say(vendor, llm("One moment, please. Here it is.", 1, 5, 0.5))
    assert vendor.channels[0].kept_alive >= 3
    assert whole(vendor, pcm) == ["One", "moment,", "please.", "Here", "it", "is."]


def test_every_word_that_gets_through_starts_the_count_of_retries_anew():
    vendor = Vendor([(4, "drop")] * 8)  # each connection gives two words or more
    said, pcm = say(vendor)
    assert whole(vendor, pcm) == WORDS
    assert said.resumed == 8 > len(module.RETRIES)


def test_sound_that_never_completes_a_word_does_not_start_it_anew():
    vendor = Vendor([(1, "drop")] * 50)
    with pytest.raises(SpeechDroppedError) as lost:
        say(vendor)
    assert len(vendor.channels) == 1 + len(module.RETRIES)
    assert (lost.value.said, lost.value.unsaid) == ("", REPLY)


def test_an_error_says_what_was_said_and_what_was_not():
    vendor = Vendor([(7, "drop"), (0, "refused")])
    with pytest.raises(SpeechError, match="Not said: 'found your order") as lost:
        say(vendor, llm(REPLY))
    assert lost.value.said == "Of course. I have "
    assert lost.value.unsaid.startswith("found your order")


def test_a_listener_that_pauses_costs_no_connection_and_no_character(monkeypatch):
    monkeypatch.setattr(delivery, "BACKLOG", 3 * PIECE / RATE)

    async def run():
        vendor = Vendor()
        said = begin(vendor, REPLY)
        await anext(said)
        await asyncio.sleep(6 * module.PATIENCE)
        async for _ in said:
            pass
        return vendor, b"".join(chunk.pcm for chunk in said.chunks)

    vendor, pcm = asyncio.run(run())
    assert whole(vendor, pcm) == WORDS
    assert [" ".join(channel.received).split() for channel in vendor.channels] == [WORDS]


@pytest.mark.parametrize("text", ["Yes.", REPLY])
def test_the_end_is_said_when_the_last_words_are_on_their_way(text, monkeypatch):
    monkeypatch.setattr(module, "LINGER", 60.0)
    said_at = []
    finish = FakeChannel.finish

    async def note(channel):
        said_at.append(25 - channel.left)
        await finish(channel)

    monkeypatch.setattr(FakeChannel, "finish", note)
    vendor = Vendor([(25, "nothing")])
    _, pcm = say(vendor, text)
    assert whole(vendor, pcm) == text.split()
    assert said_at[0] >= 1  # messages had come; the last segment's first one among them


def test_half_samples_are_carried_over():
    taken = delivery.Delivery(RATE, Timeline(), trim=False)
    pcm = bytes(range(1, 255))
    for first in range(0, len(pcm), 7):
        taken.take(pcm[first : first + 7])
    assert b"".join(chunk.pcm for chunk in taken.chunks) == pcm
    taken.take(b"\x01")
    taken.cut()
    taken.take(b"\x02\x03")
    assert taken.chunks[-1].pcm == b"\x02\x03"
