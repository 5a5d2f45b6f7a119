"""`/v1/convai/knowledge-base`: documents in, listed, read, deleted.

Source: https://elevenlabs.io/docs/api-reference/knowledge-base.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from voicekit.standin.account import admitted
from voicekit.standin.agents import request_bodies
from voicekit.standin.agents.knowledge import Document, Kind
from voicekit.standin.http import multipart, pagination
from voicekit.standin.http.refusals import Refusal
from voicekit.standin.records.representations import identified
from voicekit.standin.rest import documents, reading
from voicekit.standin.speech.settings import Sent
from voicekit.standin.state import State


class NewFolder(Sent):
    """A folder to make."""

    name: str
    parent_folder_id: str | None = None


class NewText(Sent):
    """A text to keep."""

    text: str
    name: str | None = None
    parent_folder_id: str | None = None


class NewUrl(Sent):
    """A web page to fetch and keep."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+")]
    name: str | None = None
    parent_folder_id: str | None = None


class Change(Sent):
    """What changing a document may say."""

    name: str | None = None
    content: str | None = None


class DocumentQuery(pagination.PageQuery):
    """How documents are listed."""

    types: Annotated[list[Kind] | None, Field(max_length=4)] = None
    parent_folder_id: str | None = None
    sort_by: Literal["name", "created_at", "updated_at", "size"] | None = None
    folders_first: bool = False
    use_typesense: bool | None = None


async def add_text(request: Request) -> Response:
    """`POST /v1/convai/knowledge-base/text`."""
    state = admitted(request)
    new = await request_bodies.body(request, NewText)
    name = new.name or " ".join(new.text.split())[:40] or "Text"
    return _added(state, "text", name, new.text, new.parent_folder_id)


async def add_url(request: Request) -> Response:
    """`POST /v1/convai/knowledge-base/url`: fetched at once."""
    state = admitted(request)
    new = await request_bodies.body(request, NewUrl)
    content = await reading.page(new.url, state.reach)
    return _added(state, "url", new.name or new.url, content, new.parent_folder_id, source=new.url)


async def add_file(request: Request) -> Response:
    """`POST /v1/convai/knowledge-base/file`: multipart, fields `file` and `name`."""
    state = admitted(request)
    form = await multipart.read(request)
    file = form.get("file")
    if file is None:
        raise request_bodies.wrong("missing", ("file",), "Field required")
    plain = {name: part.content.decode("utf-8", "replace") for name, part in form.items()}
    name = (plain.get("name") if "name" in form else None) or file.filename or "File"
    content = reading.text(file.content, file.media_type, file.filename or "")
    parent = plain["parent_folder_id"] if "parent_folder_id" in form else None
    return _added(state, "file", name, content, parent)


async def add_folder(request: Request) -> Response:
    """`POST /v1/convai/knowledge-base/folder`."""
    state = admitted(request)
    new = await request_bodies.body(request, NewFolder)
    return _added(state, "folder", new.name, "", new.parent_folder_id)


async def get(request: Request) -> Response:
    """`GET /v1/convai/knowledge-base/{documentation_id}`."""
    return JSONResponse(documents.whole(*_asked_for(request)))


async def update(request: Request) -> Response:
    """`PATCH /v1/convai/knowledge-base/{documentation_id}`: another name, another text."""
    state, document = _asked_for(request)
    change = await request_bodies.body(request, Change)
    if change.content is not None and document.kind != "text":
        said = "Only the content of a text document can be changed."
        raise Refusal("elevenlabs", "invalid_parameters", said, "content")
    document.name = change.name or document.name
    document.content = document.content if change.content is None else change.content
    document.updated = state.wall()
    return JSONResponse(documents.whole(state, document))


async def delete(request: Request) -> Response:
    """`DELETE /v1/convai/knowledge-base/{documentation_id}`: refused while agents use it."""
    state, document = _asked_for(request)
    forced = request.query_params.get("force") == "true"
    if documents.users(state, document) and not forced:
        said = "Agents use this document: take it out of their knowledge base, or send force=true."
        raise Refusal("elevenlabs", "invalid_parameters", said, "documentation_id")
    state.knowledge.delete(document.id)
    return JSONResponse({})


async def content(request: Request) -> Response:
    """`GET /v1/convai/knowledge-base/{documentation_id}/content`."""
    _, document = _asked_for(request)
    return HTMLResponse(document.content)


async def dependents(request: Request) -> Response:
    """`GET /v1/convai/knowledge-base/{documentation_id}/dependent-agents`."""
    state, document = _asked_for(request)
    rows, more = pagination.page(
        documents.users(state, document), pagination.asked(request, pagination.PageQuery)
    )
    return JSONResponse({"agents": [identified(agent) for agent in rows], **more})


async def listing(request: Request) -> Response:
    """`GET /v1/convai/knowledge-base`: the newest first, unless sorted."""
    state = admitted(request)
    query = pagination.asked(request, DocumentQuery)
    found = [
        document
        for document in reversed(state.knowledge.all())
        if query.search.lower() in document.name.lower()
        and (query.types is None or document.kind in query.types)
        and (query.parent_folder_id is None or document.parent == query.parent_folder_id)
    ]
    keys = {"name": lambda d: d.name, "updated_at": lambda d: d.updated, "size": documents.size}
    if query.sort_by in keys:
        found.sort(key=keys[query.sort_by], reverse=query.sort_direction == "desc")
    elif query.sort_direction == "asc":
        found.reverse()
    if query.folders_first:
        found.sort(key=lambda document: document.kind != "folder")
    rows, more = pagination.page(found, query)
    return JSONResponse(
        {"documents": [documents.row(state, document) for document in rows], **more}
    )


def _asked_for(request: Request) -> tuple[State, Document]:
    state = admitted(request)
    return state, state.knowledge.get(request.path_params["documentation_id"])


def _added(
    state: State, kind: Kind, name: str, text: str, parent: str | None, source: str = ""
) -> Response:
    if parent is not None and state.knowledge.get(parent).kind != "folder":
        raise request_bodies.wrong(
            "value_error", ("parent_folder_id",), "This document is no folder."
        )
    added = state.knowledge.add(kind, name, text, parent=parent, source=source)
    return JSONResponse(
        {"id": added.id, "name": added.name, "folder_path": documents.path(state, added)}
    )
