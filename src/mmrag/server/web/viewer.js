// The page, with boxes around cited words. Boxes are fractions of the page, so they stay over the words at any size.

import { getJson } from "./api.js";
import { showDesk } from "./desk.js";
import { byId, el, say } from "./dom.js";

let shown = null;
let wanted = 0;
let zoom = 0;
const MOST_ZOOM = 3;

/**
 * Show a page. `place`: `document_id`, `document`, `page`, and where words are cited `page_image`, `boxes` (arrays of
 * four fractions, the first is scrolled to), `quote` and `confidence`.
 */
export async function showPage(place) {
  const turn = ++wanted;
  showDesk("page");
  byId("page-empty").hidden = true;
  byId("page-shown").hidden = false;
  let about;
  try {
    about = await getJson(`/api/documents/${encodeURIComponent(place.document_id)}/pages/${place.page}`);
  } catch (problem) {
    if (turn === wanted) missing(problem.message);
    return;
  }
  if (turn !== wanted) return;
  shown = { ...place, document: about.document, pages: about.pages };
  byId("page-title").textContent = about.document;
  byId("page-number").textContent = `${about.page} / ${about.pages}`;
  byId("page-before").disabled = about.page <= 1;
  byId("page-after").disabled = about.page >= about.pages;
  quote(place);
  const image = byId("sheet-image");
  image.width = about.width;
  image.height = about.height;
  image.alt = `Page ${about.page} of ${about.document}`;
  image.onload = () => turn === wanted && drawBoxes(place);
  for (const old of byId("sheet").querySelectorAll(".sheet-box")) old.remove();
  image.src = about.page_image;
  byId("sheet-frame").setAttribute("aria-label", `Page ${about.page} of ${about.document}`);
  say(place.quote ? `Page ${about.page} of ${about.document}: ${place.quote}` : `Page ${about.page} of ${about.document}`);
}

function missing(message) {
  shown = null;
  byId("page-shown").hidden = true;
  byId("page-empty").hidden = false;
  byId("page-empty").textContent = message;
}

function quote(place) {
  const box = byId("page-quote");
  box.hidden = !place.quote;
  box.replaceChildren();
  if (!place.quote) return;
  box.append(`“${place.quote}”`);
  if (place.crop_image) box.append(el("img", { src: place.crop_image, alt: "" }));
  if (place.confidence !== undefined) box.append(el("small", {}, `read with confidence ${place.confidence.toFixed(2)}`));
}

function drawBoxes(place) {
  const sheet = byId("sheet");
  for (const [number, corners] of (place.boxes ?? []).entries()) {
    const [x0, y0, x1, y1] = corners;
    const box = el("div", { class: "sheet-box", data: number === 0 ? { first: "" } : {}, role: "img",
      "aria-label": number === 0 && place.quote ? `Box around: ${place.quote}` : "Box" });
    box.style.left = `${100 * x0}%`;
    box.style.top = `${100 * y0}%`;
    box.style.width = `${100 * (x1 - x0)}%`;
    box.style.height = `${100 * (y1 - y0)}%`;
    sheet.append(box);
  }
  sheet.querySelector("[data-first]")?.scrollIntoView({ block: "center", inline: "center" });
}

function turnTo(page) {
  if (shown) showPage({ document_id: shown.document_id, document: shown.document, page });
}

function setZoom(level) {
  zoom = Math.min(MOST_ZOOM, Math.max(0, level));
  byId("sheet").dataset.zoom = String(zoom);
  byId("zoom-out").disabled = zoom === 0;
  byId("zoom-in").disabled = zoom === MOST_ZOOM;
  byId("sheet").querySelector("[data-first]")?.scrollIntoView({ block: "center", inline: "center" });
}

export function startViewer() {
  byId("page-before").addEventListener("click", () => turnTo(shown.page - 1));
  byId("page-after").addEventListener("click", () => turnTo(shown.page + 1));
  byId("zoom-in").addEventListener("click", () => setZoom(zoom + 1));
  byId("zoom-out").addEventListener("click", () => setZoom(zoom - 1));
  setZoom(0);
}
