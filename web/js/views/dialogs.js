/** Modal questions: one dialog at a time, closed by Esc, its button or a click beside it; focus returns to where it was. */

import { h } from "../dom.js";
import { formOf } from "./forms.js";

let opened = 0;

/** Show `content` under a heading. @returns {HTMLDialogElement} */
export function openDialog(title, ...content) {
  const id = `dialog-title-${++opened}`; // one may open above another
  const dialog = h("dialog", { "aria-labelledby": id }, h("h2", { id }, title), ...content);
  const before = document.activeElement;
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    before?.closest("[tabindex='-1']")?.focus(); // buttons of a message show themselves only while it has the focus
    (before?.isConnected ? before : document.getElementById("stage"))?.focus();
    if (document.activeElement === document.body) document.getElementById("stage")?.focus(); // what it was opened by can do nothing any more
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Close what is asked, as when the page changes under it. */
export const closeDialogs = () => document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());

/** Ask with a form; the dialog closes when `submit` succeeds, and `after` is given what came of it. */
export function askForm(title, about, fields, { label, submit, after = () => {} }) {
  const cancel = h("button.button", { type: "button", onclick: () => dialog.close() }, "Cancel");
  const form = formOf(fields, { label, extra: [cancel], submit: async (values) => {
    const made = await submit(values);
    dialog.close();
    after(made);
  } });
  const dialog = openDialog(title, about && h("p.about", {}, about), form);
}

/** Ask for a yes to something that cannot be undone, or that others see at once. @returns {HTMLDialogElement} */
export function askYes(title, about, label, act, { decline = "Keep it", kind = "button.button.danger" } = {}) {
  const mistake = h("p.form-mistake", { role: "alert", hidden: true });
  const yes = h(kind, { type: "button" }, label);
  const no = h("button.button", { type: "button", onclick: () => dialog.close() }, decline);
  yes.addEventListener("click", async () => {
    yes.disabled = true;
    try {
      await act();
      dialog.close();
    } catch (problem) {
      mistake.textContent = problem.message;
      mistake.hidden = yes.disabled = false;
    }
  });
  const dialog = openDialog(title, h("p.about", {}, about), mistake, h("div.actions", {}, no, yes));
  return dialog;
}
