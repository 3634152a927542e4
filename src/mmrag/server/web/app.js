// Puts the parts of the page together.

import { onTokenNeeded } from "./api.js";
import { startDesk } from "./desk.js";
import { byId } from "./dom.js";
import { startLibrary } from "./library.js";
import { startTalk } from "./talk.js";
import { startTheme } from "./theme.js";
import { startViewer } from "./viewer.js";

onTokenNeeded((again) => new Promise((resolve) => {
  const dialog = byId("token-dialog");
  byId("token-problem").hidden = !again;
  byId("token-form").onsubmit = () => resolve(byId("token").value.trim());
  dialog.oncancel = (event) => event.preventDefault();
  dialog.showModal();
}));

startTheme();
startDesk();
startViewer();
startTalk();
startLibrary();
