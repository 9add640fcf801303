/** A secret that is shown once: to copy, in a dialog that only its button closes. */

import { h } from "../../dom.js";
import { openDialog } from "../dialogs.js";
import { toast } from "../toasts.js";
import { button } from "./panels.js";

/** @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text); // there is no clipboard where a page was not fetched over TLS
    toast("Copied.");
  } catch {
    toast("The browser does not let us copy. Select the text instead.");
  }
}

/** @param {string} title @param {string} about @param {string} secret */
export function showSecret(title, about, secret) {
  const done = h("button.button.primary", { type: "button", onclick: () => dialog.close() }, "I have kept it");
  const copying = button("Copy", () => copy(secret));
  const dialog = openDialog(title, h("p.about", {}, about), h("p.secret.box", { "aria-label": "Secret" }, secret), h("div.actions", {}, copying, done));
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.addEventListener("click", (event) => event.target === dialog && event.stopImmediatePropagation(), { capture: true });
  copying.focus();
}
