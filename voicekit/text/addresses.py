"""How addresses of machines are said: e-mail, URLs, files, handles.

Each method says one class of `voicekit.text.written` and bears its name.
"""

from __future__ import annotations

import re
from re import Match

from voicekit.text.written import Language

_CHUNKS = re.compile(r"[0-9]+|[^\W\d_]+|[^\w]|_")
_MARKS = {".": "dot", "/": "slash", "-": "dash", "_": "underscore", ":": "colon"}


class Addresses:
    """Says the addresses of one language."""

    def __init__(self, language: Language) -> None:
        self._words: dict[str, str] = language.data["words"]
        self._names: dict[str, str] = language.data["symbols"] | language.data["lexicon"]
        self._numerals = language.numerals

    def spelled(self, address: str, port: bool = False) -> str:
        """Say marks by name, long numbers digit by digit, words as they are."""
        said = []
        for chunk in _CHUNKS.findall(address):
            if chunk.isdecimal():
                one_by_one = len(chunk) > 2 and not port
                read = self._numerals.digits if one_by_one else self._numerals.number
                said.append(read(chunk))
            elif chunk in _MARKS:
                said.append(self._words[_MARKS[chunk]])
            else:
                said.append(self._names.get(chunk, chunk))
        return " ".join(said)

    def email(self, m: Match[str]) -> str:
        """Say an e-mail address."""
        return f"{self.spelled(m['user'])} {self._words['at']} {self.spelled(m['host'])}"

    def url(self, m: Match[str]) -> str:
        """Say a web address, without its query."""
        return self.spelled(_path(m["full"] or m["bare"]))

    def autolink(self, m: Match[str]) -> str:
        """Say an address in angle brackets."""
        return self.email(m) if m["user"] else self.spelled(_path(m["full"]))

    def port(self, m: Match[str]) -> str:
        """Say a host with its port."""
        return self.spelled(m[0], port=True)

    def file(self, m: Match[str]) -> str:
        """Say a file's name."""
        return self.spelled(m[0])

    def handle(self, m: Match[str]) -> str:
        """Say "@name"."""
        return f"{self._words['at']} {self.spelled(m['name'])}"

    def hashtag(self, m: Match[str]) -> str:
        """Say "#topic"."""
        return f"{self._words['hashtag']} {self.spelled(m['name'])}"


def _path(address: str) -> str:
    """What is said of an address: no query, no fragment, no "www."."""
    return re.split("[?#]", address)[0].removeprefix("www.").rstrip("/")
