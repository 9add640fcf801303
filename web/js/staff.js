/** The door of the admin panel: the same sign-in as everywhere, in this browser, with the second factor or fresh proof that the panel asks for. */

import { h } from "./dom.js";
import { formOf } from "./views/forms.js";

const asked = new URLSearchParams(location.search);
const passwordField = { name: "password", label: "Password", type: "password", required: true, autocomplete: "current-password" };
const loginField = { name: "login", label: "E-mail or username", required: true, autocomplete: "username", autocapitalize: "none" };
const codeField = { name: "code", label: "Code of your app, or a recovery code", required: true, autocomplete: "one-time-code", inputmode: "text" };
const NO_STAFF = "This account is not of the staff. Sign out in Portcullis and come back with another one.";
const NO_FACTOR = "The admin panel needs a second factor. Set one up in the settings of Portcullis, then come back.";

/** Go on to the page of the panel that was asked for, and to no other place. */
function enter() {
  const next = new URL(asked.get("next") || "/admin/", location.origin);
  location.replace(next.origin === location.origin && next.pathname.startsWith("/admin/") ? next : "/admin/");
}

/** Call the browser's side of the sign-in; 401 and 409 are answers too: they tell which step comes next. */
async function call(method, path, data) {
  const token = /(?:^|; )(?:__Host-|__Secure-)?csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  const response = await fetch(`/_allauth/browser/v1${path}`, { method, headers, body: data && JSON.stringify(data) });
  const answer = await response.json().catch(() => ({}));
  if (response.ok || [401, 409].includes(response.status)) return { status: response.status, ...answer };
  throw refusal(answer);
}

function refusal({ errors, message, detail }) {
  const listed = Array.isArray(errors) ? errors : [];
  return Object.assign(new Error(listed[0]?.message ?? message ?? detail ?? "This did not work. Try again in a moment."), { errors: {} });
}

const pending = ({ data }) => data?.flows?.find(({ is_pending }) => is_pending)?.id;

function show(lead, ...content) {
  document.getElementById("lead").textContent = lead;
  document.getElementById("form").replaceChildren(...content);
}

function goOn(answer) {
  if (answer.meta?.is_authenticated) return enter();
  if (pending(answer) === "mfa_authenticate") return askForFactor("/auth/2fa/authenticate", "/auth/webauthn/authenticate");
  throw refusal(answer);
}

function askForPassword() {
  const submit = async ({ login, password }) => {
    const name = login.trim();
    goOn(await call("POST", "/auth/login", { [name.includes("@") ? "email" : "username"]: name, password }));
  };
  show("Sign in to the admin panel.", formOf([loginField, passwordField], { label: "Sign in", submit, extra: passkey("/auth/webauthn/login") }));
}

function askForFactor(codePath, keyPath) {
  const submit = async ({ code }) => goOn(await call("POST", codePath, { code: code.trim() }));
  show("Now your second factor.", formOf([codeField], { label: "Go on", submit, extra: passkey(keyPath) }));
}

function askAgain() {
  const submit = async ({ password }) => goOn(await call("POST", "/auth/reauthenticate", { password }));
  show("You signed in too long ago for the admin panel. Your password, please.", formOf([passwordField], { label: "Go on", submit, extra: passkey("/auth/webauthn/reauthenticate") }));
}

/** A button for a passkey, where the browser has them. */
function passkey(path) {
  if (!globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) return [];
  const button = h("button.button", { type: "button" }, "Use a passkey");
  button.addEventListener("click", async () => {
    try {
      const { data } = await call("GET", path);
      const options = PublicKeyCredential.parseRequestOptionsFromJSON(data.request_options.publicKey);
      const credential = await navigator.credentials.get({ publicKey: options });
      goOn(await call("POST", path, { credential: credential.toJSON() }));
    } catch (problem) {
      document.getElementById("lead").textContent = problem.message;
    }
  });
  return [button];
}

async function start() {
  const session = await call("GET", "/auth/session");
  if (pending(session) === "mfa_authenticate") return goOn(session);
  if (!session.meta?.is_authenticated) return askForPassword();
  if (asked.get("missing") === "role") return show(NO_STAFF, h("a.button", { href: "/" }, "To Portcullis"));
  if (asked.get("missing") !== "second_factor") return asked.get("missing") ? askAgain() : enter();
  const { data } = await call("GET", "/account/authenticators");
  if (!data?.length) return show(NO_FACTOR, h("a.button", { href: "/" }, "To Portcullis"));
  return askForFactor("/auth/2fa/reauthenticate", "/auth/webauthn/reauthenticate");
}

start().catch((problem) => show(problem.message));
