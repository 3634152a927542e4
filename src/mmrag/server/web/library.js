// Documents: files go in, are read page by page before one's eyes, and are listed.

import { call, eventsOf, getJson, sendFile } from "./api.js";
import { byId, el, plural, say } from "./dom.js";
import { showPage } from "./viewer.js";

const STATES = {
  waiting: "waiting",
  reading: "being read",
  ingested: "read",
  unchanged: "already here",
  replaced: "read anew",
  quarantined: "cannot be read",
  failed: "not read",
};
const OVER = new Set(["ingested", "unchanged", "replaced", "quarantined", "failed"]);
const MOST_TILES = 80;
const AT_ONCE = 100;
const rows = new Map();
/** Files heard of while one is being sent: it may be this one, which has a row but gets its id with the reply. */
const early = new Map();
let sending = 0;
let listed = 0;

export async function sendAll(files) {
  byId("uploads-part").hidden = false;
  for (const file of files) {
    const row = el("li", { class: "upload", data: { state: "sending" } });
    byId("uploads").prepend(row);
    fill(row, { name: file.name, state: "sending", share: 0 });
    sending += 1;
    try {
      const [received] = await sendFile(file, (share) => fill(row, { name: file.name, state: "sending", share }));
      const known = rows.get(received.id);
      if (known) known.remove();
      rows.set(received.id, row);
      fill(row, received);
      if (OVER.has(received.state)) refresh();
    } catch (problem) {
      fill(row, { name: file.name, state: "failed", reason: problem.message });
      say(`${file.name}: ${problem.message}`);
    } finally {
      sending -= 1;
      const heard = [...early.values()];
      early.clear();
      hear(heard);
    }
  }
}

function fill(row, file) {
  row.dataset.state = file.state;
  const state = file.state === "sending" ? `sending ${Math.round(100 * file.share)} %` : STATES[file.state];
  const pages = file.pages && !OVER.has(file.state) ? `, page ${Math.min(file.pages_done + 1, file.pages)} of ${file.pages}` : "";
  row.replaceChildren(el("div", { class: "upload-head" },
    el("span", { class: "upload-name" }, file.name),
    el("span", { class: "upload-state" }, state + pages)));
  if (file.state === "reading" && file.pages) row.append(progress(file));
  if (file.reason) row.append(el("p", { class: "upload-reason" }, file.reason));
}

/** A small sheet for each page that fills when the page is read; a bar when they are many. */
function progress(file) {
  const label = `${file.pages_done} of ${file.pages} pages read`;
  if (file.pages > MOST_TILES) return el("progress", { max: file.pages, value: file.pages_done, "aria-label": label });
  const tiles = Array.from({ length: file.pages }, (_, page) =>
    el("span", { class: "tile", data: page < file.pages_done ? { read: "" } : page === file.pages_done ? { now: "" } : {} }));
  return el("div", { class: "tiles", role: "img", "aria-label": label }, ...tiles);
}

function hear(files) {
  let changed = false;
  for (const file of files) {
    let row = rows.get(file.id);
    if (!row) {
      if (sending) early.set(file.id, file);
      if (sending || OVER.has(file.state)) continue;
      row = el("li", { class: "upload" });
      rows.set(file.id, row);
      byId("uploads").prepend(row);
      byId("uploads-part").hidden = false;
    }
    const before = row.dataset.state;
    fill(row, file);
    if (OVER.has(file.state) && before !== file.state) {
      changed = true;
      say(`${file.name}: ${STATES[file.state]}`);
    }
  }
  if (changed) refresh();
}

/** Follow what is being read for as long as the page is open; when the server was away, come back. */
async function follow() {
  for (let pause = 1; ; pause = Math.min(30, 2 * pause)) {
    try {
      for await (const { data } of eventsOf(await call("/api/uploads/events"))) {
        pause = 1;
        hear(data.files);
      }
    } catch { /* away: try again */ }
    await new Promise((resolve) => setTimeout(resolve, 1000 * pause));
  }
}

async function refresh() {
  await list(Math.max(AT_ONCE, listed), 0);
}

async function list(limit, offset) {
  let found = { documents: [], total: 0 };
  try {
    found = await getJson(`/api/documents?limit=${Math.min(1000, limit)}&offset=${offset}`);
  } catch (problem) {
    if (problem.code !== "empty_store") say(problem.message);
  }
  const items = found.documents.map(documentItem);
  if (offset === 0) byId("documents").replaceChildren(...items);
  else byId("documents").append(...items);
  listed = offset + found.documents.length;
  byId("documents-count").textContent = found.total ? `· ${found.total}` : "";
  byId("documents-empty").hidden = found.total > 0;
  byId("more-documents").hidden = listed >= found.total;
  const ready = found.documents.filter((one) => one.status === "ready");
  const pages = ready.reduce((sum, one) => sum + one.pages, 0);
  byId("holding").textContent = listed === found.total && found.total ? `${plural(ready.length, "document")}, ${plural(pages, "page")}` : "";
}

function documentItem(one) {
  if (one.status !== "ready") {
    return el("li", { class: "bad" }, one.name, el("p", { class: "why" }, `Cannot be read: ${one.reason}`));
  }
  const about = [plural(one.pages, "page")];
  if (one.unreadable_pages.length) about.push(`${one.unreadable_pages.length} unreadable`);
  return el("li", {}, el("button", { type: "button", on: { click: () =>
    showPage({ document_id: one.id, document: one.name, page: 1 }) } },
  el("span", {}, one.name), el("span", { class: "about" }, about.join(", "))));
}

export function startLibrary() {
  const drop = byId("drop");
  byId("files").addEventListener("change", (event) => {
    sendAll([...event.target.files]);
    event.target.value = "";
  });
  for (const type of ["dragenter", "dragover"]) {
    drop.addEventListener(type, () => { drop.dataset.over = ""; });
  }
  for (const type of ["dragleave", "drop"]) drop.addEventListener(type, () => { delete drop.dataset.over; });
  // Dropped beside the field, a file would be opened by the browser in place of the page.
  for (const type of ["dragover", "drop"]) {
    document.addEventListener(type, (event) => {
      if (event.target === byId("files")) return;
      event.preventDefault();
      if (type === "drop" && event.dataTransfer?.files.length) sendAll([...event.dataTransfer.files]);
    });
  }
  byId("more-documents").addEventListener("click", () => list(AT_ONCE, listed));
  refresh();
  follow();
}
