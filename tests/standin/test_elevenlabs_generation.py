from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from voicekit.standin.catalog import profiles
from voicekit.standin.engines import Speech
from voicekit.standin.speech import formats
from voicekit.standin.speech.generation import (
    LONGEST,
    Pace,
    alignment_ms,
    alignment_seconds,
    passages,
    pieces,
)

RATE = 1000


def speech(text: str, seconds: float) -> Speech:
    edges = [seconds * i / len(text) for i in range(len(text) + 1)]
    pcm = bytes(range(200)) * int(seconds * RATE / 100)
    return Speech(text, pcm, RATE, tuple(edges[:-1]), tuple(edges[1:]))


@given(st.text(alphabet="ab. !\n。é", max_size=3000))
def test_passages_join_to_the_text_and_are_bounded(text):
    parts = list(passages(text))
    assert "".join(parts) == text
    assert all(len(part) <= LONGEST for part in parts)
    assert all(parts[:-1])


def test_short_text_stays_whole_and_long_text_is_cut_between_sentences():
    sentence = "Please ask Dr. Smith or Mrs. Jones about the parcel that was sent. "
    assert list(passages(sentence * 5)) == [sentence * 5]
    parts = list(passages(sentence * 30))
    assert all(part.endswith("sent. ") for part in parts)
    assert len(parts[0]) < 200


def test_pieces_are_a_fifth_of_a_second_and_share_out_every_character_once():
    said = speech("Hello, world.", 0.9)
    cut = list(pieces(said, _bare()))
    assert [round(piece.start, 3) for piece in cut] == [0, 0.2, 0.4, 0.6, 0.8]
    assert b"".join(piece.audio for piece in cut) == said.pcm
    assert [piece.first for piece in cut[1:]] == [piece.last for piece in cut[:-1]]
    assert (cut[0].first, cut[-1].last) == (0, len(said.text))


def test_audio_that_an_encoder_holds_back_keeps_its_characters_and_its_start():
    class Holding:
        media_type = "audio/x"
        held = b""

        def feed(self, pcm):
            self.held += pcm
            given, self.held = (self.held, b"") if len(self.held) >= 800 else (b"", self.held)
            return given

        def finish(self):
            return self.held

    said = speech("abcdefghij", 1.0)
    cut = list(pieces(said, Holding()))
    assert [(round(piece.start, 3), piece.first, piece.last) for piece in cut] == [
        (0, 0, 4),
        (0.4, 4, 8),
        (0.8, 8, 10),
    ]


def test_silence_is_one_piece_without_audio():
    nothing = Speech("  ", b"", RATE, (0.0, 0.0), (0.0, 0.0))
    assert [(piece.audio, piece.last) for piece in pieces(nothing, _bare())] == [(b"", 2)]


def test_alignments_say_the_same_in_either_unit():
    said = speech("abcd", 0.4)
    assert alignment_ms(said, 1, 3, 0.1) == {
        "chars": ["b", "c"],
        "charStartTimesMs": [0, 100],
        "charDurationsMs": [100, 100],
    }
    assert alignment_seconds(said, 1, 3, 2.0) == {
        "characters": ["b", "c"],
        "character_start_times_seconds": [2.1, 2.2],
        "character_end_times_seconds": [2.2, 2.3],
    }


def test_generations_follow_each_other_without_overlap_or_gap():
    profile = profiles.load("advertised")  # 75 ms, then 8 times real time

    async def due() -> list[float]:
        pace = Pace("eleven_flash_v2_5")
        times = []
        for at, seconds in ((0.0, 8.0), (0.5, 8.0), (10.0, 8.0)):
            pace.begin(profile, at)
            times.append(pace.due(0.0))
            pace.end(seconds)
        return [round(time, 3) for time in times]

    assert asyncio.run(due()) == [0.075, 1.075, 10.075]


def _bare() -> formats.Encoder:
    class Bare:
        media_type = "audio/pcm"

        def feed(self, pcm: bytes) -> bytes:
            return pcm

        def finish(self) -> bytes:
            return b""

    return Bare()
