"""The SDK's audio interface: over the browser, over clips, over a caller who speaks a script.

browser ─ `AgentAudio`, the notebook's microphone and speaker    hearing ─ who was heard when
clips ─ `ClipAudio`, recorded sound at the pace of real time, over device, track, tape, playout
caller ─ `Caller`, who goes through a script; lines ─ what is said and when; script ─ whose turn
messages ─ formats, and who said what    response_delays ─ turns, out of the sound itself
session ─ a conversation that ends    view ─ the conversation as it goes on
local ─ the SDK's own PyAudio interface, for a kernel on the machine that one sits at
"""

from voicekit.conversation.browser import AgentAudio, AsyncAgentAudio
from voicekit.conversation.caller import AsyncCaller, Caller
from voicekit.conversation.clip_speaker import ClipSpeaker
from voicekit.conversation.clips import AsyncClipAudio, ClipAudio
from voicekit.conversation.lines import Line, cough
from voicekit.conversation.local import local_audio
from voicekit.conversation.session import session
from voicekit.conversation.view import ConversationView

__all__ = [
    "AgentAudio",
    "AsyncAgentAudio",
    "AsyncCaller",
    "AsyncClipAudio",
    "Caller",
    "ClipAudio",
    "ClipSpeaker",
    "ConversationView",
    "Line",
    "cough",
    "local_audio",
    "session",
]
