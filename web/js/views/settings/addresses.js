/** Settings, security: the e-mail addresses of the signed-in person, and a new mail for those that are not verified. */

import { h, icon } from "../../dom.js";
import { askForVerification } from "../../mail_steps.js";
import { complain, toast } from "../toasts.js";

/** @param {{email: string, verified: boolean}[]} addresses @returns {?Element} null where there are none */
export function addressesPanel(addresses) {
  if (!addresses.length) return null;
  const about = addresses.every(({ verified }) => verified)
    ? "Mails for a new password go there."
    : "Open the link in the mail that we have sent you. Second factors need a confirmed address.";
  return h("section.panel", { "aria-label": "E-mail address" }, h("div.panel-head", {}, h("div", {}, h("h2", {}, "E-mail address"), h("p", {}, about))), h("ul.entries", {}, addresses.map(entry)));
}

function entry({ email, verified }) {
  const send = async ({ target }) => {
    target.disabled = true;
    await askForVerification(email).then(() => toast(`A mail is on its way to ${email}.`), complain);
    target.disabled = false;
  };
  const button = !verified && h("button.button", { type: "button", onclick: send }, "Send a new mail");
  return h("li.entry", {}, icon("mail"), h("span.text", {}, h("strong", {}, email), h("small", {}, verified ? "Confirmed" : "Not confirmed yet")), button);
}
