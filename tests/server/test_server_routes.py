"""What the routes give, over a real connection."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import httpx
import pytest
from PIL import Image
from server_support import DISAGREEING, QUESTION, WHICH_TOTAL, Served, filled_store, served, settings_for

from mmrag.domain.documents import document_id

INVOICE_ID = document_id("invoice.jpg", f"{0:064x}")


@pytest.fixture
def client(loopback: Served) -> httpx.Client:
    return loopback.client()


def events_in(text: str) -> list[tuple[str, dict[str, object]]]:
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("event: ")]
    return [(lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: "))) for lines in blocks]


def test_an_answer_has_the_shape_of_ask_json_and_links_to_its_places(client: httpx.Client) -> None:
    answer = client.post("/api/ask", json={"question": QUESTION}).raise_for_status().json()
    assert (answer["status"], answer["answer"]) == ("answered", "F-2291")
    assert {"confidence", "claims", "evidence", "tier", "cost", "timings_ms", "trace"} <= set(answer)
    (citation,) = answer["claims"][0]["citations"]
    assert (citation["document"], citation["page"], citation["quote"]) == ("invoice.jpg", 1, "F-2291")
    assert citation["document_id"] == INVOICE_ID
    crop = client.get(citation["crop_image"]).raise_for_status()
    assert crop.headers["content-type"] == "image/png"


def test_a_refusal_comes_with_the_nearest_evidence(client: httpx.Client) -> None:
    asked = {"question": "What is the fax number of Fernhill Garden Supplies?"}
    answer = client.post("/api/ask", json=asked).raise_for_status().json()
    assert (answer["status"], answer["answer"]) == ("abstained", None)
    assert answer["abstention"]["reason"] in {"no_evidence", "low_confidence", "unsupported"}
    assert answer["evidence"][0]["document"] == "invoice.jpg"


def test_documents_that_say_otherwise_are_linked_in_the_answer_and_in_the_chat(tmp_path: Path) -> None:
    asked = {"model": "mmrag", "messages": [{"role": "user", "content": WHICH_TOTAL}]}
    with served(settings_for(filled_store(tmp_path / "store", DISAGREEING))) as running, running.client() as client:
        answer = client.post("/api/ask", json={"question": WHICH_TOTAL}).raise_for_status().json()
        (found,) = answer["contradictions"]
        assert {answer["answer"], found["value"]} == {"46.65", "64.65"}
        assert (found["answer"]["quote"], found["other"]["quote"]) == (answer["answer"], found["value"])
        for side in ("answer", "other"):
            assert client.get(found[side]["crop_image"]).raise_for_status().headers["content-type"] == "image/png"
        text = client.post("/v1/chat/completions", json=asked).raise_for_status().json()["choices"][0]["message"]["content"]
    first, second = text.split("Sources:\n")[1].splitlines()
    assert (answer["answer"] in first, found["value"] in second) == (True, True)
    assert [line.endswith("(says otherwise)") for line in (first, second)] == [False, True]


def test_a_stream_tells_what_happens_and_ends_with_the_same_answer(client: httpx.Client) -> None:
    response = client.post("/api/ask/stream", json={"question": QUESTION}).raise_for_status()
    assert response.headers["content-type"].startswith("text/event-stream")
    told = events_in(response.text)
    names = [name for name, _ in told]
    assert names[:2] == ["plan", "evidence"]
    assert {"draft", "verdict"} <= set(names)
    assert names.index("draft") < names.index("verdict") < names.index("answer") == len(names) - 1
    assert told[-1][1]["answer"] == "F-2291"


def test_errors_in_a_stream_are_an_event(client: httpx.Client) -> None:
    response = client.post("/api/ask/stream", json={"question": QUESTION, "tier": "nobody"})
    ((name, problem),) = events_in(response.text)
    assert name == "error"
    assert "nobody" in str(problem["message"])


def test_documents_pages_and_words(client: httpx.Client) -> None:
    listed = client.get("/api/documents").raise_for_status().json()
    assert listed["total"] == 3
    by_name = {one["name"]: one for one in listed["documents"]}
    assert (by_name["broken.pdf"]["status"], by_name["broken.pdf"]["reason"]) == ("quarantined", "It is encrypted.")
    assert "/scans" not in json.dumps(listed), "where files lie on the server is given out"
    page = client.get(f"/api/documents/{INVOICE_ID}/pages/1").raise_for_status().json()
    assert (page["document"], page["pages"], page["width"]) == ("invoice.jpg", 1, 1000)
    assert [w["text"] for w in page["words"]][:3] == ["Fernhill", "Garden", "Supplies"]


def test_pictures_of_a_page_and_of_a_part_of_it(client: httpx.Client) -> None:
    place = f"/api/documents/{INVOICE_ID}/pages/1"
    kept = client.get(f"{place}/image").raise_for_status()
    png = client.get(f"{place}/image.png").raise_for_status()
    assert (kept.headers["content-type"], png.headers["content-type"]) == ("image/jpeg", "image/png")
    assert Image.open(io.BytesIO(png.content)).size == (1000, 1400)
    crop = client.get(f"{place}/crop.png", params={"box": "0.1,0.2,0.3,0.25", "margin": 0}).raise_for_status()
    assert Image.open(io.BytesIO(crop.content)).size == (200, 70)


@pytest.mark.parametrize("box", ["", "0,0,1", "a,b,c,d", "0,0,1,2", "0.5,0,0.5,1", "nan,0,1,1", "0.6,0,0.5,1", "1e9,0,1,1"])
def test_a_box_that_is_none_is_refused(client: httpx.Client, box: str) -> None:
    response = client.get(f"/api/documents/{INVOICE_ID}/pages/1/crop.png", params={"box": box})
    assert (response.status_code, response.json()["error"]["code"]) == (422, "bad_box")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/api/documents/{INVOICE_ID}/pages/2", 404),
        (f"/api/documents/{INVOICE_ID}/pages/0", 422),
        (f"/api/documents/{INVOICE_ID}/pages/2/image", 404),
        ("/api/documents/doc-000000000000000000000000", 404),
        ("/api/documents/nothing", 422),
        ("/api/uploads/0123456789abcdef", 404),
        ("/api/nothing", 404),
    ],
)
def test_what_is_not_there_is_said_in_one_shape(client: httpx.Client, path: str, status: int) -> None:
    response = client.get(path)
    assert response.status_code == status
    assert set(response.json()["error"]) >= {"message", "type", "code"}


@pytest.mark.parametrize(
    "body",
    [{}, {"question": ""}, {"question": "x" * 5000}, {"question": "a", "unknown": 1}, {"question": "a", "max_usd": -1}],
)
def test_a_question_that_makes_no_sense_is_refused(client: httpx.Client, body: dict[str, object]) -> None:
    assert client.post("/api/ask", json=body).status_code == 422


def test_search(client: httpx.Client) -> None:
    found = client.get("/api/search", params={"q": "coffee", "k": 3}).raise_for_status().json()
    assert found["hits"][0]["document"] == "receipts/cafe.jpg"
    assert client.get("/api/search", params={"q": "coffee", "kind": "nonsense"}).status_code == 400


def test_health_readiness_store_and_costs(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == client.get("/readyz").json() == {"status": "ok"}
    about = client.get("/api/store").raise_for_status().json()
    assert (about["documents"], about["quarantined"], about["pages"], about["tiers"]) == (2, 1, 2, ["reader"])
    costs = client.get("/api/costs").raise_for_status().json()
    assert {"questions", "total", "by_day", "by_tier", "by_model", "by_stage", "saved"} <= set(costs)


def test_the_description_names_every_route_and_has_examples(client: httpx.Client) -> None:
    described = client.get("/openapi.json").raise_for_status().json()
    assert {"/api/ask", "/api/ask/stream", "/api/uploads", "/v1/chat/completions", "/metrics"} <= set(described["paths"])
    assert described["components"]["schemas"]["Ask"]["examples"]
    assert "HTTPBearer" in described["components"]["securitySchemes"]


def test_nothing_holds_up_the_event_loop(loopback: Served, client: httpx.Client, loop_guard: None) -> None:
    """The guard measures every event loop of the process, the server's too."""
    place = f"/api/documents/{INVOICE_ID}/pages/1"
    client.post("/api/ask", json={"question": QUESTION}).raise_for_status()
    client.post("/api/uploads", files={"file": ("large.bin", b"x" * 5_000_000)}).raise_for_status()
    for path in (f"{place}/image.png", f"{place}/crop.png?box=0,0,1,1", "/api/search?q=coffee", "/metrics", "/api/costs"):
        client.get(path).raise_for_status()


@pytest.mark.parametrize(("asked", "allowed"), [(0.01, 0.01), (1000, 0.05), (None, None)])
def test_a_client_may_spend_less_than_the_settings_allow_and_never_more(
    loopback: Served, client: httpx.Client, monkeypatch: pytest.MonkeyPatch, asked: float | None, allowed: float | None
) -> None:
    session, given = loopback.app.state.stores.stores[0].session, []
    real = session.stream

    def stream(question: str, **options: object) -> object:
        given.append(options["max_usd"])
        return real(question, **options)

    monkeypatch.setattr(session, "stream", stream)
    client.post("/api/ask", json={"question": QUESTION, "max_usd": asked}).raise_for_status()
    assert given == [allowed]


def test_a_question_may_lean_on_those_of_its_conversation(client: httpx.Client) -> None:
    asked = {"question": QUESTION, "conversation": "c1"}
    assert client.post("/api/ask", json=asked).raise_for_status().json()["answer"] == "F-2291"
    asked = {"question": "And the invoice date?", "conversation": "c1"}
    told = events_in(client.post("/api/ask/stream", json=asked).raise_for_status().text)
    assert [name for name, _ in told].index("plan") == 0
    assert told[-1][1]["answer"] == "14 March 2024"
    assert client.post("/api/ask", json={**asked, "conversation": "a/b"}).status_code == 422


def test_tools_are_listed_and_run_as_on_the_command_line(client: httpx.Client) -> None:
    told = client.get("/api/tools").raise_for_status().json()["tools"]
    assert {"extract_fields", "compare_images", "read_again"} <= {tool["name"] for tool in told}
    assert all(tool["arguments"]["type"] == "object" for tool in told)
    fields = {"document": "invoice.jpg", "fields": [{"name": "invoice_number", "type": "identifier"}]}
    read = client.post("/api/tools/extract_fields", json=fields).raise_for_status().json()
    assert (read["tool"], read["result"]["fields"][0]["text"]) == ("extract_fields", "F-2291")
    assert read["elements"] == read["result"]["fields"][0]["elements"]
    seen = client.post("/api/tools/open_page", json={"document": "invoice.jpg", "picture": True}).raise_for_status().json()
    assert base64.b64decode(seen["pictures"][0]["data"]).startswith(b"\x89PNG")
    assert client.post("/api/tools/open_page", json={"document": "invoice.jpg", "paeg": 1}).status_code == 400
    assert client.post("/api/tools/nonsense", json={}).status_code == 404
