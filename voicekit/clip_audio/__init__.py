"""Recorded sound in place of a microphone and a loudspeaker, at the pace of real time.

    clock ─ real or virtual time        tape ─ bounded sound with its place in time
    track ─ what the microphone hears   playout ─ which sample is being heard now
    device ─ the four together          audio ─ behind the SDK's seam, sync and async
    speaker ─ the loudspeaker alone    messages ─ formats, and who said what

No browser, no sound card: tests, notebooks in CI, and machines without a microphone.
"""

from voicekit.clip_audio.audio import AsyncClipAudio, ClipAudio
from voicekit.clip_audio.speaker import ClipSpeaker

__all__ = ["AsyncClipAudio", "ClipAudio", "ClipSpeaker"]
