"""What the normaliser writes out is understood again from the sound."""

from __future__ import annotations

import asyncio

import pytest

import voicekit
from voicekit.text import speakable

pytest.importorskip("pocketsphinx")
from ears import hear, word_errors

WRITTEN = [
    "Your total is $12.50.",
    "Your total is $1,234.50.",
    "Your total is $37.05.",
    "Your total is €99.99.",
    "The refund is £5.",
    "The fee is 30¢.",
    "We have refunded $499.",
    "It costs $2.5 million.",
    "It arrives on 21 November.",
    "It arrives on 2026-11-21.",
    "It arrives on Nov 3.",
    "It arrives on December 24th, 2026.",
    "Your warranty ends on 1 January 2027.",
    "You ordered it on 05/17/2026.",
    "You ordered it in 1999.",
    "The shop opens at 9:30.",
    "The shop opens at 14:05.",
    "The shop closes at 7pm.",
    "The shop closes at 6:45 PM.",
    "We call you at 12:00.",
    "We call between 8:00 and 18:00.",
    "Write to help@acme.com.",
    "Write to sales@shop.example.com.",
    "Write to john.smith@gmail.com.",
    "Send it to returns@store.org.",
    "See www.acme.com for details.",
    "Your order number is 1042.",
    "Your order number is 90210.",
    "Call us at 555-0142.",
    "It takes 3-5 days.",
    "You save 15%.",
    "It weighs 2.5 kg.",
    "It was the 2nd parcel.",
    "Take 3/4 of it.",
    "It is 20°C outside.",
    "Version 2.5 is out.",
    "You have 30 days.",
    "That makes 1,000 points.",
    "He lives at 221 Baker St.",
    "Dr. Smith calls at 3:15 PM.",
]


@pytest.mark.extended
def test_the_recogniser_understands_them_from_what_the_voice_said():
    spoken = [speakable(text) for text in WRITTEN]
    assert all(not any(character.isdigit() for character in text) for text in spoken)
    world = voicekit.connect(profile="instant", offline=True)

    async def say_all() -> list[bytes]:
        async with voicekit.Voice(world, rate=16000) as voice:
            return [(await voice.speak(text).clip()).pcm for text in WRITTEN]

    heard = [hear(pcm, spoken) for pcm in asyncio.run(say_all())]
    right = sum(word_errors(said, got) == 0 for said, got in zip(spoken, heard, strict=True))
    wrong = [(s, h) for s, h in zip(spoken, heard, strict=True) if word_errors(s, h)]
    assert right / len(WRITTEN) >= 0.95, wrong
    assert hear(asyncio.run(say_all())[0], spoken[1:]) != spoken[0]  # it can also be wrong
