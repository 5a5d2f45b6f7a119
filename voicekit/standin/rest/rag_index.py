"""`…/knowledge-base/{id}/rag-index` and `…/chunk/{id}`: how a document is cut for retrieval.

There is no embedding model: words are compared (`knowledge.py`), at once and whichever model was
named, so an index is done when it is asked for.
"""

from __future__ import annotations

from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from voicekit.standin.account import admitted
from voicekit.standin.agents import request_bodies
from voicekit.standin.agents.knowledge import Document
from voicekit.standin.http.refusals import Refusal
from voicekit.standin.rest.documents import size
from voicekit.standin.speech.settings import Sent

MOST_BYTES = 1 << 20
"""Shown as the limit, and not enforced."""


class Index(Sent):
    """Which index is asked for."""

    model: Literal["e5_mistral_7b_instruct", "multilingual_e5_large_instruct", "qwen3_embedding_4b"]


async def create(request: Request) -> Response:
    """`POST /v1/convai/knowledge-base/{documentation_id}/rag-index`."""
    state = admitted(request)
    document = state.knowledge.get(request.path_params["documentation_id"])
    model = (await request_bodies.body(request, Index)).model
    if model not in document.indexes:
        document.indexes[model] = state.next_id("index")
    return JSONResponse(_shown(document, model))


async def listing(request: Request) -> Response:
    """`GET /v1/convai/knowledge-base/{documentation_id}/rag-index`."""
    document = admitted(request).knowledge.get(request.path_params["documentation_id"])
    return JSONResponse({"indexes": [_shown(document, model) for model in document.indexes]})


async def delete(request: Request) -> Response:
    """`DELETE /v1/convai/knowledge-base/{documentation_id}/rag-index/{rag_index_id}`."""
    document = admitted(request).knowledge.get(request.path_params["documentation_id"])
    wanted = request.path_params["rag_index_id"]
    model = next((name for name, kept in document.indexes.items() if kept == wanted), None)
    if model is None:
        raise Refusal("elevenlabs", "not_found", f"This document has no index {wanted!r}.")
    gone = _shown(document, model)
    del document.indexes[model]
    return JSONResponse(gone)


async def overview(request: Request) -> Response:
    """`GET /v1/convai/knowledge-base/rag-index`: how much is indexed."""
    used: dict[str, int] = {}
    for document in admitted(request).knowledge.all():
        for model in document.indexes:
            used[model] = used.get(model, 0) + size(document)
    models = [{"model": model, "used_bytes": amount} for model, amount in used.items()]
    total = {"total_used_bytes": sum(used.values()), "total_max_bytes": MOST_BYTES}
    return JSONResponse({**total, "models": models})


async def chunk(request: Request) -> Response:
    """`GET /v1/convai/knowledge-base/{documentation_id}/chunk/{chunk_id}`."""
    document = admitted(request).knowledge.get(request.path_params["documentation_id"])
    wanted = request.path_params["chunk_id"]
    for number, text in enumerate(document.chunks()):
        if wanted == f"{document.id}_{number}":
            return JSONResponse({"id": wanted, "name": document.name, "content": text})
    raise Refusal("elevenlabs", "not_found", f"This document has no passage {wanted!r}.")


def _shown(document: Document, model: str) -> dict[str, Any]:
    return {
        "id": document.indexes[model],
        "model": model,
        "status": "succeeded",
        "progress_percentage": 100.0,
        "document_model_index_usage": {"used_bytes": size(document)},
    }
