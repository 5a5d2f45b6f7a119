"""The browser behind the audio seam of the official SDK, so that an agent talks in a notebook.

seam ─ `start`, `stop`, `output`, `interrupt`, sync and async    hearing ─ who was heard when
view ─ the conversation as it goes on    session, async_session ─ a conversation that
ends    calls ─ those that go on
local ─ the SDK's own PyAudio interface, for a kernel on the machine that one sits at
"""

from voicekit.agent_audio.local import local_audio
from voicekit.agent_audio.seam import AgentAudio, AsyncAgentAudio
from voicekit.agent_audio.session import session
from voicekit.agent_audio.view import ConversationView

__all__ = ["AgentAudio", "AsyncAgentAudio", "ConversationView", "local_audio", "session"]
