/** Sign in and sign up, with a second factor where there is one. Mistakes that we can see are said here; the rest in the server's words. */

import { signIn, signUp } from "../api.js";
import { h } from "../dom.js";
import { pendingOf, signInWithCode, signInWithPasskey, signInWithSecondPasskey } from "../identity.js";
import { passkeysWork } from "../passkeys.js";
import { formOf } from "./forms.js";
import { passkeyButton } from "./proof.js";

const login = { name: "login", label: "E-mail or username", required: true, autocomplete: "username", autocapitalize: "none" };
const password = { name: "password", label: "Password", type: "password", required: true, autocomplete: "current-password" };

const newAccount = [
  { name: "email", label: "E-mail", type: "email", required: true, autocomplete: "email", check: (value) =>
    /^\S+@\S+\.\S+$/.test(value.trim()) ? null : "This does not look like an e-mail address." },
  { name: "username", label: "Username", required: true, autocomplete: "username", autocapitalize: "none", maxlength: 32, hint: "3 to 32 letters, digits, dots, hyphens or underscores.", check: (value) =>
    /^[\w.-]{3,32}$/.test(value.trim()) ? null : "Use 3 to 32 letters, digits, dots, hyphens or underscores." },
  { name: "display_name", label: "Name shown to others (optional)", autocomplete: "name", maxlength: 64 },
  { name: "password", label: "Password", type: "password", required: true, autocomplete: "new-password", hint: "At least 8 characters; a few words together are good.", check: (value) =>
    value.length >= 8 ? null : "Use at least 8 characters." },
];

const FORMS = {
  "sign-in": { title: "Come in", fields: [login, password], label: "Sign in", act: signIn },
  "sign-up": { title: "Join in", fields: newAccount, label: "Create account", act: signUp },
};

const secondFactor = [
  { name: "code", label: "Code", required: true, autocomplete: "one-time-code", maxlength: 32, hint: "From your authenticator app, or one of your recovery codes." },
  { name: "trust", label: "Do not ask on this device for 30 days", type: "checkbox" },
];

/** Show the entrance; `onSignedIn` is called once a session is kept. @param {?string} notice why the person is here again */
export function showEntrance(onSignedIn, notice = null) {
  const box = document.getElementById("entrance-notice");
  box.textContent = notice ?? "";
  box.hidden = !notice;
  const choose = (name) => {
    const { title, fields, label, act } = FORMS[name];
    for (const other of Object.keys(FORMS)) {
      document.getElementById(`choose-${other}`).setAttribute("aria-pressed", String(other === name));
    }
    const submit = (values) => act(trimmed(values)).then(onSignedIn, (problem) => {
      const pending = pendingOf(problem);
      if (!pending) throw problem;
      show("One more step", ...secondStep(pending, onSignedIn, () => choose(name)));
    });
    const form = formOf(fields, { label, submit });
    const alone = name === "sign-in" && passkeysWork() && passkeyButton("Sign in with a passkey", () => signInWithPasskey().then(onSignedIn));
    show(title, wide(form), alone);
  };
  for (const name of Object.keys(FORMS)) document.getElementById(`choose-${name}`).onclick = () => choose(name);
  choose("sign-in");
}

/** Forget what was typed, and give the names of the fields free for other forms. */
export const leaveEntrance = () => document.getElementById("entrance-form").replaceChildren();

function show(title, ...parts) {
  document.getElementById("entrance-title").textContent = title;
  document.getElementById("entrance-form").replaceChildren(...parts.filter(Boolean));
}

function wide(form) {
  form.querySelector("[type=submit]").classList.add("wide");
  return form;
}

/** The second factor, after the right password. */
function secondStep(pending, onSignedIn, back) {
  const form = formOf(secondFactor, { label: "Sign in", submit: (values) => signInWithCode(pending, values).then(onSignedIn) });
  const trusted = () => form.elements.trust.checked;
  const byPasskey = pending.types.includes("webauthn") &&
    passkeyButton("Use a passkey", () => signInWithSecondPasskey(pending, trusted()).then(onSignedIn));
  const again = h("button.link-button", { type: "button", onclick: back }, "Back to the password");
  queueMicrotask(() => form.elements.code.focus());
  return [wide(form), byPasskey, again];
}

/** Blanks around names are slips; in a password they may be meant. */
const trimmed = (values) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, name === "password" ? value : value.trim()]));
