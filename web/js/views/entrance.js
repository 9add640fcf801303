/** Sign in and sign up, with a second factor where there is one. Mistakes that we can see are said here; the rest in the server's words. */

import { pendingOf } from "../cookie_session.js";
import { h } from "../dom.js";
import { askForAnotherCode, giveUp, signIn, signInWithCode, signInWithMailedCode, signInWithPasskey, signInWithSecondPasskey, signUp } from "../identity.js";
import { passkeysWork } from "../passkeys.js";
import { entranceForm, inviteCode, nameEntranceForm } from "../router.js";
import { CHOSEN_PASSWORD, EMAIL, SHOWN_NAME, USERNAME } from "./account_fields.js";
import { withChallenge } from "./challenge.js";
import { keepingStep, waitsForDeletion } from "./closed_account.js";
import { formOf } from "./forms.js";
import { showInvitation } from "./invite.js";
import { showForgotten, showMailLink } from "./mail_steps.js";
import { newcomerForm, siteButtons } from "./other_sites.js";
import { wayButton } from "./proof.js";
import { resendButton } from "./resend.js";

const login = { name: "login", label: "E-mail, username or phone number", required: true, autocomplete: "username", autocapitalize: "none" };
const password = { name: "password", label: "Password", type: "password", required: true, autocomplete: "current-password" };

const newAccount = [
  EMAIL,
  USERNAME,
  { ...SHOWN_NAME, label: "Name shown to others (optional)", autocomplete: "name" },
  CHOSEN_PASSWORD,
];

const FORMS = {
  "sign-in": { title: "Come in", fields: [login, password], label: "Sign in", act: signIn },
  "sign-up": { title: "Join in", fields: newAccount, label: "Create account", act: signUp },
};

const secondFactor = [
  { name: "code", label: "Code", required: true, autocomplete: "one-time-code", maxlength: 32, hint: "From your authenticator app, or one of your recovery codes." },
  { name: "trust", label: "Do not ask on this device for 30 days", type: "checkbox" },
];

const mailedCode = [{ name: "key", label: "Code", required: true, autocomplete: "one-time-code", autocapitalize: "characters", maxlength: 32, hint: "We have sent it to your e-mail address." }];

/** Show the page that a link in a mail opens; `leave` is told where it ends, with what to say there. */
export function showLinked(link, leave) {
  offerTabs(false);
  tell(null);
  invite(null);
  showMailLink(link, show, leave);
}

/**
 * Show the entrance. What comes after it is told by the session's change.
 * @param {{notice?: ?string, login?: string, pending?: ?import("../cookie_session.js").Pending, deletion?: ?object}} [arrival] what somebody comes with
 */
export function showEntrance(arrival = {}) {
  for (const name of Object.keys(FORMS)) document.getElementById(`choose-${name}`).onclick = () => (nameEntranceForm(name), choose(name));
  tell(arrival.notice);
  invite(inviteCode());
  if (arrival.deletion) keep({ data: arrival.deletion });
  else if (arrival.pending) goOn(arrival.pending);
  else choose(arrival.login === undefined ? entranceForm() ?? firstForm(arrival) : "sign-in", arrival);
}

/** Who is invited is new here more often than not, unless they were signed in a moment ago. */
const firstForm = ({ notice }) => (inviteCode() && !notice ? "sign-up" : "sign-in");
const invite = (code) => showInvitation(code, document.getElementById("entrance-invite"));

function choose(name, { login: known } = {}) {
  const { title, fields, label, act } = FORMS[name];
  offerTabs(true);
  for (const other of Object.keys(FORMS)) {
    document.getElementById(`choose-${other}`).setAttribute("aria-pressed", String(other === name));
  }
  const submit = (values) => withChallenge((options) => act(trimmed(values), options)).catch(orGoOn);
  const form = formOf(fields.map((field) => (field === login ? { ...field, value: known ?? "" } : field)), { label, submit });
  show(title, form, ...(name === "sign-in" ? otherWays(form) : []), siteButtons());
  if (known !== undefined) form.elements[known ? "password" : "login"].focus();
}

/** Ways in beside the password. */
function otherWays(form) {
  const back = (arrival) => (tell(arrival?.notice), choose("sign-in", { login: form.elements.login.value, ...arrival }));
  const forget = () => (tell(null), showForgotten(show, form.elements.login.value.trim(), back));
  const forgotten = h("button.link-button", { type: "button", onclick: forget }, "Forgot your password?");
  return [forgotten, passkeysWork() && wayButton("Sign in with a passkey", () => signInWithPasskey().catch(orGoOn))];
}

/** A refusal may be that another step comes first, that the first one is forgotten, or that the account is about to be deleted. */
function orGoOn(problem) {
  if (waitsForDeletion(problem)) return keep(problem);
  const pending = pendingOf(problem);
  if (pending?.step in STEPS) return goOn(pending);
  throw problem.status === 401 ? Object.assign(problem, { message: "That took too long. Sign in once more." }) : problem;
}

/** @param {import("../cookie_session.js").Pending} pending */
function goOn(pending) {
  if (!(pending.step in STEPS)) return choose("sign-in");
  offerTabs(false);
  show("One more step", ...STEPS[pending.step](pending));
}

function keep(problem) {
  offerTabs(false);
  tell(null);
  show(...keepingStep(problem, (notice) => (tell(notice), choose("sign-in", { login: "" }))));
}

const again = (label) => h("button.link-button", { type: "button", onclick: () => (giveUp(), choose("sign-in", { login: "" })) }, label);

/** Forget what was typed, and give the names of the fields free for other forms. */
export const leaveEntrance = () => document.getElementById("entrance-form").replaceChildren();

function show(title, ...parts) {
  document.getElementById("entrance-title").textContent = title;
  const box = document.getElementById("entrance-form");
  box.replaceChildren(...parts.filter(Boolean));
  for (const button of box.querySelectorAll("[type=submit]")) button.classList.add("wide");
}

/** Say above the form why the person is here again. */
function tell(notice) {
  const box = document.getElementById("entrance-notice");
  box.textContent = notice ?? "";
  box.hidden = !notice;
}

const offerTabs = (offered) => void (document.getElementById("choose-sign-in").parentElement.hidden = !offered);

/** The code of a mail, where addresses must be verified before anybody comes in. */
function addressStep() {
  const refused = (problem) => {
    if (problem.status === 409) throw Object.assign(problem, { message: "This code is no longer good. Go back and sign in for a new one." });
    orGoOn(problem);
  };
  const form = formOf(mailedCode, { label: "Confirm and sign in", submit: (values) => signInWithMailedCode(values).catch(refused) });
  queueMicrotask(() => form.elements.key.focus());
  return [form, resendButton(askForAnotherCode), again("Back to sign in")];
}

/** The second factor, after the right password. */
function secondStep({ types }) {
  const form = formOf(secondFactor, { label: "Sign in", submit: (values) => signInWithCode(values).catch(orGoOn) });
  const byPasskey = types.includes("webauthn") && wayButton("Use a passkey", () => signInWithSecondPasskey(form.elements.trust.checked).catch(orGoOn));
  queueMicrotask(() => form.elements.code.focus());
  return [form, byPasskey, again("Back to the password")];
}

/** The first visit from another site. */
const newcomerStep = () => [newcomerForm((problem) => orGoOn(problem)), again("Back to sign in")];

/** By what a login waits for. */
const STEPS = { verify_email: addressStep, mfa_authenticate: secondStep, provider_signup: newcomerStep };

/** Blanks around names are slips; in a password they may be meant. */
const trimmed = (values) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, name === "password" ? value : value.trim()]));
