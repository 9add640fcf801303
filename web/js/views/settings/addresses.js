/** Settings, security: the e-mail address of the signed-in person, changing it, and a new mail while it is not verified. */

import { h } from "../../dom.js";
import { askForVerification, offerAddress, verifyByCode } from "../../mail_steps.js";
import { EMAIL } from "../account_fields.js";
import { openDialog } from "../dialogs.js";
import { formOf } from "../forms.js";
import { withProof } from "../proof.js";
import { complain, toast } from "../toasts.js";
import { button, entry, named, panel } from "./panels.js";

const NEW_EMAIL = { ...EMAIL, label: "New e-mail address", hint: "It becomes yours when you have confirmed it; until then the old one stays." };
const CODE = { name: "code", label: "Code", required: true, autocomplete: "one-time-code", autocapitalize: "characters", maxlength: 32 };

/** @param {{email: string, verified: boolean}[]} addresses @param {() => Promise<void>} again shows the section afresh @returns {?Element} null where there are none */
export function addressesPanel(addresses, again) {
  if (!addresses.length) return null;
  const about = addresses.every(({ verified }) => verified)
    ? "Mails for a new password go there."
    : "Open the link in the mail that we have sent you. Second factors need a confirmed address.";
  const change = named(button("Change", () => askForAddress(again)), "Change your e-mail address");
  return panel("E-mail address", about, [change], h("ul.entries", {}, addresses.map(addressEntry)));
}

function addressEntry({ email, verified }) {
  const send = async ({ target }) => {
    target.disabled = true;
    await askForVerification(email).then(() => toast(`A mail is on its way to ${email}.`), complain);
    target.disabled = false;
  };
  return entry("mail", email, verified ? "Confirmed" : "Not confirmed yet", !verified && button("Send a new mail", send));
}

/** The address, then the code that was sent to it, where mails hold codes and no links. */
function askForAddress(again) {
  const box = h("div.stack");
  const dialog = openDialog("Change your e-mail address", box);
  const cancel = () => button("Cancel", () => dialog.close());
  const done = async (sentence) => {
    dialog.close();
    toast(sentence);
    await again();
  };
  const askAddress = () => {
    const submit = async ({ email }) => {
      const byCode = await withProof(() => offerAddress(email.trim()));
      if (byCode) askCode(email.trim());
      else if (byCode === false) await done(`We have sent a mail to ${email.trim()}. Open its link to make it your address.`);
    };
    draw(formOf([NEW_EMAIL], { label: "Send a mail to it", extra: [cancel()], submit }));
  };
  const askCode = (email) => {
    const submit = async ({ code }) => {
      await verifyByCode(code.trim());
      await done(`${email} is your e-mail address now.`);
    };
    draw(h("p.about", { role: "status" }, `We have sent a code to ${email}. It is good for a few minutes.`), formOf([CODE], { label: "Confirm", extra: [cancel()], submit }));
  };
  const draw = (...parts) => {
    box.replaceChildren(...parts);
    box.querySelector("input").focus();
  };
  askAddress();
}
