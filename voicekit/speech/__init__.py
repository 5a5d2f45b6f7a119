"""LLM text in, audio out, at the same time.

voice ─ `Voice`, `speak`: begin here       utterance ─ one thing being said: two tasks
tokens ─ any text, token by token          delivery ─ its audio, on the way to who listens
heard ─ which words a listener has heard   channel ─ a `stream-input` socket each
messages ─ one message of the vendor's, read
"""

from voicekit.speech.delivery import Chunk
from voicekit.speech.utterance import Utterance
from voicekit.speech.voice import RACHEL, Voice, speak, speak_sync

__all__ = ["RACHEL", "Chunk", "Utterance", "Voice", "speak", "speak_sync"]
