"""The file and the command that lesson 02 ends with: several workers, one database."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import nbformat
import pytest
from openai import OpenAI
from waiting import HANG, until

from acme import Desk

SECRET = "s3cret-of-the-agent"


@pytest.fixture
def url(root: Path, tmp_path: Path) -> Iterator[str]:
    lesson = nbformat.read(root / "notebooks" / "02-custom-webhook.ipynb", as_version=4)
    (last,) = (cell.source for cell in lesson.cells if cell.id == "production")
    (program,) = re.findall(r"```python\n(.*?)```", last, re.DOTALL)
    (tmp_path / "desk_webhook.py").write_text(program, "utf-8")
    shutil.copytree(root / "notebooks/acme", tmp_path / "acme")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "desk_webhook:app"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--workers", "2", "--log-level", "error"],
        cwd=tmp_path,
        env={**os.environ, "VOICEKIT_OFFLINE": "1", "WEBHOOK_SECRET": SECRET},
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(HANG)


def healthy(url: str) -> bool:
    try:
        return bool(httpx.get(f"{url}/health", trust_env=False).json()["ok"])
    except httpx.TransportError:
        return False


@pytest.mark.extended
def test_several_workers_share_the_desk_and_its_refund(url: str, tmp_path: Path) -> None:
    until(lambda: healthy(url), "a healthy answer")
    question = "Shall I refund $42.00 for order 1042?"
    agreed = [
        {"role": "user", "content": "I want a refund for order 1042."},
        {"role": "assistant", "content": question},
        {"role": "user", "content": "Yes."},
    ]
    with httpx.Client(trust_env=False, timeout=HANG) as transport:
        refused = transport.post(f"{url}/v1/chat/completions", json={"messages": agreed})
        assert refused.status_code == 401
    told = set()
    for _ in range(4):  # each on a connection of its own, so that any worker may take it
        with OpenAI(base_url=f"{url}/v1", api_key=SECRET) as platform:
            reply = platform.chat.completions.create(model="any", messages=agreed)
        told.add(str(reply.choices[0].message.content))
    assert len(told) == 1
    assert "is made" in told.pop()
    assert [(r.order_id, r.cents) for r in Desk(tmp_path / "acme.db").orders.refunds()] == [
        ("1042", 4200)
    ]
