/** The entrance for who comes with a mail: a forgotten password, and the pages that links in mails open. */

import { signOut } from "../api.js";
import { h } from "../dom.js";
import { addressOfLink, askForReset, checkResetLink, resetByCode, resetByLink, verifyByLink } from "../mail_steps.js";
import { CHOSEN_PASSWORD, EMAIL } from "./account_fields.js";
import { withChallenge } from "./challenge.js";
import { formOf } from "./forms.js";

const CODE = { name: "key", label: "Code", required: true, autocomplete: "one-time-code", autocapitalize: "characters", maxlength: 32 };
const NEW_PASSWORD = { ...CHOSEN_PASSWORD, label: "New password" };
const CHANGED = "Your password is changed, and all devices are signed out. Sign in with the new one.";

/** @typedef {(title: string, ...parts: Element[]) => void} Show draws the entrance */
/** @typedef {(arrival?: {notice?: string, login?: string}) => void} Leave goes on to where people sign in, or are signed in */

const note = (text) => h("p.notice", { role: "status" }, text);
const link = (label, onclick) => h("button.link-button", { type: "button", onclick }, label);

function focused(show, title, ...parts) {
  show(title, ...parts);
  document.querySelector("#entrance-form :is(input, button)")?.focus();
}

/** Ask for the address, then for what the mail holds. @param {Show} show @param {string} typed what may be the address @param {Leave} leave */
export function showForgotten(show, typed, leave) {
  const back = link("Back to sign in", () => leave());
  const submit = async ({ email }) => {
    const address = email.trim();
    const byCode = await withChallenge((options) => askForReset(address, options));
    const sent = note(`We have sent a mail to ${address}. It may take a minute; look among the unwanted mail, too.`);
    const again = link("Ask for a new mail", () => showForgotten(show, address, leave));
    if (!byCode) return focused(show, "Look at your mail", sent, note("Open the link in it to choose a new password."), again);
    const form = formOf([{ ...CODE, hint: "The code in the mail." }, NEW_PASSWORD], {
      label: "Change password",
      submit: async (values) => (await resetByCode({ ...values, key: values.key.trim() }), leave({ notice: CHANGED, login: address })),
    });
    return focused(show, "Choose a new password", sent, form, again);
  };
  const email = { ...EMAIL, value: typed.includes("@") ? typed : "", hint: "The address of your account. We send a mail there." };
  focused(show, "Forgot your password?", formOf([email], { label: "Send the mail", submit }), back);
}

/** The page of a link. @param {{page: string, key: string}} mailLink @param {Show} show @param {Leave} leave */
export async function showMailLink({ page, key }, show, leave) {
  if (page === "reset-password" && !key) return showForgotten(show, "", leave);
  show("One moment", note("Looking at the link …"));
  const [check, draw] = page === "reset-password" ? [checkResetLink, showReset] : [addressOfLink, showVerification];
  const again = page === "reset-password"
    ? link("Ask for a new mail", () => showForgotten(show, "", leave))
    : h("p", {}, "Sign in and open Settings, Security for a new mail.");
  try {
    return draw(await check(key), key, show, leave);
  } catch (problem) {
    const retry = problem.retryable ? link("Try again", () => showMailLink({ page, key }, show, leave)) : again;
    return focused(show, "That did not work", h("p.form-mistake", { role: "alert" }, problem.message), retry, link("Go on without", () => leave()));
  }
}

function showReset(_, key, show, leave) {
  const submit = async ({ password }) => {
    await resetByLink(key, password);
    await signOut();
    leave({ notice: CHANGED });
  };
  focused(show, "Choose a new password", formOf([NEW_PASSWORD], { label: "Change password", submit }), link("Keep the old one", () => leave()));
}

/** A button, for programs that look into mails open their links as well. */
function showVerification(address, key, show, leave) {
  const submit = async () => {
    await verifyByLink(key);
    focused(show, "Thank you", note(`${address} is confirmed.`), h("button.button.primary.wide", { type: "button", onclick: () => leave() }, "Go on"));
  };
  focused(show, "Confirm your address", note(`Does ${address} belong to you?`), formOf([], { label: "Yes, confirm it", submit }), link("Not now", () => leave()));
}
