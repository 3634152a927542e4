// The desk beside the talk: documents and the page. In a narrow window it lies over the talk until it is closed.

import { byId } from "./dom.js";

const narrow = matchMedia("(max-width: 54rem)");
const tabs = { library: byId("tab-library"), page: byId("tab-page") };
let cameFrom = null;

function select(name) {
  for (const [key, tab] of Object.entries(tabs)) {
    tab.setAttribute("aria-selected", String(key === name));
    tab.tabIndex = key === name ? 0 : -1;
    byId(key).hidden = key !== name;
  }
}

/** Show a side of the desk, `library` or `page`. The focus moves only where the desk covers what had it. */
export function showDesk(name) {
  select(name);
  if (!narrow.matches || byId("desk").dataset.open !== undefined) return;
  cameFrom = document.activeElement;
  byId("desk").dataset.open = "";
  for (const other of covered()) other.inert = true;
  tabs[name].focus();
}

export function closeDesk() {
  if (byId("desk").dataset.open === undefined) return;
  delete byId("desk").dataset.open;
  for (const other of covered()) other.inert = false;
  cameFrom?.focus();
}

function covered() {
  return [byId("talk"), byId("composer"), document.querySelector(".bar")];
}

export function startDesk() {
  const order = Object.keys(tabs);
  for (const [name, tab] of Object.entries(tabs)) {
    tab.addEventListener("click", () => select(name));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const other = order[(order.indexOf(name) + 1) % order.length];
      select(other);
      tabs[other].focus();
    });
  }
  byId("close-desk").addEventListener("click", closeDesk);
  byId("open-documents").addEventListener("click", () => showDesk("library"));
  byId("welcome-documents").addEventListener("click", () => showDesk("library"));
  document.addEventListener("keydown", (event) => event.key === "Escape" && closeDesk());
  narrow.addEventListener("change", () => !narrow.matches && closeDesk());
}
