"""The vendor's published REST contract, which is not part of this repository."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

BESIDE = Path(__file__).resolve().parents[4] / "shared" / "schemas"
SCHEMAS = Path(os.environ.get("VOICEKIT_SCHEMAS", BESIDE))


def check(method: str, path: str, body: Any) -> None:
    """Hold a response body against the schema of its operation, or skip without the contract."""
    file = SCHEMAS / "rest.openapi.json"
    if not file.is_file():
        pytest.skip(
            "There is no rest.openapi.json: take it from https://api.elevenlabs.io/openapi.json "
            "and set VOICEKIT_SCHEMAS to its folder."
        )
    document = _document(file)
    answer = document["paths"][path][method.lower()]["responses"]["200"]
    schema = answer["content"]["application/json"]["schema"]
    components = document["components"]
    jsonschema.Draft202012Validator({**schema, "components": components}).validate(body)


@cache
def _document(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))
