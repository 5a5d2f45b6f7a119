"""The knowledge base: documents, and finding the passage that answers a question.

Nearness is how much of what a question asks about a passage holds: the rarer a word is among the
agent's passages, the more it counts. No learning and no randomness.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Literal

from voicekit.standin import phrases
from voicekit.standin.agent import passages
from voicekit.standin.agent.store import Agent
from voicekit.standin.refusals import Refusal

NEAR = 0.35
"""Nearness from which a passage bears on a question."""

TRIGRAM = 0.2
"""How much three letters in common count beside a word in common."""

_WORD = re.compile(r"[a-z']+")

Kind = Literal["file", "url", "text", "folder"]


@dataclass
class Document:
    """One document, or a folder of them.

    Attributes:
        content: the plain text.
        source: the address of a `url` document.
        parent: id of the folder that it is in.
        created: Unix seconds, as `updated`.
        indexes: the RAG indexes asked for, by model.
    """

    id: str
    kind: Kind
    name: str
    content: str
    created: float
    updated: float
    source: str = ""
    parent: str | None = None
    indexes: dict[str, str] = field(default_factory=dict)

    def chunks(self) -> list[str]:
        """The passages that are compared."""
        return passages.split(self.content)


@dataclass(frozen=True)
class Passage:
    """Part of a document, and how near it is to a question, from 0 to 1."""

    document_id: str
    document: str
    chunk_id: str
    text: str
    score: float


class Knowledge:
    """All documents.

    Args:
        next_id: makes the next id of a kind.
        clock: Unix seconds.
    """

    def __init__(self, next_id: Callable[[str], str], clock: Callable[[], float]) -> None:
        self._next_id = next_id
        self._clock = clock
        self._documents: dict[str, Document] = {}

    def add(self, kind: Kind, name: str, content: str = "", **more: Any) -> Document:
        """Keep a document; `more` are fields of `Document`."""
        now = self._clock()
        document = Document(self._next_id("doc"), kind, name, content, now, now, **more)
        self._documents[document.id] = document
        return document

    def get(self, document_id: str) -> Document:
        """The document of this id.

        Raises:
            Refusal: 404, there is none.
        """
        if document_id not in self._documents:
            said = f"There is no document {document_id!r} in the knowledge base."
            raise Refusal("elevenlabs", "document_not_found", said)
        return self._documents[document_id]

    def delete(self, document_id: str) -> None:
        """Forget a document, and what is in it if it is a folder.

        Raises:
            Refusal: 404, there is none.
        """
        del self._documents[self.get(document_id).id]
        for inner in [d.id for d in self.all() if d.parent == document_id]:
            self.delete(inner)

    def all(self) -> list[Document]:
        """Every document and folder, the oldest first."""
        return list(self._documents.values())

    def of(self, locators: Iterable[dict[str, Any]]) -> list[Document]:
        """The documents that locators name, those in folders too; what was deleted is left out."""
        found: dict[str, Document] = {}
        names = [locator["id"] for locator in locators]
        while names:
            document = self._documents.get(names.pop(0))
            if document is None or document.id in found:
                continue
            found[document.id] = document
            names += [inner.id for inner in self.all() if inner.parent == document.id]
        return [document for document in found.values() if document.kind != "folder"]

    def find(self, agent: Agent, question: str) -> list[Passage]:
        """The passages of an agent's documents that bear on a question, the nearest first."""
        chunks = [
            (document, number, text)
            for document in self.of(agent.prompt["knowledge_base"])
            for number, text in enumerate(document.chunks())
        ]
        counts = [_terms(text) for _, _, text in chunks]
        users = Counter(term for terms in counts for term in terms)
        rarity = {term: math.log(1 + len(chunks) / n) for term, n in users.items()}
        unknown = math.log(2 + len(chunks))
        asked = {
            term: rarity.get(term, unknown) * (TRIGRAM if term.startswith("#") else 1.0)
            for term in _terms(question)
        }
        whole = sum(asked.values()) or 1.0
        found = [
            Passage(
                document.id,
                document.name,
                f"{document.id}_{number}",
                text,
                sum(weight for term, weight in asked.items() if term in terms) / whole,
            )
            for (document, number, text), terms in zip(chunks, counts, strict=True)
        ]
        found.sort(key=lambda passage: -passage.score)
        return [passage for passage in found if passage.score >= NEAR]

    def answer(self, agent: Agent, question: str) -> str:
        """The passage that answers a question, to be spoken; empty when none is near enough."""
        found = self.find(agent, question)
        return found[0].text if found else ""

    def context(self, agent: Agent, question: str) -> str:
        """What a language model's prompt is given: whole documents, or with RAG what was found."""
        rag = agent.prompt["rag"]
        locators = agent.prompt["knowledge_base"]
        always = [kept for kept in locators if not rag["enabled"] or kept["usage_mode"] == "prompt"]
        whole = self.of(always)
        parts = [f"# {document.name}\n{document.content}" for document in whole]
        if rag["enabled"]:
            given = {document.id for document in whole}
            near = [p for p in self.find(agent, question) if p.document_id not in given]
            limit = rag["max_retrieved_rag_chunks_count"]
            close = [p for p in near[:limit] if 1 - p.score <= rag["max_vector_distance"]]
            parts += [f"# {p.document}\n{p.text}" for p in close]
        return "\n\n".join(parts)[: rag["max_documents_length"]]


def _terms(text: str) -> set[str]:
    """What a text is about: its words as stems, and trigrams of their letters."""
    words = _WORD.findall(text.lower().replace("\u2019", "'"))
    plain = " ".join(word for word in words if word not in _stop_words())
    # A pair of words is seldom the same in a question and in what answers it.
    return {term for term in phrases.terms(plain) if " " not in term}


@cache
def _stop_words() -> frozenset[str]:
    file = resources.files("voicekit.standin").joinpath("data/knowledge.toml")
    return frozenset(tomllib.loads(file.read_text("utf-8"))["stop_words"].split())
