"""What `bench agent` measures of one conversation: a response delay, a barge-in, an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from elevenlabs import ElevenLabs

from bench.agent_phone import ANSWER, Phone, call
from voicekit.audio import Clip
from voicekit.conversation.track import RATE

EVENTS = [
    "conversation_initiation_metadata",
    "audio",
    "interruption",
    "agent_response",
    "agent_response_correction",
    "user_transcript",
    "tentative_user_transcript",
    "ping",
]
"""What an agent tells when its settings say nothing, and corrections."""
ONSET = 0.25
"""Seconds of the answer to hear, so that its onset can be found."""
LATE = 5.0
"""Seconds after which an agent counts as not interrupted; a slow machine's is only late."""
AFTER = 1.8
"""Seconds to hear of an answer that was not to be interrupted: longer than any hangover."""


@dataclass(frozen=True, eq=False)
class Setting:
    """An agent's settings under test."""

    name: str
    turn: dict[str, Any]
    profile: str | None = None
    """The stand-in's profile if it is not the one asked for."""
    share: int = 1
    """One turn of so many is taken: what no goal judges needs fewer."""

    @property
    def speculative(self) -> bool:
        """Whether answers are begun before the caller has surely finished."""
        return bool(self.turn.get("speculative_turn"))

    def config(self) -> dict[str, Any]:
        """The agent's configuration; the caller speaks first."""
        return {
            "turn": self.turn,
            "tts": {"model_id": "eleven_flash_v2"},
            "agent": {"first_message": ""},
            "conversation": {"client_events": EVENTS},
        }


EAGER = Setting("eager", {"turn_eagerness": "eager"})
SETTINGS = (
    EAGER,
    Setting("eager, speculative", {"turn_eagerness": "eager", "speculative_turn": True}),
    Setting("normal", {"turn_eagerness": "normal"}, share=3),
    Setting("patient", {"turn_eagerness": "patient"}, share=3),
    Setting("eager, instant", {"turn_eagerness": "eager"}, "instant"),
)
PATIENT = SETTINGS[3]


@dataclass
class Turn:
    """One answer to one question. Seconds from the caller's last audible sample.

    Attributes:
        delay: until the agent's first audible sample; None if it spoke before, or never.
        transcript: until `user_transcript` came.
        arrived: until the first sound came.
        leading: seconds of that sound before it becomes audible.
    """

    setting: Setting
    conversation_id: str
    delay: float | None = None
    transcript: float = 0.0
    arrived: float = 0.0
    leading: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)
    """By the vendor's names, from the conversation's record."""

    def stages(self) -> dict[str, float]:
        """Where the delay went; the last stage is what the others leave unexplained."""
        if self.delay is None:
            return {}
        asr = self.metrics.get("convai_asr_trailing_service_latency", 0.0)
        stages = {"endpointing": self.transcript - asr, "ASR": asr}
        if self.setting.speculative:
            stages["LLM and TTS, what is left"] = max(0.0, self.arrived - self.transcript)
        else:
            stages["LLM, first clause"] = self.metrics["convai_llm_service_ttf_sentence"]
            stages["TTS TTFB"] = self.metrics["convai_tts_service_ttfb"]
        stages["leading silence"] = self.leading
        stages["unexplained"] = abs(self.delay - sum(stages.values()))
        return stages


async def answered(
    client: ElevenLabs, agent_id: str, setting: Setting, question: Clip, pause: float
) -> Turn:
    """Ask, and hear the answer begin."""
    phone = Phone([question], pause=pause)
    async with call(client, agent_id, phone):
        if await phone.until(lambda: phone.arrived):
            await phone.heard(ONSET)
        found, before = phone.turns(), phone.agent_spans
    turn = Turn(setting, phone.conversation_id)
    spoken = phone.caller_spans[0].end if len(found) == 1 and found[0].answered else 0.0
    if spoken and before[0].start > spoken and phone.understood[-1][0] > spoken:
        turn.delay = found[0].delay
        turn.transcript = phone.understood[-1][0] - spoken
        turn.arrived = phone.arrived[0][0] - spoken
        turn.leading = Clip(b"".join(pcm for _, pcm in phone.arrived), RATE).onset() or 0.0
    return turn


@dataclass(frozen=True)
class BargeIn:
    """One interruption.

    Attributes:
        silence: seconds from the caller's onset to the agent's last audible sample; None if the
            agent talked on.
        played: what had been heard of the answer.
        corrected: what the agent believes was heard; None if it corrected nothing.
    """

    silence: float | None
    played: str
    original: str
    corrected: str | None

    @property
    def true(self) -> bool:
        """Whether the corrected text begins the original, and is no more than what was heard."""
        if self.corrected is None:
            return False
        heard = self.corrected.removesuffix("...")
        return self.original.startswith(heard) and self.played.startswith(heard)


async def interrupted(
    client: ElevenLabs, agent_id: str, question: Clip, words: Clip, after: float
) -> BargeIn:
    """Ask for a long answer, and talk over it once `after` seconds of it were heard."""
    phone = Phone([question])
    silence = None
    async with call(client, agent_id, phone):
        await phone.until(lambda: phone.arrived)
        await phone.heard(after)
        begins = phone.say(words)
        if await phone.until(lambda: phone.interruptions, LATE):
            cut = phone.interruptions[0]
            await phone.until(lambda: phone.corrections, 1.0)
            await phone.clock.sleep(max(0.0, cut + ANSWER - phone.now))
            onset = next(span.start for span in phone.caller_spans if span.end > begins)
            ends = [span.end for span in phone.agent_spans if span.start < cut + ANSWER]
            silence = max(0.0, max(ends) - onset)
    original, corrected = phone.corrections[0] if phone.corrections else ("", None)
    return BargeIn(silence, phone.played_text, original, corrected)


async def talked_on(
    client: ElevenLabs, agent_id: str, question: Clip, noise: Clip, after: float
) -> bool:
    """Ask for a long answer and make a noise during it: whether the agent went on."""
    phone = Phone([question])
    async with call(client, agent_id, phone):
        await phone.until(lambda: phone.arrived)
        await phone.heard(after)
        phone.say(noise)
        await phone.heard(after + noise.seconds + AFTER)
        on = phone.played >= after + noise.seconds + AFTER
    return on and not phone.interruptions and not phone.corrections


async def reply(client: ElevenLabs, agent_id: str, said: Clip, noise: float, seed: int) -> str:
    """Say something in a room with noise (dB relative to full scale), and read the answer."""
    phone = Phone([said], noise=noise, seed=seed)
    async with call(client, agent_id, phone):
        await phone.until(lambda: phone.answers)
    return phone.answers[0] if phone.answers else ""
