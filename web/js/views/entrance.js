/** Sign in and sign up. Mistakes that we can see are said here; the rest in the server's words. */

import { signIn, signUp } from "../api.js";
import { formOf } from "./forms.js";

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

/** Show the entrance; `onSignedIn` is called once a session is kept. */
export function showEntrance(onSignedIn) {
  const choose = (name) => {
    const { title, fields, label, act } = FORMS[name];
    for (const other of Object.keys(FORMS)) {
      document.getElementById(`choose-${other}`).setAttribute("aria-pressed", String(other === name));
    }
    document.getElementById("entrance-title").textContent = title;
    const submit = async (values) => (await act(trimmed(values)), onSignedIn());
    const form = formOf(fields, { label, submit });
    form.querySelector("[type=submit]").classList.add("wide");
    document.getElementById("entrance-form").replaceChildren(form);
  };
  for (const name of Object.keys(FORMS)) document.getElementById(`choose-${name}`).onclick = () => choose(name);
  choose("sign-in");
}

/** Blanks around names are slips; in a password they may be meant. */
const trimmed = (values) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, name === "password" ? value : value.trim()]));
