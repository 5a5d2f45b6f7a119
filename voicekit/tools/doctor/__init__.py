"""Is this room ready? Checks of the machine, the keys, the vendors and the browser, with fixes.

report ─ rows and what to do    machine ─ Python, packages, front end, keys, models that end
vendors ─ answers, speaks, understands    room ─ the page, its speaker, its microphone
sound ─ what levels mean; pure            data/words.toml ─ every text
"""

from voicekit.tools.doctor.machine import front_end, keys, models, packages, python
from voicekit.tools.doctor.report import Report, Row
from voicekit.tools.doctor.room import echo, level, loop, page, tone
from voicekit.tools.doctor.vendors import answers, speaks, understands

__all__ = [
    "Report",
    "Row",
    "answers",
    "echo",
    "front_end",
    "keys",
    "level",
    "loop",
    "models",
    "packages",
    "page",
    "python",
    "speaks",
    "tone",
    "understands",
]
