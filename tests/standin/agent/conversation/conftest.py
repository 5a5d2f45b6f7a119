"""Ears and a language model whose every answer the test decides."""

from __future__ import annotations

import pytest
from fake_ears import FakeEars, quick_endpointer
from llm import Model

from voicekit.standin.conversation import listening


@pytest.fixture
def ears(standin, monkeypatch):
    """`ears(*says)`: the conversation hears these utterances, whatever it sounds like."""

    def put(*says):
        fake = FakeEars(*says)
        monkeypatch.setattr(standin.state, "ears", fake, raising=False)
        monkeypatch.setattr(listening, "endpointer", quick_endpointer)
        return fake

    return put


@pytest.fixture
def llm():
    """`llm(*answers)`: a custom language model that answers this."""
    running = []

    def put(*answers):
        running.append(Model(*answers))
        return running[-1]

    yield put
    for model in running:
        model.stop()
