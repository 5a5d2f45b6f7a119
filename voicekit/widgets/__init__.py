"""The browser as the audio device of a notebook: its microphone in, sound out.

microphone: live frames, states, errors; frames: how they reach those who listen; recording:
push-to-talk clips; speaker: streamed sound, stopped at once; playout: what was sent, played,
thrown away; link: which page has the device, and is it there; comms: what ipykernel
does with a page's messages; courier: callbacks in a thread.
`static/` is the browser's end, joined into one module a widget.
"""

from voicekit.widgets.comms import prepare_comm
from voicekit.widgets.frames import Frame
from voicekit.widgets.microphone import Microphone
from voicekit.widgets.speaker import Speaker

__all__ = ["Frame", "Microphone", "Speaker", "prepare_comm"]
