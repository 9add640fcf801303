/** The door of the admin panel: the same sign-in as everywhere, in this browser, with the second factor or fresh proof that the panel asks for. */

import { changingCookie, pendingOf } from "./cookie_session.js";
import { h } from "./dom.js";
import { exchange } from "./http.js";
import { worded } from "./identity.js";
import { passkeysWork, signWithPasskey } from "./passkeys.js";
import { withChallenge } from "./views/challenge.js";
import { formOf } from "./views/forms.js";
import { wayButton } from "./views/proof.js";

const asked = new URLSearchParams(location.search);
const passwordField = { name: "password", label: "Password", type: "password", required: true, autocomplete: "current-password" };
const loginField = { name: "login", label: "E-mail, username or phone number", required: true, autocomplete: "username", autocapitalize: "none" };
const codeField = { name: "code", label: "Code of your app, or a recovery code", required: true, autocomplete: "one-time-code", inputmode: "text" };
const NO_STAFF = "This account is not of the staff. Sign out in Portcullis and come back with another one.";
const NO_FACTOR = "The admin panel needs a second factor. Set one up in the settings of Portcullis, then come back.";

/** Go on to the page of the panel that was asked for, and to no other place. */
function enter() {
  const next = new URL(asked.get("next") || "/admin/", location.origin);
  location.replace(next.origin === location.origin && next.pathname.startsWith("/admin/") ? next : "/admin/");
}

/** A step of the sign-in: whether it signs in, or which step comes next. Rejects with what was wrong. @returns {Promise<{inside: boolean, pending: ?object, data: ?object}>} */
async function step(method, path, body, options) {
  try {
    const { data, meta } = await worded(exchange(method, `/_allauth/browser/v1${path}`, body, options));
    return { inside: meta?.is_authenticated === true, pending: null, data };
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    return { inside: problem.data.meta?.is_authenticated === true, pending: pendingOf(problem), data: null };
  }
}

const take = (path, body) => withChallenge((options) => changingCookie(() => step("POST", path, body, options))).then(goOn);

function show(lead, ...content) {
  document.getElementById("lead").textContent = lead;
  const box = document.getElementById("form");
  box.replaceChildren(...content);
  for (const button of box.querySelectorAll("[type=submit]")) button.classList.add("wide");
}

function goOn({ inside, pending }) {
  if (inside) return enter();
  if (pending?.step === "mfa_authenticate") return askForFactor("/auth/2fa/authenticate", "/auth/webauthn/authenticate");
  throw new Error(pending?.step === "verify_email" ? "Verify your e-mail address in Portcullis first, then come back." : "That took too long. Begin once more.");
}

function askForPassword() {
  const submit = ({ login, password }) => take("/auth/login", { [login.includes("@") ? "email" : "username"]: login.trim(), password });
  show("Sign in to the admin panel.", formOf([loginField, passwordField], { label: "Sign in", submit }), ...passkey("/auth/webauthn/login"));
}

function askForFactor(codePath, keyPath) {
  const submit = ({ code }) => take(codePath, { code: code.trim() });
  show("Now your second factor.", formOf([codeField], { label: "Go on", submit }), ...passkey(keyPath));
}

function askAgain() {
  const submit = ({ password }) => take("/auth/reauthenticate", { password });
  show("You signed in too long ago for the admin panel. Your password, please.", formOf([passwordField], { label: "Go on", submit }), ...passkey("/auth/webauthn/reauthenticate"));
}

/** A button for a passkey, where the browser has them. */
function passkey(path) {
  if (!passkeysWork()) return [];
  const act = async () => {
    const { data } = await exchange("GET", `/_allauth/browser/v1${path}`);
    await take(path, { credential: await signWithPasskey(data.request_options) });
  };
  return [wayButton("Use a passkey", act)];
}

async function start() {
  const { inside, pending } = await changingCookie(() => step("GET", "/auth/session"));
  if (pending?.step === "mfa_authenticate") return goOn({ inside, pending });
  if (!inside) return askForPassword();
  if (asked.get("missing") === "role") return show(NO_STAFF, h("a.button", { href: "/" }, "To Portcullis"));
  if (asked.get("missing") !== "second_factor") return asked.get("missing") ? askAgain() : enter();
  const { data } = await step("GET", "/account/authenticators");
  if (!data?.length) return show(NO_FACTOR, h("a.button", { href: "/" }, "To Portcullis"));
  return askForFactor("/auth/2fa/reauthenticate", "/auth/webauthn/reauthenticate");
}

start().catch((problem) => show(problem.message));
