/** The question who one is, before something that a borrowed device must not do: answered with a password, a code or a passkey. */

import { h } from "../dom.js";
import { proofFor, proveByCode, proveByPasskey, proveByPassword, waysToProve } from "../identity.js";
import { openDialog } from "./dialogs.js";
import { formOf } from "./forms.js";

const PASSWORD = { name: "password", label: "Your password", type: "password", required: true, autocomplete: "current-password" };
const CODE = { name: "code", label: "Code", required: true, autocomplete: "one-time-code", maxlength: 32, hint: "From your authenticator app, or one of your recovery codes." };

/**
 * Do `act`; when the server wants a fresh proof first, ask for it and do `act` once more. Undefined when the person would rather not.
 * @template T @param {() => Promise<T>} act @returns {Promise<T|undefined>}
 */
export async function withProof(act) {
  try {
    return await act();
  } catch (problem) {
    const wanted = proofFor(problem);
    if (!wanted) throw problem;
    return (await asked(wanted)) ? act() : undefined;
  }
}

/** Ask for a fresh proof, before something that cannot ask for it. @returns {Promise<boolean>} whether it was given, or there is none to give */
export async function prove() {
  const ways = await waysToProve();
  return !ways || asked(ways);
}

/** @param {{types: ?string[]}} wanted @returns {Promise<boolean>} whether a proof was given */
function asked({ types }) {
  return new Promise((settle) => {
    let given = false;
    const done = () => ((given = true), dialog.close());
    const dialog = openDialog("Is it you?", h("p.about", {}, "Prove it once more before you go on. It is good for a few minutes."), ...ways(types, done));
    dialog.addEventListener("close", () => settle(given));
  });
}

function ways(types, done) {
  const cancel = h("button.button", { type: "button", onclick: (event) => event.target.closest("dialog").close() }, "Cancel");
  if (!types) return [formOf([PASSWORD], { label: "Go on", extra: [cancel], submit: async ({ password }) => (await proveByPassword(password), done()) })];
  const byCode = types.some((type) => type !== "webauthn") &&
    formOf([CODE], { label: "Go on", extra: [cancel], submit: async ({ code }) => (await proveByCode(code), done()) });
  return [types.includes("webauthn") && wayButton("Use a passkey", async () => (await proveByPasskey(), done())), byCode].filter(Boolean);
}

/** A button for a way in or a proof, and below it why it did not work. @param {string} label @param {() => Promise<void>} act */
export function wayButton(label, act) {
  const mistake = h("p.form-mistake", { role: "alert", hidden: true });
  const button = h("button.button.wide", { type: "button" }, label);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await act();
    } catch (problem) {
      mistake.textContent = problem.message;
      mistake.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
  return h("div.stack", {}, button, mistake);
}
