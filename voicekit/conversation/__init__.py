"""The SDK's audio interface, and the same for a loop by hand: browser, clips, caller, view.

From the microphone to the SDK, in this order:
browser ─ `AgentAudio`, the notebook's own devices    hearing ─ when both sides were heard there
duplex ─ `Duplex`: frames in, sound out, and how much of it was heard
audio_interface ─ the SDK's four methods on it, the agent's formats, and who said what
clips ─ `ClipAudio`, at the pace of real time    track ─ its microphone
clip_speaker ─ its loudspeaker, and the clock
caller ─ `Caller`, who goes through a script    script ─ what is said, and whose turn it is
tape ─ sound with its place in time, and the turns in it
pipeline ─ `Pipeline`, an agent by hand on a `Duplex`    answer ─ one of its answers
sessions, calls ─ a conversation that ends    view ─ the conversation as it goes on
"""

from voicekit.conversation.browser import AgentAudio, local_audio
from voicekit.conversation.caller import Caller
from voicekit.conversation.clip_speaker import ClipSpeaker
from voicekit.conversation.clips import ClipAudio
from voicekit.conversation.duplex import AudioFrame, Duplex
from voicekit.conversation.pipeline import Pipeline
from voicekit.conversation.script import Line, cough
from voicekit.conversation.sessions import session
from voicekit.conversation.view import ConversationView

__all__ = [
    "AgentAudio",
    "AudioFrame",
    "Caller",
    "ClipAudio",
    "ClipSpeaker",
    "ConversationView",
    "Duplex",
    "Line",
    "Pipeline",
    "cough",
    "local_audio",
    "session",
]
