// Questions and what becomes of them, as it happens.

import { answerParts, costs, verdictWord } from "./answer.js";
import { call, eventsOf } from "./api.js";
import { byId, el, plural, say } from "./dom.js";

let conversation = newId();
let running = null;

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The part of the page that one question fills: what was asked, the steps, the result. */
class Turn {
  constructor(question) {
    this.list = el("ol");
    this.question = question;
    this.summary = el("summary", {}, "Looking");
    this.steps = el("details", { class: "steps", open: true }, this.summary, this.list);
    this.result = el("div", { class: "result" });
    this.node = el("li", { class: "turn" }, el("h2", { class: "asked" }, question), this.steps, this.result);
    this.drafts = new Map();
    this.tools = new Map();
  }

  step(...parts) {
    for (const old of this.list.querySelectorAll("[data-now]")) delete old.dataset.now;
    const item = el("li", { class: "step", data: { now: "" } }, ...parts);
    this.list.append(item);
    follow();
    return item;
  }

  hear(event, data) {
    (this[`on_${event}`] ?? (() => {})).call(this, data);
  }

  on_plan(plan) {
    const what = plan.operation ? `${plan.operation} over several documents` : plan.answer_type.replaceAll("_", " ");
    this.summary.textContent = "Working";
    if (plan.question !== this.question) this.step("Understood as: ", el("b", {}, plan.question));
    this.step("Looking for: ", el("b", {}, what), plan.names.length ? ` in what is about ${plan.names.join(", ")}` : null);
  }

  on_evidence({ evidence }) {
    const pages = new Set(evidence.map((hit) => `${hit.document_id} ${hit.page}`));
    const names = [...new Set(evidence.map((hit) => hit.document))].slice(0, 3).join(", ");
    this.step(evidence.length ? `Found evidence on ${plural(pages.size, "page")}: ${names}` : "Found no evidence");
  }

  on_tool_started(tool) {
    this.tools.set(tool.call_id, this.step("Using ", el("b", {}, tool.name.replaceAll("_", " "))));
  }

  on_tool_finished(tool) {
    this.tools.get(tool.call_id)?.append(tool.failed ? ": it did not work" : ": done");
  }

  on_draft({ tier, attempt, text }) {
    let draft = this.drafts.get(attempt);
    if (!draft) {
      draft = el("span", { class: "draft" });
      this.drafts.set(attempt, draft);
      this.step(el("span", { class: "tier" }, tier), " drafts: ", draft);
    }
    draft.append(text);
  }

  on_verdict(claim) {
    this.step("Checked against the page: ", el("b", {}, claim.text), ` is ${verdictWord(claim.verdict)}`);
  }

  on_cost(cost) {
    if (cost.calls) this.step(`${plural(cost.calls, "call")} to models so far, ${costs(cost)}`);
  }

  on_answer(answer) {
    this.done(`How it was answered, in ${plural(this.list.children.length, "step")}`);
    this.result.replaceChildren(...answerParts(answer));
    say(answer.status === "answered" ? `Answer: ${answer.answer}` : `No answer. ${answer.abstention.detail}`);
    follow();
  }

  on_error(problem) {
    this.fail(problem.message);
  }

  fail(message) {
    this.done("What was done");
    this.result.replaceChildren(el("p", { class: "problem", role: "alert" }, message));
    follow();
  }

  done(summary) {
    for (const old of this.list.querySelectorAll("[data-now]")) delete old.dataset.now;
    this.summary.textContent = summary;
    this.steps.open = false;
    this.steps.hidden = this.list.children.length === 0;
    this.over = true;
  }
}

function follow() {
  const talk = byId("talk");
  talk.scrollTop = talk.scrollHeight;
}

async function ask(question) {
  const turn = new Turn(question);
  byId("welcome").hidden = true;
  byId("new-conversation").hidden = false;
  byId("turns").append(turn.node);
  follow();
  say("Looking for an answer");
  running = new AbortController();
  working(true);
  try {
    const response = await call("/api/ask/stream", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ question, conversation }),
      signal: running.signal,
    });
    for await (const { event, data } of eventsOf(response)) turn.hear(event, data);
    if (!turn.over) turn.fail("The server ended before the answer came. Ask again.");
  } catch (problem) {
    turn.fail(problem.name === "AbortError" ? "Stopped." : problem.message);
  } finally {
    running = null;
    working(false);
  }
}

function working(busy) {
  byId("send").hidden = busy;
  byId("stop").hidden = !busy;
}

function fit(area) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

export function startTalk() {
  const area = byId("question");
  area.addEventListener("input", () => fit(area));
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    byId("composer").requestSubmit();
  });
  byId("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    const question = area.value.trim();
    if (!question || running) return;
    area.value = "";
    fit(area);
    ask(question);
  });
  byId("stop").addEventListener("click", () => running?.abort());
  byId("new-conversation").addEventListener("click", () => {
    running?.abort();
    conversation = newId();
    byId("turns").replaceChildren();
    byId("welcome").hidden = false;
    byId("new-conversation").hidden = true;
    area.focus();
  });
}
