"""Lists in pages, as the vendor's listings have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import ConfigDict, Field
from starlette.requests import Request

from voicekit.standin.http.refusals import Refusal
from voicekit.standin.speech.settings import Sent, read_query

Row = TypeVar("Row")
Query = TypeVar("Query", bound="PageQuery")


class PageQuery(Sent):
    """How a list is asked for. A filter that is not known is refused, and not passed over."""

    model_config = ConfigDict(extra="allow", frozen=True)

    page_size: Annotated[int, Field(ge=1, le=100)] = 30
    cursor: str | None = None
    search: str = ""
    sort_direction: Literal["asc", "desc"] | None = None
    show_only_owned_agents: bool | None = None
    show_only_owned_documents: bool | None = None
    created_by_user_id: str | None = None


def asked(request: Request, shape: type[Query]) -> Query:
    """The query string as a `shape`.

    Raises:
        Invalid: 422, a value is of the wrong type.
        Refusal: 400, a filter that the stand-in does not have.
    """
    query = read_query(shape, request.query_params)
    if query.model_extra:
        known = ", ".join(sorted(shape.model_fields))
        name = next(iter(query.model_extra))
        said = f"The stand-in does not filter by {name!r}; it knows {known}."
        raise Refusal("elevenlabs", "invalid_parameters", said, name)
    return query


def page(rows: Sequence[Row], query: PageQuery) -> tuple[list[Row], dict[str, Any]]:
    """The rows of one page, and the two fields that lead to the next.

    Raises:
        Refusal: 400, the cursor is none of ours.
    """
    start = 0
    if query.cursor:
        number = query.cursor.removeprefix("page_")
        if not (number.isascii() and number.isdecimal()) or len(number) > 9:
            said = "This cursor is not one of the stand-in's."
            raise Refusal("elevenlabs", "invalid_parameters", said, "cursor")
        start = int(number)
    end = start + query.page_size
    more = end < len(rows)
    return list(rows[start:end]), {"next_cursor": f"page_{end}" if more else None, "has_more": more}
