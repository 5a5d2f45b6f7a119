from __future__ import annotations

import pytest
from elevenlabs.core.api_error import ApiError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from voicekit import serving
from voicekit.standin.agents import chunking
from voicekit.standin.agents.store import READY

MUSEUM = """\
# Opening hours

The harbour museum opens at nine every morning except Monday. The last visitors enter at half \
past four.

# Prices

Tickets cost eight euros; children under twelve enter free. Groups of ten pay six euros each.

# Getting there

Cars may be left behind the old customs house. Tram number three stops at the door.
"""


@pytest.fixture
def base(client):
    return client.conversational_ai.knowledge_base


@pytest.fixture
def museum(agents, base):
    """The ready agent, with a document about a museum."""
    added = base.documents.create_from_text(text=MUSEUM, name="Museum")
    use(agents, {"type": "text", "name": "Museum", "id": added.id})
    return added.id


def use(agents, *locators, **rag):
    prompt = {"knowledge_base": list(locators), "rag": rag}
    agents.update(READY, conversation_config={"agent": {"prompt": prompt}})


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When does the museum open?", "opens at nine"),
        ("Can I park my car near you?", "customs house"),
        ("How much is a ticket?", "eight euros"),
        ("Do children pay?", "children under twelve"),
        ("Is there a price for groups?", "Groups of ten"),
        ("Which tram stops there?", "Tram number three"),
    ],
)
def test_questions_find_the_passage_that_answers_them(standin, museum, question, answer):
    state = standin.state
    assert answer in state.knowledge.answer(state.agents.get(READY), question)
    best = state.knowledge.nearest(state.agents.get(READY), question)[0]
    assert (best.document_id, best.document) == (museum, "Museum")


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of France?",
        "Please tell me a joke.",
        "I want to return my order.",
        "Who won the football yesterday?",
        "Where is my parcel?",
        "It is A-1042.",
        "No.",
        "",
        "...",
    ],
)
@pytest.mark.usefixtures("museum")
def test_other_questions_find_nothing(standin, question):
    state = standin.state
    assert state.knowledge.answer(state.agents.get(READY), question) == ""


def test_an_agent_knows_its_own_documents_only(standin, base):
    base.documents.create_from_text(text=MUSEUM, name="Museum")
    state = standin.state
    assert state.knowledge.answer(state.agents.get(READY), "When does the museum open?") == ""


def test_a_language_model_is_given_whole_documents_without_rag(standin, museum):
    state = standin.state
    assert museum
    assert MUSEUM in state.knowledge.context(state.agents.get(READY), "Do children pay?")


def test_with_rag_it_is_given_what_was_found_and_what_is_always_there(standin, agents, base):
    museum = base.documents.create_from_text(text=MUSEUM, name="Museum")
    rules = base.documents.create_from_text(text="Never promise a refund.", name="Rules")
    use(
        agents,
        {"type": "text", "name": "Museum", "id": museum.id, "usage_mode": "auto"},
        {"type": "text", "name": "Rules", "id": rules.id, "usage_mode": "prompt"},
        enabled=True,
        max_vector_distance=0.7,
        max_retrieved_rag_chunks_count=1,
    )
    state = standin.state
    given = state.knowledge.context(state.agents.get(READY), "When does the museum open?")
    assert "Never promise a refund." in given
    assert "opens at nine" in given
    assert "customs house" not in given


def test_documents_of_a_folder_belong_to_who_uses_the_folder(standin, agents, base):
    folder = base.documents.create_folder(name="Town")
    inside = base.documents.create_from_text(text=MUSEUM, name="Museum", parent_folder_id=folder.id)
    assert [step.name for step in inside.folder_path] == ["Town"]
    use(agents, {"type": "folder", "name": "Town", "id": folder.id})
    state = standin.state
    assert state.knowledge.answer(state.agents.get(READY), "When does the museum open?")
    users = base.documents.get_agents(inside.id).agents
    assert [user.id for user in users] == [READY]


def test_a_document_is_read_changed_listed_and_deleted(agents, base, museum):
    told = base.documents.get(museum)
    assert (told.type, told.metadata.size_bytes) == ("text", len(MUSEUM))
    assert "<p># Opening hours</p>" in told.extracted_inner_html
    assert base.documents.get_content(museum) == MUSEUM
    assert base.documents.update(museum, name="Harbour museum").name == "Harbour museum"
    row = base.list(search="harbour").documents[0]
    assert [user.id for user in row.dependent_agents] == [READY]
    with pytest.raises(ApiError) as refused:
        base.documents.delete(museum)
    assert "Agents use this document" in refused.value.body["detail"]["message"]
    use(agents)
    base.documents.delete(museum)
    assert base.list().documents == []
    with pytest.raises(ApiError) as refused:
        base.documents.get(museum)
    assert refused.value.body["detail"]["code"] == "document_not_found"


def test_a_file_is_read_as_text(base):
    made = base.documents.create_from_file(
        file=("page.html", b"<head><title>T</title></head><h1>Hi</h1><p>A &amp; B", "text/html"),
        name="Page",
    )
    assert made.name == "Page"
    assert base.documents.get_content(made.id) == "Hi\n\nA & B"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (("a.pdf", b"%PDF-1.7", "application/pdf"), "and not application/pdf"),
        (("a.txt", b"\xff\xfe\x00", "text/plain"), "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(base, file, said):
    with pytest.raises(ApiError) as refused:
        base.documents.create_from_file(file=file)
    assert said in refused.value.body["detail"]["message"]


@pytest.fixture
def site():
    async def page(_request: Request) -> HTMLResponse:
        return HTMLResponse("<style>p{}</style><p>We open <b>at ten</b>.</p><script>x</script>")

    async def film(_request: Request) -> Response:
        return Response(b"\0", media_type="video/mp4")

    app = Starlette(routes=[Route("/page", page), Route("/film", film)])
    served = serving.serve(app, name="knowledge-site")
    yield served.url
    served.stop()


def test_a_web_page_is_fetched_and_read(base, site):
    made = base.documents.create_from_url(url=f"{site}/page", name="Site")
    assert base.documents.get_content(made.id) == "We open at ten."
    assert base.documents.get(made.id).url == f"{site}/page"


@pytest.mark.parametrize("path", ["/film", "/missing"])
def test_a_page_that_cannot_be_fetched_or_read_is_refused(base, site, path):
    with pytest.raises(ApiError) as refused:
        base.documents.create_from_url(url=f"{site}{path}")
    assert refused.value.status_code == 400
    assert base.list().documents == []


def test_only_web_addresses_are_fetched(base):
    with pytest.raises(ApiError) as refused:
        base.documents.create_from_url(url="file:///etc/hostname")
    assert refused.value.status_code == 422


def test_an_index_is_there_as_soon_as_it_is_asked_for(http, museum):
    path = f"/v1/convai/knowledge-base/{museum}/rag-index"
    made = http.post(path, json={"model": "e5_mistral_7b_instruct"}).json()
    assert (made["status"], made["progress_percentage"]) == ("succeeded", 100)
    assert http.get(path).json()["indexes"] == [made]
    overview = http.get("/v1/convai/knowledge-base/rag-index").json()
    assert overview["total_used_bytes"] == len(MUSEUM)
    assert http.delete(f"{path}/{made['id']}").json() == made
    assert http.delete(f"{path}/{made['id']}").status_code == 404


def test_a_found_passage_can_be_looked_up(standin, client, museum):
    state = standin.state
    best = state.knowledge.nearest(state.agents.get(READY), "Do children pay?")[0]
    told = client.conversational_ai.knowledge_base.documents.chunk.get(museum, best.chunk_id)
    assert told.content == best.text


def test_passages_hold_every_word_and_are_short():
    text = f"{MUSEUM}\n\n{'word ' * 200}\n\n{'x' * 1000}"
    found = chunking.split(text)
    assert max(map(len, found)) <= chunking.LONGEST
    assert "".join("".join(found).split()).count("word") == 200
    assert "".join(found).count("x") >= 1000
    assert chunking.split("") == []
    assert chunking.split("Only a heading") == ["Only a heading"]
