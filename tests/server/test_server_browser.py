"""The page in a real Chromium: what a person does, what another site or a hostile document may try, and accessibility.

Skipped where there is no Chromium (Debian's package ``chromium``, or the one that ``MMRAG_TEST_CHROMIUM`` names).
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from server_support import (
    DISAGREEING,
    INVOICE,
    QUESTION,
    TOKEN,
    WHICH_TOTAL,
    Served,
    filled_store,
    served,
    settings_for,
)

ROOT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("MMRAG_TEST_CHROMIUM") or shutil.which("chromium")
SAMPLE = "receipt-cafe-april.jpg"
EVIL = '"><img src=x onerror=window.pwned=1><script>window.pwned=1</script>'
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in which an error, a violated policy or a dialog fails the test."""
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
    context.set_default_timeout(60_000)
    opened, faults = context.new_page(), list[str]()
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("dialog", lambda dialog: (faults.append("dialog"), dialog.dismiss())[-1])
    opened.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
    yield opened
    context.close()
    assert faults == []


def ask(page: Page, question: str) -> None:
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")


def drawn_box(page: Page) -> tuple[float, float, float, float]:
    """The first box on the page that is shown, as fractions of the picture: as rendered, not as calculated."""
    page.wait_for_selector(".sheet-box[data-first]")
    sheet, first = page.locator("#sheet-image"), page.locator(".sheet-box[data-first]")
    picture, box = sheet.bounding_box(), first.bounding_box()
    for _ in range(100):  # the page moves down when the crop above it arrives: measured between two equal looks at it
        before, box, picture = picture, first.bounding_box(), sheet.bounding_box()
        if picture == before:
            break
    assert picture is not None
    assert box is not None
    left, top = (box["x"] - picture["x"]) / picture["width"], (box["y"] - picture["y"]) / picture["height"]
    return left, top, left + box["width"] / picture["width"], top + box["height"] / picture["height"]


def test_upload_ask_click_and_the_box_is_over_the_words(page: Page, tmp_path: Path) -> None:
    rows = map(json.loads, (ROOT / "examples" / "samples" / "questions.jsonl").read_text(encoding="utf-8").splitlines())
    asked = next(row for row in rows if row["file"] == SAMPLE and "auth" in row["question"])
    with served(settings_for(tmp_path / "store")) as running:
        page.goto(running.url)
        expect(page.get_by_text("Nothing yet. Drop a file above.")).to_be_visible()
        page.set_input_files("#files", ROOT / "examples" / "samples" / SAMPLE)
        expect(page.locator(".upload", has_text=SAMPLE)).to_contain_text("being read")
        expect(page.locator("#documents")).to_contain_text(SAMPLE, timeout=120_000)
        expect(page.locator(".upload", has_text=SAMPLE)).to_have_attribute("data-state", "ingested")
        ask(page, asked["corpus_question"])
        chip = page.get_by_role("button", name=f"{asked['answers'][0]}: supported. {SAMPLE}, page 1")
        chip.click()
        expect(page.get_by_role("img", name=f"Page 1 of {SAMPLE}")).to_be_visible()
        x0, y0, x1, y1 = drawn_box(page)
        (tx0, ty0, tx1, ty1), (width, height) = asked["bbox"], asked["page_size"]
        true = (tx0 / width, ty0 / height, tx1 / width, ty1 / height)
        shared = max(0, min(x1, true[2]) - max(x0, true[0])) * max(0, min(y1, true[3]) - max(y0, true[1]))
        union = (x1 - x0) * (y1 - y0) + (true[2] - true[0]) * (true[3] - true[1]) - shared
        assert shared / union > 0.5, f"the box {x0, y0, x1, y1} is not over the words at {true}"
        page.set_viewport_size({"width": 960, "height": 1000})
        after = drawn_box(page)
        assert after == pytest.approx((x0, y0, x1, y1), abs=0.01), "the box leaves the words when the window changes"


def test_what_happens_is_shown_and_the_answer_says_what_it_cost(page: Page, loopback: Served) -> None:
    page.goto(loopback.url)
    ask(page, QUESTION)
    expect(page.locator(".answer")).to_have_text("F-2291")
    page.get_by_text("How it was answered").click()
    steps = page.locator(".step")
    expect(steps.nth(0)).to_contain_text("Looking for")
    expect(steps.nth(1)).to_contain_text("Found evidence on")
    expect(page.locator(".steps")).to_contain_text("Checked against the page: F-2291 is supported")
    expect(page.locator(".facts")).to_contain_text("% confident")
    expect(page.locator(".facts")).to_contain_text("$0.00 (would have cost about $")
    expect(page.locator("#status")).to_have_text("Answer: F-2291")


def test_a_refusal_shows_the_nearest_evidence_on_its_page(page: Page, loopback: Served) -> None:
    page.goto(loopback.url)
    ask(page, "What is the fax number of Fernhill Garden Supplies?")
    expect(page.locator(".refusal")).to_contain_text("Nearest evidence")
    expect(page.locator(".refusal .help")).not_to_be_empty()
    page.locator(".nearest button").first.click()
    expect(page.locator("#page-title")).to_have_text("invoice.jpg")
    drawn_box(page)


def test_documents_that_say_otherwise_are_shown_with_their_places(page: Page, tmp_path: Path) -> None:
    with served(settings_for(filled_store(tmp_path / "store", DISAGREEING))) as running:
        page.goto(running.url)
        ask(page, WHICH_TOTAL)
        page.locator(".answer").wait_for()
        given = page.locator(".answer").inner_text()
        other, name = ("64.65", "copy-2.pdf") if given == "46.65" else ("46.65", "copy-1.pdf")
        chip = page.get_by_role("button", name=f"{other}: says otherwise. {name}, page 1")
        expect(page.get_by_role("heading", name="A document says otherwise")).to_be_visible()
        expect(page.locator(".notes", has_text=other)).to_have_count(0)
        chip.click()
        expect(page.locator("#page-title")).to_have_text(name)
        expect(page.get_by_role("img", name=f"Box around: {other}")).to_be_visible()


@pytest.mark.parametrize("width", [320, 390, 860, 1280])
def test_nothing_runs_out_of_the_window(page: Page, loopback: Served, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(loopback.url)
    ask(page, QUESTION)
    page.locator(".chip").wait_for()
    expect(page.get_by_role("button", name="New chat")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_can_be_used_by_keyboard_alone(page: Page, loopback: Served) -> None:
    page.set_viewport_size(NARROW)
    page.goto(loopback.url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the question"
    page.keyboard.press("Enter")
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    chip = page.get_by_role("button", name="F-2291: supported")
    chip.focus()
    page.keyboard.press("Enter")
    drawn_box(page)
    assert page.evaluate("document.activeElement.id") == "tab-page", "the focus goes to what covers the window"
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="Documents")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#desk")).to_be_hidden()
    expect(chip).to_be_focused()


def test_a_token_is_asked_for_and_taken_from_the_address(page: Page, guarded: Served) -> None:
    page.goto(guarded.url)
    page.locator("#token").fill("not-the-right-token-at-all")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The server does not know this token.")).to_be_visible()
    page.locator("#token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.locator("#documents")).to_contain_text("invoice.jpg")
    other = page.context.browser.new_page()  # type: ignore[union-attr]
    other.goto(f"{guarded.url}/#token={TOKEN}")
    expect(other.locator("#documents")).to_contain_text("invoice.jpg")
    assert TOKEN not in other.url
    other.close()


def test_dark_and_light(page: Page, loopback: Served) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(loopback.url)
    colour = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(colour)
    page.get_by_role("button", name="Use the light theme").click()
    light = page.evaluate(colour)
    assert (dark, light) == ("rgb(23, 22, 20)", "rgb(251, 250, 247)")
    page.reload()
    assert page.evaluate(colour) == light, "the choice is kept"


def test_scripts_in_names_and_texts_are_words(page: Page, tmp_path: Path) -> None:
    name = f"{EVIL}.jpg"
    lines = [f"Fernhill {EVIL}", *INVOICE[1:], f"Account holder: {EVIL}", f"Reference: javascript:window.pwned=1 {EVIL}"]
    store = filled_store(tmp_path / "store", {name: lines, "other.jpg": ["Fernhill"]})
    with served(settings_for(store)) as running:
        page.goto(running.url)
        expect(page.locator("#documents")).to_contain_text(name)
        ask(page, "What is the invoice number of the invoice from Fernhill?")
        page.locator(".chip").first.click()
        expect(page.locator("#page-title")).to_have_text(name)
        drawn_box(page)
        ask(page, f"Who is the account holder {EVIL}?")
        page.locator(".turn").nth(1).locator(".answer, .refusal").wait_for()
        page.set_input_files("#files", {"name": f"{EVIL}.pdf", "mimeType": "text/html", "buffer": b"<script>window.pwned=1"})
        expect(page.locator(".upload").first).to_have_attribute("data-state", "quarantined")
        assert page.evaluate("window.pwned") is None
        assert page.locator("img[src=x], main script, aside script").count() == 0
        hosts = page.evaluate("performance.getEntriesByType('resource').map((entry) => new URL(entry.name).host)")
        assert set(hosts) == {running.url.removeprefix("http://")}, "something was fetched from elsewhere"


ELSEWHERE = """<!doctype html><script>
window.told = [];
const base = "%s";
async function attempt(what, options) {
  try {
    const answer = await fetch(base + what, options);
    window.told.push([what, answer.type, answer.type === "opaque" ? "" : await answer.text()]);
  }
  catch (error) { window.told.push([what, "error", ""]); }
}
async function all() {
  await attempt("/api/documents");
  await attempt("/api/documents", { mode: "no-cors", credentials: "include" });
  const question = { method: "POST", mode: "no-cors", headers: { "Content-Type": "text/plain" }, body: '{"question":"x"}' };
  await attempt("/api/ask", question);
  const form = new FormData();
  form.append("file", new Blob(["from elsewhere"]), "elsewhere.pdf");
  await attempt("/api/uploads", { method: "POST", mode: "no-cors", body: form });
  window.picture = await new Promise((done) => {
    const image = new Image(); image.onload = () => done("shown"); image.onerror = () => done("refused");
    image.src = base + "%s";
  });
  window.finished = true;
}
all();
</script><iframe src="%s/"></iframe>"""


@pytest.fixture
def elsewhere(loopback: Served) -> Iterator[str]:
    """A page of another origin that tries what it can."""
    from mmrag.domain.documents import document_id

    image = f"/api/documents/{document_id('invoice.jpg', f'{0:064x}')}/pages/1/image"
    html = (ELSEWHERE % (loopback.url, image, loopback.url)).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_address[1]}/"
    server.shutdown()


def test_another_site_gets_nothing_and_changes_nothing(browser: Browser, loopback: Served, elsewhere: str) -> None:
    asked: list[int] = []
    page = browser.new_page()
    page.on("response", lambda response: asked.append(response.status) if response.url.startswith(loopback.url) else None)
    page.goto(elsewhere)
    page.wait_for_function("window.finished")
    told = page.evaluate("window.told")
    assert [kind for _, kind, _ in told] == ["error", "error", "error", "error"] or all(text == "" for _, _, text in told)
    assert page.evaluate("window.picture") == "refused"
    assert set(asked) == {403}
    frame = page.frames[1]
    assert "Ask your documents" not in frame.content(), "the page can be put into a frame"
    page.close()
    with loopback.client() as client:
        assert "elsewhere.pdf" not in client.get("/api/uploads").text


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_nothing_serious_is_found_by_axe(page: Page, loopback: Served, scheme: str, size: dict[str, int]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    def findings(where: str) -> list[str]:
        found = Axe().run(page).response["violations"]
        return [f"{where}: {v['id']} ({v['impact']}) {[n['target'] for n in v['nodes']]}" for v in found]

    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(loopback.url)
    page.wait_for_selector("#documents li", state="attached")
    found = findings("welcome")
    ask(page, QUESTION)
    page.locator(".chip").wait_for()
    page.get_by_text("How it was answered").click()
    ask(page, "What is the fax number of Fernhill Garden Supplies?")
    page.locator(".refusal").wait_for()
    found += findings("answer and refusal")
    page.locator(".chip").click()
    drawn_box(page)
    found += findings("page")
    page.get_by_role("tab", name="Documents").click()
    found += findings("documents")
    assert found == []
