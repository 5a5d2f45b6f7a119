"""The app's own description, and schemathesis' inventions from it: no 5xx, nothing undescribed."""

from __future__ import annotations

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis.generation.modes import GenerationMode

from voicekit.webhook import webhook

SECRET = "a-secret"
EXAMPLES = 25


async def answer(turn):
    yield f"You said {turn.said}, of {len(turn.results)} results. "


APP = webhook(
    answer,
    secret=SECRET,
    system="Be brief.",
    context=lambda turn: turn.said[:10],
    max_sentences=3,
    filler="Hmm... ",
)


class Bearer:
    """How schemathesis is told the secret; it also leaves it out, and makes others up."""

    def get(self, case, context):  # noqa: ARG002
        return SECRET

    def set(self, case, data, context):  # noqa: ARG002
        case.headers["Authorization"] = f"Bearer {data}"


def every_mode():
    for mode in GenerationMode:
        schema = schemathesis.openapi.from_asgi("/openapi.json", APP)
        schema.auth()(Bearer)
        for result in schema.get_all_operations():
            operation = result.ok()
            label = f"{operation.method} {operation.path} {mode.value}"
            yield pytest.param(operation, mode, id=label)


@pytest.mark.parametrize(("operation", "mode"), list(every_mode()))
def test_no_request_that_schemathesis_invents_is_a_failure_of_ours(operation, mode):
    statuses: set[int] = set()

    @hypothesis.seed(6)
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def invented(case):
        response = case.call()
        case.validate_response(response)
        statuses.add(response.status_code)

    try:
        invented()
    except hypothesis.errors.Unsatisfiable:
        pytest.skip("nothing can be wrong with this operation")
    assert max(statuses) < 500
    if operation.path != "/health":
        assert (200 if mode is GenerationMode.POSITIVE else 400) in statuses


def test_the_description_names_the_secret_and_the_parts():
    described = APP.openapi()
    operation = described["paths"]["/v1/chat/completions"]["post"]
    assert operation["security"] == [{"secret": []}]
    assert set(operation["responses"]) >= {"200", "400", "401", "413", "429"}
    assert "_Message" in described["components"]["schemas"]
