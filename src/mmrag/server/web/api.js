// The server, asked. The token, where one is needed, is kept for this tab only and sent as a header.

const KEY = "mmrag-token";

function takeFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname);
  }
}
takeFromAddress();

/** What the server said when it could not do something. `status` 0: it was not reached. */
export class Problem extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

let askForToken = null;
/** `ask(again)` gets a token from the person; `again` says that the last one was wrong. */
export function onTokenNeeded(ask) {
  askForToken = ask;
}

function headers(more = {}) {
  const token = sessionStorage.getItem(KEY);
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

async function problemOf(response) {
  let said = null;
  try {
    said = (await response.json()).error;
  } catch { /* not from us: a proxy, say */ }
  return new Problem(response.status, said?.code ?? "error", said?.message ?? `The server answered with ${response.status}.`);
}

let waiting = null;
async function newToken() {
  waiting ??= askForToken(Boolean(sessionStorage.getItem(KEY))).finally(() => { waiting = null; });
  sessionStorage.setItem(KEY, await waiting);
}

/** `fetch` that asks the person for a token when one is needed. Raises `Problem`. */
export async function call(path, options = {}) {
  for (;;) {
    const sent = sessionStorage.getItem(KEY);
    let response;
    try {
      response = await fetch(path, { ...options, headers: headers(options.headers) });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Problem(0, "unreachable", "The server cannot be reached. Is it running?");
    }
    if (response.status === 401 && askForToken) {
      if (sessionStorage.getItem(KEY) === sent) await newToken();
      continue;
    }
    if (!response.ok) throw await problemOf(response);
    return response;
  }
}

export async function getJson(path) {
  return (await call(path)).json();
}

/** Server-sent events of a response: yields `{event, data}` with the data read as JSON. */
export async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let kept = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    kept += value;
    const blocks = kept.split("\n\n");
    kept = blocks.pop();
    for (const block of blocks) {
      const told = { event: "message", lines: [] };
      for (const line of block.split("\n")) {
        if (line.startsWith("event: ")) told.event = line.slice(7);
        else if (line.startsWith("data: ")) told.lines.push(line.slice(6));
      }
      if (told.lines.length) yield { event: told.event, data: JSON.parse(told.lines.join("\n")) };
    }
  }
}

/** Send one file; `onSent` hears the share that has left. fetch cannot tell that, so this is an XMLHttpRequest. */
export function sendFile(file, onSent) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file, file.name);
    request.open("POST", "/api/uploads");
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onSent(event.loaded / event.total));
    request.addEventListener("load", () => {
      if (request.status === 202) resolve(request.response.files);
      else reject(new Problem(request.status, request.response?.error?.code ?? "error",
        request.response?.error?.message ?? `The server answered with ${request.status}.`));
    });
    request.addEventListener("error", () => reject(new Problem(0, "unreachable", "The upload was cut off.")));
    request.send(form);
  });
}
