"""A table that a notebook shows, and its text twin.

The HTML has no script, no colour and no style that matters, so that it reads the same in a light
and a dark page, in a notebook that JupyterLab does not trust, and on GitHub.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_ALIGN = {"<": "left", ">": "right", "#": "left"}


@dataclass(frozen=True, repr=False)
class Table:
    """Rows under a head; the first cell of each names it.

    Args:
        head: the columns' names.
        rows: cells as text, as many in each as in `head`.
        align: one character a column: `<`, `>`, or `#` for bars drawn with block characters.
        caption: what the table says, in a sentence.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    align: str
    caption: str

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.head, *self.rows, strict=True)]
        lines = []
        for row in (self.head, *self.rows):
            cells = zip(row, self.align.replace("#", "<"), widths, strict=True)
            lines.append("  ".join(f"{cell:{side}{width}}" for cell, side, width in cells).rstrip())
        return "\n".join([*lines, self.caption])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(
            _cell('th scope="col"', name, side)
            for name, side in zip(self.head, self.align, strict=True)
        )
        body = "".join(f"<tr>{self._row(row)}</tr>" for row in self.rows)
        # A caption is what a screen reader says first; below the table it is what one reads last.
        return (
            '<table><caption style="caption-side: bottom; text-align: left; padding: 0.4em">'
            f"{escape(self.caption)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )

    def _row(self, row: Sequence[str]) -> str:
        cells = [_cell('th scope="row"', row[0], self.align[0])]
        for cell, side in zip(row[1:], self.align[1:], strict=True):
            cells.append(_cell("td", cell, side))
        return "".join(cells)


def _cell(tag: str, text: str, side: str) -> str:
    # GitHub drops `style` and keeps `align`; JupyterLab's own style sheet outweighs `align`.
    style = f"text-align: {_ALIGN[side]}; padding: 0.1em 0.4em"
    start = f'<{tag} align="{_ALIGN[side]}" style="{style}">'
    inside = escape(text)
    if side != "<" or tag != "td":
        # JupyterLab breaks lines in cells whatever `nowrap` says: a figure would leave its unit,
        # and beside a long cell every heading's words would stand below each other.
        inside = inside.replace(" ", "&nbsp;")
    if side == "#" and tag == "td":
        # The figures say it all: a bar is for the eye only.
        inside = f'<samp aria-hidden="true">{inside}</samp>'
    return f"{start}{inside}</{tag.split()[0]}>"
