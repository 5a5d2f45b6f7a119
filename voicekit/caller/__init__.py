"""A caller that speaks a script: for tests, for CI, and for learners without a microphone.

lines ─ what the caller says and when    script ─ whose turn it is, block by block
audio ─ behind the SDK's seam, sync and async
"""

from voicekit.caller.audio import AsyncCaller, Caller
from voicekit.caller.lines import Line, cough

__all__ = ["AsyncCaller", "Caller", "Line", "cough"]
