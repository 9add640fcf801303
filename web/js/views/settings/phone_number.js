/** Settings, account: the phone number, which is proved by a code that we send to it. */

import { offerNumber, removeNumber, verifyNumber } from "../../account.js";
import { h } from "../../dom.js";
import { askYes, openDialog } from "../dialogs.js";
import { formOf } from "../forms.js";
import { withProof } from "../proof.js";
import { complain, toast } from "../toasts.js";
import { button, named, panel } from "./panels.js";

const NUMBER = { name: "phone", label: "Phone number", type: "tel", required: true, autocomplete: "tel", maxlength: 32, hint: "With its country code, as in +44 7700 900123.", check: (value) =>
  /^\+[\d\s().-]{6,}$/.test(value.trim()) ? null : "Begin with + and the country code, as in +44 7700 900123." };
const CODE = { name: "code", label: "Code", required: true, autocomplete: "one-time-code", inputmode: "numeric", maxlength: 16, check: (value) =>
  /^\d{6}$/.test(value.replace(/\s/g, "")) ? null : "The code has six digits." };

const GIVEN_UP = "Nobody can sign in with it any more. Remove it before you give the number up: its next owner could sign in as you.";

/** @param {() => Promise<void>} again shows the section afresh @returns {import("./account.js").Panel} */
export function numberPanel(again) {
  const opener = button("", () => askForNumber(opener.textContent, again));
  const remove = () => {
    const dialog = askYes("Remove your phone number?", GIVEN_UP, "Remove it", async () => {
      if ((await withProof(async () => ((await removeNumber()), true))) === undefined) return;
      toast("Your phone number is removed.");
      await again();
    });
    dialog.addEventListener("close", () => remover.hidden && opener.focus());
  };
  const remover = named(button("Remove", remove, "button.button.danger"), "Remove your phone number");
  const element = panel("Phone number", "", [opener, remover]);
  const refresh = ({ number }) => {
    opener.textContent = number ? "Change number" : "Add a number";
    if (!number && document.activeElement === remover) opener.focus(); // before it is hidden, with the focus
    remover.hidden = !number;
    element.querySelector("p").textContent = number ? `${number} is yours. You can sign in with it; nobody else sees it.` : "With a number of yours you can sign in. Nobody else sees it.";
  };
  return { element, refresh };
}

/** Two steps in one dialog: the number, then the code that was sent to it. */
function askForNumber(title, again) {
  const box = h("div.stack");
  const dialog = openDialog(title, box);
  const cancel = () => button("Cancel", () => dialog.close());
  const send = (phone) => withProof(() => offerNumber(phone));

  const askNumber = (value = "") => {
    const submit = async ({ phone }) => {
      const sentTo = await send(phone.trim());
      if (sentTo) askCode(sentTo);
    };
    draw(h("p.about", {}, "We send a code to it in a text message."), formOf([{ ...NUMBER, value }], { label: "Send the code", extra: [cancel()], submit }));
  };
  const askCode = (number) => {
    const submit = async ({ code }) => {
      await verifyNumber(code.replace(/\s/g, ""));
      dialog.close();
      toast(`${number} is your number now.`);
      await again();
    };
    const more = async ({ target }) => {
      target.disabled = true;
      await send(number).then((sent) => sent && toast(`A new code is on its way to ${number}.`), complain);
      target.disabled = false;
    };
    draw(h("p.about", { role: "status" }, `We have sent a code to ${number}. It is good for a few minutes.`),
      formOf([CODE], { label: "Confirm", extra: [cancel()], submit }),
      h("div.ways", {}, link("Send a new code", more), link("Use another number", () => askNumber(number))));
  };
  const draw = (...parts) => {
    box.replaceChildren(...parts);
    box.querySelector("input").focus();
  };
  askNumber();
}

const link = (label, onclick) => h("button.link-button", { type: "button", onclick }, label);
