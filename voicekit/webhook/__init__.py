"""The custom LLM that the platform calls, around your own async generator or another server.

    request → guard → turn → your answer → pieces → limit → chunks → reply
                                 └ relay: another OpenAI-compatible server's bytes

ElevenLabs posts each turn to `…/chat/completions` and reads server-sent events, as OpenAI's API
has them. `webhook(answer)` is that endpoint as an ASGI app; `voicekit.serve` serves it from a
notebook, and `uvicorn` from anywhere else.
"""

from voicekit.webhook.app import Webhook, webhook
from voicekit.webhook.guard import ANYONE
from voicekit.webhook.pieces import ToolCall
from voicekit.webhook.relay import relay
from voicekit.webhook.tunnel import Tunnel, public
from voicekit.webhook.turn import Turn

__all__ = ["ANYONE", "ToolCall", "Tunnel", "Turn", "Webhook", "public", "relay", "webhook"]
