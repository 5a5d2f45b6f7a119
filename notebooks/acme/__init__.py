"""The support desk of Acme Corp, the example's back end: orders, policies, a loop of tools.

    orders ─ SQLite: orders, refunds, outbox     passages ─ policies, searched
    consent ─ has the caller said yes?           desk ─ the four tools
    schemas ─ tools as the API takes them        conversing ─ model, tools, model

Works with any OpenAI-compatible client that is passed in.
"""

from acme.conversing import converse
from acme.desk import Desk, Tools

__all__ = ["Desk", "Tools", "converse"]
