"""The knowledge base: documents, and finding the passages that bear on a question."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from voicekit.standin.agents import chunking, similarity
from voicekit.standin.agents.register import Register
from voicekit.standin.agents.store import Agent

NEAR = 0.35
"""Nearness from which a passage bears on a question."""

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
        return chunking.split(self.content)


@dataclass(frozen=True)
class Passage:
    """Part of a document, and how near it is to a question, from 0 to 1."""

    document_id: str
    document: str
    chunk_id: str
    text: str
    score: float


class Knowledge(Register[Document]):
    """All documents."""

    kind = "document"

    def add(self, kind: Kind, name: str, content: str = "", **more: Any) -> Document:
        """Keep a document; `more` are fields of `Document`."""
        now = self._clock()
        document = Document(self._next_id("doc"), kind, name, content, now, now, **more)
        self._kept[document.id] = document
        return document

    def delete(self, wanted: str) -> None:
        """Forget a document, and what is in it if it is a folder.

        Raises:
            Refusal: 404, there is none.
        """
        super().delete(wanted)
        for inner in [d.id for d in self.all() if d.parent == wanted]:
            self.delete(inner)

    def of(self, locators: Iterable[dict[str, Any]]) -> list[Document]:
        """The documents that locators name, those in folders too; what was deleted is left out."""
        found: dict[str, Document] = {}
        names = [locator["id"] for locator in locators]
        while names:
            document = self._kept.get(names.pop(0))
            if document is None or document.id in found:
                continue
            found[document.id] = document
            names += [inner.id for inner in self.all() if inner.parent == document.id]
        return [document for document in found.values() if document.kind != "folder"]

    def nearest(self, agent: Agent, question: str) -> list[Passage]:
        """The passages of an agent's documents that bear on a question, the nearest first."""
        chunks = [
            (document, number, text)
            for document in self.of(agent.prompt["knowledge_base"])
            for number, text in enumerate(document.chunks())
        ]
        scores = similarity.scores(question, [text for _, _, text in chunks])
        found = [
            Passage(
                document.id,
                document.name,
                f"{document.id}_{number}",
                text,
                score,
            )
            for (document, number, text), score in zip(chunks, scores, strict=True)
        ]
        found.sort(key=lambda passage: -passage.score)
        return [passage for passage in found if passage.score >= NEAR]

    def answer(self, agent: Agent, question: str) -> str:
        """The passage that answers a question, to be spoken; empty when none is near enough."""
        found = self.nearest(agent, question)
        return found[0].text if found else ""

    def traced(self, agent: Agent, question: str) -> dict[str, Any] | None:
        """`rag_retrieval_info` of a transcript item; None for an agent that does not retrieve."""
        rag = agent.prompt["rag"]
        if not rag["enabled"]:
            return None
        begun = time.perf_counter()
        chunks = [
            {"document_id": p.document_id, "chunk_id": p.chunk_id, "vector_distance": 1 - p.score}
            for p in self.nearest(agent, question)[: rag["max_retrieved_rag_chunks_count"]]
        ]
        return {
            "chunks": chunks,
            "embedding_model": rag["embedding_model"],
            "retrieval_query": question,
            "rag_latency_secs": time.perf_counter() - begun,
        }

    def context(self, agent: Agent, question: str) -> str:
        """What a language model's prompt is given: whole documents, or with RAG what was found."""
        rag = agent.prompt["rag"]
        locators = agent.prompt["knowledge_base"]
        always = [kept for kept in locators if not rag["enabled"] or kept["usage_mode"] == "prompt"]
        whole = self.of(always)
        parts = [f"# {document.name}\n{document.content}" for document in whole]
        if rag["enabled"]:
            given = {document.id for document in whole}
            near = [p for p in self.nearest(agent, question) if p.document_id not in given]
            limit = rag["max_retrieved_rag_chunks_count"]
            close = [p for p in near[:limit] if 1 - p.score <= rag["max_vector_distance"]]
            parts += [f"# {p.document}\n{p.text}" for p in close]
        return "\n\n".join(parts)[: rag["max_documents_length"]]
