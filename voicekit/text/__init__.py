"""Text for a voice: fragments cut from a stream of tokens, said as people say them.

    tokens → preparer ┬ boundaries: where a cut may fall
                      └ spoken: what is said ┬ written: finds the forms
                                             └ verbaliser: says them

Pure: nothing here waits, reads a clock or does I/O, but for its own data files.

Why our own rules: on this project's cases of November 2026, `nemo_text_processing` 1.2.0 said 63 %
of the English ones right at 260 ms a fragment; `kitten-text-processing` 0.1.0, which has the same
grammars, as many of these, 41 % of the German and 71 % of the Spanish ones; `wetext` 0.1.8 said
53 % of the English ones right at 1.1 ms and has neither German nor Spanish. These rules take a
tenth of a millisecond and keep the way back from each spoken word. `python3 -m voicekit bench text`
measures.
"""

from voicekit.text.preparer import Fragment, Preparer, prepare
from voicekit.text.spoken import speakable

__all__ = ["Fragment", "Preparer", "prepare", "speakable"]
