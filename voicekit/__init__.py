"""Give an agent a voice, in a notebook, and see where every millisecond goes.

Eight files to read first, in this order; each is clear with at most one other open beside it:

    world/__init__.py        the vendors, or the stand-in in their place
    speech/voice.py          one warm connection, and what `speak` gives back
    speech/utterance.py      text in while audio comes out, until it ends or is cancelled
    timeline/marks.py        where a turn's time went
    turns/detector.py        when a caller begins, ends and interrupts
    conversation/browser.py  the notebook's microphone and speaker, as the SDK wants them
    webhook/app.py           the custom LLM: a conversation comes in, an answer streams out
    standin/app.py           the vendors' routes on loopback

What a lesson imports lies beside them, `tools/` has what one runs, `standin/` what stands in for
the vendors. Names are loaded when they are first used: `import voicekit` itself needs the standard
library only, and takes no time.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # `as`: exported
    from voicekit.audio import Clip as Clip
    from voicekit.conversation import AgentAudio as AgentAudio
    from voicekit.conversation import Caller as Caller
    from voicekit.conversation import ClipAudio as ClipAudio
    from voicekit.conversation import ClipSpeaker as ClipSpeaker
    from voicekit.conversation import ConversationView as ConversationView
    from voicekit.conversation import Duplex as Duplex
    from voicekit.conversation import Line as Line
    from voicekit.conversation import Pipeline as Pipeline
    from voicekit.conversation import local_audio as local_audio
    from voicekit.conversation import session as session
    from voicekit.serving import serve as serve
    from voicekit.speech import Voice as Voice
    from voicekit.speech import listen as listen
    from voicekit.speech import speak as speak
    from voicekit.speech import speak_sync as speak_sync
    from voicekit.text import prepare as prepare
    from voicekit.timeline import Budget as Budget
    from voicekit.timeline import Run as Run
    from voicekit.timeline import Timeline as Timeline
    from voicekit.timeline import compare as compare
    from voicekit.timeline import replay as replay
    from voicekit.timeline import simulate as simulate
    from voicekit.tools.probe import probe as probe
    from voicekit.widgets import Microphone as Microphone
    from voicekit.widgets import Speaker as Speaker
    from voicekit.world import connect as connect
    from voicekit.world.keys import Secret as Secret

    __version__: str

_EXPORTS = {
    "audio": ["Clip"],
    "conversation": [
        "AgentAudio",
        "Caller",
        "ClipAudio",
        "ClipSpeaker",
        "ConversationView",
        "Duplex",
        "Line",
        "Pipeline",
        "local_audio",
        "session",
    ],
    "serving": ["serve"],
    "speech": ["Voice", "listen", "speak", "speak_sync"],
    "text": ["prepare"],
    "timeline": ["Budget", "Run", "Timeline", "compare", "replay", "simulate"],
    "tools.probe": ["probe"],
    "widgets": ["Microphone", "Speaker"],
    "world": ["connect"],
    "world.keys": ["Secret"],
}
_HOMES = {name: home for home, names in _EXPORTS.items() for name in names}

__all__ = sorted(_HOMES)

_MOVED = {  # public names of an earlier version → what to write instead
    "AsyncAgentAudio": "voicekit.AgentAudio, which serves AsyncConversation too",
    "AsyncCaller": "voicekit.Caller, which serves AsyncConversation too",
    "AsyncClipAudio": "voicekit.ClipAudio, which serves AsyncConversation too",
    "AudioError": "from voicekit.errors import AudioError",
    "Chunk": "from voicekit.speech import Chunk",
    "Endpoints": "from voicekit.world import World",
    "EngineError": "from voicekit.errors import EngineError",
    "Frame": "from voicekit.widgets import Frame",
    "KeyMissingError": "from voicekit.errors import KeyMissingError",
    "Served": "from voicekit.serving import Served",
    "ServingError": "from voicekit.errors import ServingError",
    "SetupError": "from voicekit.errors import SetupError",
    "SpeechDroppedError": "from voicekit.errors import SpeechDroppedError",
    "SpeechError": "from voicekit.errors import SpeechError",
    "UpstreamError": "from voicekit.errors import UpstreamError",
    "Utterance": "from voicekit.speech import Utterance",
    "VoicekitError": "from voicekit.errors import VoicekitError",
    "costs": "from voicekit.timeline import announce, llm_cost, prices, speech_cost",
    "checks": "from voicekit.tools import doctor",
    "support": "from acme import Desk, converse, beside the notebooks",
}

if not TYPE_CHECKING:  # a type checker sees the imports above instead, and so finds a typo

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            from importlib.metadata import version

            return version("voicekit")
        if name in _MOVED:
            # `from voicekit import name` puts words of its own in place of an AttributeError's.
            importing = sys._getframe(1).f_code.co_name == "_handle_fromlist"
            error = ImportError if importing else AttributeError
            raise error(f"voicekit.{name} has gone. Use {_MOVED[name]}.")
        if name not in _HOMES:
            raise AttributeError(f"module 'voicekit' has no attribute {name!r}")
        value = getattr(importlib.import_module(f"voicekit.{_HOMES[name]}"), name)
        globals()[name] = value  # the next use does not come here
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
