"""Where a turn's time went, and where it would have gone.

    marks ─ the stages of one turn        budget ─ what each may take
    waterfall, tables ─ shown             runs ─ percentiles over turns, runs compared
    replay, virtual_voice ─ what if?      export ─ JSON, CSV, OpenTelemetry
    costs ─ what a turn costs

Pure, and made of the standard library.
"""

from voicekit.timeline.budget import Budget
from voicekit.timeline.costs import announce, llm_cost, prices, speech_cost
from voicekit.timeline.marks import Stage, Timeline
from voicekit.timeline.replay import replay, simulate
from voicekit.timeline.runs import Run, compare

__all__ = [
    "Budget",
    "Run",
    "Stage",
    "Timeline",
    "announce",
    "compare",
    "llm_cost",
    "prices",
    "replay",
    "simulate",
    "speech_cost",
]
