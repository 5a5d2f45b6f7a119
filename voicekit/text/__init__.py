"""Text for a voice: fragments cut from a stream of tokens, said as people say them.

    tokens → preparer ─ boundaries: where a cut may fall
                      └ spoken: what is said ─ written: finds it ─ verbaliser, quantities, dates,
                                                                   numerals: say it

Pure: nothing here waits, reads a clock or does I/O, but for its own data files.
"""

from voicekit.text.preparer import Fragment, Preparer, prepare
from voicekit.text.spoken import speakable

__all__ = ["Fragment", "Preparer", "prepare", "speakable"]
