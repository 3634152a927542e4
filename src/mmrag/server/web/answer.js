// An answer or a refusal, with everything that a person should know of it.

import { el, plural } from "./dom.js";
import { showPage } from "./viewer.js";

/** Each verdict has a sign and a word: colour alone would not tell them apart. */
const VERDICTS = {
  supported: ["✓", "supported"],
  partly: ["◐", "partly supported"],
  unsupported: ["?", "not supported"],
  contradicted: ["✕", "contradicted"],
  unreadable: ["▒", "unreadable"],
};
const REASONS = {
  no_evidence: "Not in the documents",
  unsupported: "The documents do not support an answer",
  low_confidence: "Not sure enough to answer",
  over_budget: "It would cost more than is allowed",
  unsafe: "Not something to answer",
  model_unavailable: "A model is not available",
};
const LONG = 120;

export const verdictWord = (verdict) => VERDICTS[verdict]?.[1] ?? verdict;

export function answerParts(answer) {
  return [
    answer.status === "answered" ? answered(answer) : refused(answer),
    otherwise(answer.contradictions ?? []),
    facts(answer),
    notes(answer),
  ].filter(Boolean);
}

function answered(answer) {
  return el("div", {},
    el("p", { class: answer.answer.length > LONG ? "answer long" : "answer" }, answer.answer),
    el("ul", { class: "claims", "aria-label": "Claims, and where they stand" }, ...answer.claims.map(claimItem)));
}

function claimItem(claim) {
  const [sign, word] = VERDICTS[claim.verdict] ?? ["·", claim.verdict];
  const [first, ...rest] = claim.citations;
  const where = first ? `${first.document}, page ${first.page}` : "no place found";
  const data = { verdict: claim.verdict };
  const main = el("button", { type: "button", class: "chip", data, disabled: !first, "aria-pressed": "false",
    "aria-label": `${claim.text}: ${word}. ${where}` },
  el("span", { class: "sign", "aria-hidden": "true" }, sign),
  el("span", { class: "what" }, claim.text),
  el("span", { class: "where" }, `${word} · ${where}`));
  if (first) main.addEventListener("click", () => open(main, first, claim));
  const more = rest.map((citation, number) => {
    const chip = el("button", { type: "button", class: "chip more", data, "aria-pressed": "false",
      "aria-label": `Place ${number + 2}: ${citation.document}, page ${citation.page}` }, `${number + 2}`);
    chip.addEventListener("click", () => open(chip, citation, claim));
    return chip;
  });
  return el("li", { class: "claim" }, main, ...more);
}

/** Documents that say something else by the same label: a person decides which is right, with both places at hand. */
function otherwise(contradictions) {
  if (!contradictions.length) return null;
  const items = contradictions.map(({ value, other }) => {
    const [sign] = VERDICTS.contradicted;
    const where = `${other.document}, page ${other.page}`;
    const chip = el("button", { type: "button", class: "chip", data: { verdict: "contradicted" }, "aria-pressed": "false",
      "aria-label": `${value}: says otherwise. ${where}` },
    el("span", { class: "sign", "aria-hidden": "true" }, sign),
    el("span", { class: "what" }, value),
    el("span", { class: "where" }, where));
    chip.addEventListener("click", () => open(chip, other, { citations: [] }));
    return el("li", { class: "claim" }, chip);
  });
  return el("div", { class: "otherwise" },
    el("h3", { class: "small-head" }, contradictions.length === 1 ? "A document says otherwise" : "Documents say otherwise"),
    el("ul", { class: "claims", "aria-label": "Where documents say otherwise" }, ...items));
}

/** Notes; those that only put a contradiction in words are left out where it is shown with its place. */
function notes(answer) {
  const shown = (answer.contradictions ?? []).map(({ value, other }) => [value, `${other.document}, page ${other.page}`]);
  const rest = (answer.notes ?? []).filter((note) => !shown.some((parts) => parts.every((part) => note.includes(part))));
  return rest.length ? el("ul", { class: "notes" }, ...rest.map((note) => el("li", {}, note))) : null;
}

function open(button, citation, claim) {
  press(button);
  const here = claim.citations.filter((c) => c.document_id === citation.document_id && c.page === citation.page && c !== citation);
  showPage({ ...citation, boxes: [citation.bbox, ...here.map((c) => c.bbox)], confidence: citation.ocr_confidence });
}

function press(button) {
  for (const other of document.querySelectorAll("[aria-pressed=true]")) other.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-pressed", "true");
}

function refused(answer) {
  const nearest = answer.evidence.slice(0, 3).map((hit) => {
    const button = el("button", { type: "button", "aria-pressed": "false" },
      el("span", { class: "where" }, `${hit.document}, page ${hit.page}`),
      el("span", { class: "words" }, hit.text || "a picture"));
    button.addEventListener("click", () => {
      press(button);
      showPage({ ...hit, boxes: [hit.bbox], quote: hit.text.slice(0, 200) });
    });
    return el("li", {}, button);
  });
  return el("div", { class: "refusal" },
    el("h3", {}, REASONS[answer.abstention.reason] ?? "No answer"),
    el("p", {}, answer.abstention.detail),
    answer.abstention.help ? el("p", { class: "help" }, answer.abstention.help) : null,
    nearest.length ? el("h4", { class: "small-head" }, "Nearest evidence") : null,
    nearest.length ? el("ul", { class: "nearest" }, ...nearest) : null);
}

function facts(answer) {
  const items = [];
  if (answer.status === "answered") items.push(confidence(answer.confidence));
  const tried = answer.tiers_tried.filter((tier) => tier !== answer.tier);
  items.push(el("span", {}, el("span", { class: "tier" }, answer.tier), tried.length ? `after ${tried.join(", ")}` : null));
  if (answer.timings_ms.total !== undefined) items.push(el("span", {}, time(answer.timings_ms.total)));
  items.push(el("span", {}, costs(answer.cost)));
  if (answer.flipped) items.push(el("span", {}, "the verifier stopped a draft"));
  return el("div", { class: "facts" }, ...items);
}

function confidence(value) {
  const filled = el("span");
  filled.style.width = `${100 * value}%`;
  return el("span", {}, el("span", { class: "meter", "aria-hidden": "true" }, filled), `${Math.round(100 * value)} % confident`);
}

export function costs(cost) {
  const usd = Number(cost.usd);
  const parts = [usd === 0 ? "$0.00" : `$${usd.toFixed(usd < 0.01 ? 6 : 4)}`];
  if (cost.unpriced_calls) parts.push(`and ${plural(cost.unpriced_calls, "call")} of unknown price`);
  const instead = [];
  if (cost.if_all_flagship_usd) instead.push(`$${cost.if_all_flagship_usd} with a flagship`);
  if (cost.if_all_cheap_usd) instead.push(`$${cost.if_all_cheap_usd} with a cheap model`);
  return instead.length ? `${parts.join(" ")} (would have cost about ${instead.join(", ")})` : parts.join(" ");
}

function time(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
