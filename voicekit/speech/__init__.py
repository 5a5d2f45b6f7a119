"""LLM text in, audio out, at the same time; and the other way round, sound in, text out.

voice ─ `Voice`, `speak`: begin here       utterance ─ one thing being said: two tasks
tokens ─ any text, token by token          delivery ─ its audio, on the way to who listens
heard ─ which words a listener has heard   channel ─ a `stream-input` socket each
messages ─ one message of the vendor's, read   realtime ─ `listen`: speech to text, live
"""

from voicekit.speech.delivery import Chunk
from voicekit.speech.realtime import Transcription, listen
from voicekit.speech.transcripts import Committed, Partial, Problem, Word
from voicekit.speech.utterance import Utterance
from voicekit.speech.voice import RACHEL, Voice, speak, speak_sync

__all__ = [
    "RACHEL",
    "Chunk",
    "Committed",
    "Partial",
    "Problem",
    "Transcription",
    "Utterance",
    "Voice",
    "Word",
    "listen",
    "speak",
    "speak_sync",
]
