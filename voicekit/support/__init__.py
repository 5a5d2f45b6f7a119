"""The support desk of Acme Corp, the example's back end: orders, policies, a loop of tools.

    orders ─ SQLite: orders, refunds, outbox     passages ─ policies, searched
    consent ─ has the caller said yes?           desk ─ the four tools
    schemas ─ tools as the API takes them        conversing ─ model, tools, model

Works with any OpenAI-compatible client that is passed in.
"""

from voicekit.support.conversing import converse
from voicekit.support.desk import Desk, Tools

__all__ = ["Desk", "Tools", "converse"]
