/** Setting up an authenticator app: the secret as a picture and as text, and the first code as a proof that it arrived. */

import { h } from "../../dom.js";
import { addTotp, offerTotp } from "../../identity.js";
import { openDialog } from "../dialogs.js";
import { formOf } from "../forms.js";
import { withProof } from "../proof.js";

const CODE = { name: "code", label: "The code that it shows", required: true, autocomplete: "one-time-code", inputmode: "numeric", maxlength: 32, check: (value) =>
  /^\d{6}$/.test(value.replace(/\s/g, "")) ? null : "The code has six digits." };

/** @returns {Promise<true|undefined>} true when the app was set up, undefined when it was not */
export async function setUpApp() {
  const offer = await offerTotp();
  return new Promise((settle) => {
    let done;
    const submit = async ({ code }) => {
      done = (await withProof(async () => ((await addTotp(code)), true))) ?? done;
      if (done) dialog.close();
    };
    const cancel = h("button.button", { type: "button", onclick: () => dialog.close() }, "Cancel");
    const dialog = openDialog("Set up an authenticator app",
      h("p.about", {}, "Scan this with the app, or type the secret into it. Then enter the code that the app shows."),
      h("img.qr", { src: `data:image/svg+xml,${encodeURIComponent(offer.totp_svg)}`, alt: "QR code with the secret below" }),
      h("p.secret", { "aria-label": "Secret" }, offer.secret.match(/.{1,4}/g).join(" ")),
      formOf([CODE], { label: "Set up", extra: [cancel], submit }));
    dialog.addEventListener("close", () => settle(done));
  });
}
