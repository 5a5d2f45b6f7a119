"""Managed agents: their configuration, their conversations, and what surrounds both.

`store.py` keeps agents in the vendor's shape (`config.py`, `platform.py`), `records.py` what was
said, `recording.py` how it sounded. The `rest_*.py` modules are the vendor's REST endpoints.
"""
