"""Who is let in: without a token, from another origin, under a name that is not the server's, with a bent link: nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute
from server_support import QUESTION, RECEIPT, TOKEN, Served, filled_store, served, settings_for

from mmrag.domain.documents import document_id
from mmrag.server.access import OPEN_PATHS, Policy, is_loopback
from mmrag.server.app import create_app
from mmrag.server.links import Signer
from mmrag.server.secrets_kept import KEY_FILE, TOKEN_FILE, kept_token, same
from mmrag.server.store import needs_token, tokens_of
from mmrag.settings import ServeSettings, Settings

IMAGE = f"/api/documents/{document_id('invoice.jpg', f'{0:064x}')}/pages/1/image"
SECRETS = ("Fernhill", "F-2291", "46.65", "invoice.jpg", "Golden Key", "cafe.jpg")
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def routes(app: Served) -> list[tuple[str, str]]:
    """Every route with a method, its parameters filled with what is there."""
    found = []
    for path, methods in app.app.openapi()["paths"].items():
        filled = path.replace("{document_id}", IMAGE.split("/")[3]).replace("{page}", "1")
        filled = re.sub(r"\{\w+\}", "x", filled)
        found += [(method.upper(), filled) for method in methods]
    return found


def gives_nothing(response: httpx.Response, *statuses: int) -> None:
    assert response.status_code in statuses, response.text
    assert not [word for word in SECRETS if word in response.text]
    assert "image" not in response.headers["content-type"]


def test_without_a_token_nothing_is_given_out(guarded: Served) -> None:
    closed = [(method, path) for method, path in routes(guarded) if path not in OPEN_PATHS]
    assert len(closed) > 14
    with guarded.client() as client:
        for method, path in closed:
            response = client.request(method, path)
            gives_nothing(response, 401)
            assert response.headers["www-authenticate"].startswith("Bearer")


def test_every_route_of_the_application_is_in_its_description_or_part_of_the_page(guarded: Served) -> None:
    """So that the test above knows all of them."""
    described = set(guarded.app.openapi()["paths"])
    others = {route.path for route in guarded.app.routes if isinstance(route, APIRoute)} - described
    assert others <= {"/", "/favicon.ico", "/static/{name}"}


@pytest.mark.parametrize("token", ["wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "a b", "ü"])
def test_a_wrong_token_opens_nothing(guarded: Served, token: str) -> None:
    with guarded.client() as client:
        gives_nothing(client.get("/api/documents", headers=[(b"authorization", f"Bearer {token}".encode())]), 401)


def test_the_token_opens_and_goes_only_into_the_header(guarded: Served) -> None:
    with guarded.client() as client:
        assert client.get("/api/documents", headers=BEARER).status_code == 200
        gives_nothing(client.get("/api/documents", headers={"Authorization": "Bearer"}), 401)
        gives_nothing(client.get("/api/documents", headers={"Authorization": f"Basic {TOKEN}"}), 401)
        gives_nothing(client.get(f"/api/documents?token={TOKEN}&access_token={TOKEN}"), 401)
        client.cookies.set("token", TOKEN)
        gives_nothing(client.get("/api/documents"), 401)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost@evil.example"},
        {"Host": ""},
    ],
)
def test_another_origin_or_name_gets_nothing(loopback: Served, headers: dict[str, str]) -> None:
    with loopback.client(**headers) as client:
        for method, path in routes(loopback):
            gives_nothing(client.request(method, path), 400, 403, 421)


def test_a_cross_site_form_cannot_ask_or_upload(loopback: Served) -> None:
    """What a form of another page can send without a preflight."""
    with loopback.client(Origin="https://evil.example") as client:
        gives_nothing(
            client.post("/api/ask", content=f'{{"question": "{QUESTION}"}}', headers={"Content-Type": "text/plain"}), 403
        )
        gives_nothing(client.post("/api/uploads", files={"file": ("a.txt", b"x")}), 403)


def test_no_answer_allows_other_origins(loopback: Served) -> None:
    with loopback.client() as client:
        for path in ("/", "/api/documents", IMAGE, "/healthz"):
            response = client.get(path)
            assert "access-control-allow-origin" not in response.headers
            assert response.headers["cross-origin-resource-policy"] == "same-origin"


def test_a_page_that_the_settings_name_may_call(filled: Path) -> None:
    friend = "https://chat.example"
    with served(settings_for(filled, token=TOKEN, origins=[friend])) as running, running.client(Origin=friend) as client:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        assert client.options("/v1/chat/completions", headers=asked).headers["access-control-allow-origin"] == friend
        gives_nothing(client.get("/api/documents"), 401)
        allowed = client.get("/api/documents", headers=BEARER)
        assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, friend)
        gives_nothing(client.get("/api/documents", headers={**BEARER, "Origin": "https://evil.example"}), 403)


def test_the_policy_of_the_page_is_strict(loopback: Served) -> None:
    with loopback.client() as client:
        for path in ("/", "/static/app.js", "/api/documents", "/nothing"):
            headers = client.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert not [word for word in ("unsafe", "http:", "https:", "*", "data:") if word in policy]
            assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")


def test_the_page_has_no_script_in_line_and_names_no_other_host() -> None:
    web = Path(__file__).parents[2] / "src" / "mmrag" / "server" / "web"
    files = [file for file in web.iterdir() if file.suffix in {".html", ".js", ".css", ".svg"}]
    assert len(files) > 8
    for file in files:
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|//[a-z]+\.[a-z]", text), f"{file.name} names another host"
        markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|createContextualFragment"
        assert not re.search(markup, text), f"{file.name} could run what a document says"
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son[a-z]+=|\sstyle=|javascript:", text), file.name


def test_links_open_what_they_name_and_nothing_else(guarded: Served) -> None:
    with guarded.client() as client:
        answer = client.post("/api/ask", json={"question": QUESTION}, headers=BEARER).json()
        link = answer["claims"][0]["citations"][0]["page_image"]
        opened = client.get(link)
        assert (opened.status_code, opened.headers["content-type"]) == (200, "image/jpeg")
        assert opened.headers["cross-origin-resource-policy"] == "cross-origin"
        gives_nothing(client.get(link.replace("/image?", "/image.png?")), 403)
        gives_nothing(client.get(link.replace("/image?", "?")), 403)
        gives_nothing(client.get(re.sub(r"expires=\d+", "expires=9999999999", link)), 403)
        gives_nothing(client.get(re.sub("signature=.", "signature=!", link)), 403)
        gives_nothing(client.get(re.sub("store=default", "store=other", link)), 403)
        gives_nothing(client.get(link.split("?")[0]), 401)
        gives_nothing(client.post(f"/api/ask?{link.split('?')[1]}", json={"question": QUESTION}), 401)


def test_a_link_ends() -> None:
    now = [1000.0]
    signer = Signer(store="s", key=b"k", now=lambda: now[0], lifetime_s=60)
    query = dict(part.split("=") for part in signer.sign("/p", {"box": "1"}).split("?")[1].split("&"))
    assert signer.opens("/p", query)
    assert not Signer(store="s", key=b"other", now=lambda: now[0], lifetime_s=60).opens("/p", query)
    now[0] += 3600 + 60
    assert not signer.opens("/p", query)


@pytest.fixture(scope="module")
def two(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    other = filled_store(tmp_path_factory.mktemp("other") / "store", {"private.jpg": RECEIPT})
    stores = [{"name": "one", "path": filled, "token": TOKEN}, {"name": "two", "path": other, "token": TOKEN[::-1]}]
    with served(settings_for(filled, stores=stores)) as running:
        yield running


def test_each_token_opens_its_own_store(two: Served) -> None:
    with two.client() as client:
        names = []
        for token in (TOKEN, TOKEN[::-1]):
            listed = client.get("/api/documents", headers={"Authorization": f"Bearer {token}"}).json()
            names.append({one["name"] for one in listed["documents"]})
        # The first store is shared with tests that upload to it, so it may hold more: never what is private.
        assert names[0] >= {"invoice.jpg", "receipts/cafe.jpg", "broken.pdf"}
        assert "private.jpg" not in names[0]
        assert names[1] == {"private.jpg", "broken.pdf"}
        private = document_id("private.jpg", f"{0:064x}")
        assert client.get(f"/api/documents/{private}", headers=BEARER).status_code == 404
        gives_nothing(client.get("/api/documents"), 401)
        link = client.post("/api/ask", json={"question": QUESTION}, headers=BEARER).json()["evidence"][0]["page_image"]
        gives_nothing(client.get(link.replace("store=one", "store=two")), 403)


def test_beyond_loopback_a_token_is_made_and_kept(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "store", host="0.0.0.0")  # noqa: S104
    assert needs_token(settings)
    ((name, token),) = tokens_of(settings)
    assert (name, len(token) >= 40) == ("default", True)
    assert tokens_of(settings) == ((name, token),), "it is another one at the next start"
    file = tmp_path / "store" / TOKEN_FILE
    assert (file.stat().st_mode & 0o777, file.read_text().strip()) == (0o600, token)
    assert not needs_token(settings_for(tmp_path))
    assert needs_token(settings_for(tmp_path, token=TOKEN))


def test_what_is_kept_is_made_once(tmp_path: Path) -> None:
    assert kept_token(tmp_path) == kept_token(tmp_path) != kept_token(tmp_path / "other")
    (tmp_path / TOKEN_FILE).write_text("")
    assert len(kept_token(tmp_path)) >= 40, "an empty file is no token"
    assert same("a", "a")
    assert not same("a", "b")
    assert KEY_FILE != TOKEN_FILE


def test_which_names_are_this_machine() -> None:
    assert [is_loopback(name) for name in ("localhost", "127.0.0.1", "127.9.9.9", "::1")] == [True] * 4
    assert [is_loopback(name) for name in ("", "localhost.evil.example", "10.0.0.1", "0.0.0.0", "evil")] == [False] * 5  # noqa: S104
    assert Policy(with_tokens=True).knows_host("docs.example:8765")
    assert not Policy(with_tokens=True, hosts=frozenset({"docs.example"})).knows_host("evil.example")
    assert Policy(with_tokens=True).knows_origin("https://docs.example", "docs.example")
    assert not Policy(with_tokens=True).knows_origin("https://docs.example", "other.example")


def test_too_many_requests_are_told_when_to_come_back(filled: Path) -> None:
    limits = {"questions_per_minute": 2, "uploads_per_minute": 1, "requests_per_minute": 20}
    with served(settings_for(filled, **limits)) as running, running.client() as client:
        asked = [client.post("/api/ask", json={"question": QUESTION}) for _ in range(3)]
        assert [one.status_code for one in asked] == [200, 200, 429]
        assert 1 <= int(asked[2].headers["retry-after"]) <= 60
        assert asked[2].json()["error"]["code"] == "rate_limited"
        assert client.get("/api/documents").status_code == 200, "other requests have a limit of their own"
        sent = [client.post("/api/uploads").status_code for _ in range(2)]
        assert sent == [415, 429]
        assert 429 in [client.get("/healthz").status_code for _ in range(20)]


def test_a_body_that_is_too_large_is_not_read(loopback: Served) -> None:
    with loopback.client() as client:
        response = client.post("/api/ask", content=b'{"question": "' + b"x" * 1_100_000 + b'"}')
        assert (response.status_code, response.json()["error"]["code"]) == (413, "body_too_large")


def test_an_application_without_settings_of_its_own_is_for_loopback() -> None:
    assert Settings().serve == ServeSettings()
    assert Settings().serve.host == "127.0.0.1"
    assert create_app(Settings()).docs_url is None
