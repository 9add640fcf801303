/** A button that has a mail or message sent once more, but not at once: the first one may be on its way. */

import { h, set } from "../dom.js";

const WAIT_MS = 30_000;

/** @param {() => Promise<void>} send rejects with why not @returns {Element} */
export function resendButton(send) {
  let freeAt = Date.now() + WAIT_MS;
  const note = h("p.hint", { role: "status" });
  const button = h("button.link-button", { type: "button" });
  const show = () => {
    const left = Math.ceil((freeAt - Date.now()) / 1000);
    button.textContent = left > 0 ? `Send the code again (in ${left} s)` : "Send the code again";
    set(button, { "aria-disabled": left > 0 ? "true" : null });
    if (left > 0) setTimeout(show, 1000);
  };
  button.addEventListener("click", async () => {
    if (Date.now() < freeAt) return;
    freeAt = Date.now() + WAIT_MS;
    show();
    note.textContent = await send().then(() => "A new code is on its way. The one before it no longer works.", ({ message }) => message);
  });
  show();
  return h("div.resend", {}, button, note);
}
