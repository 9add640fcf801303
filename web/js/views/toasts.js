/** Short sentences that come and go: refusals and results that belong to no field. */

import { h, iconButton } from "../dom.js";

const STAYS_MS = 7_000;

/** @param {string} text */
export function toast(text) {
  const box = document.getElementById("toasts");
  const note = h("div.toast", {}, h("span", {}, text), iconButton("close", "Dismiss", () => note.remove()));
  box.append(note);
  setTimeout(() => note.remove(), STAYS_MS);
}

/** For the end of a promise: show why it failed. @param {Error} problem */
export const complain = (problem) => toast(problem.message);
