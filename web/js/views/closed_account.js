/** The entrance for who has closed their account: what is said to them, and the page that keeps one that is to be deleted. */

import { cancelDeletion, forgetClosing } from "../account.js";
import { h } from "../dom.js";
import { dateOf } from "../words.js";
import { formOf } from "./forms.js";

/** @param {?{kind: string, due_at?: string}} closing @returns {?string} what to say at the entrance */
export function closingWords(closing) {
  if (!closing) return null;
  if (closing.kind === "deactivated") return "Your account is deactivated. Sign in when you want it back.";
  return `Your account will be deleted on ${dateOf(closing.due_at)}. Until then you can sign in and keep it.`;
}

/** A login of somebody whose account is to be deleted. @param {Error} problem @returns {boolean} */
export const waitsForDeletion = (problem) => problem.code === "account.deletion_scheduled";

/**
 * The page that asks whether to keep the account.
 * @param {Error} problem the refusal of the login @param {(notice?: string) => void} back to the login
 * @returns {[string, ...Element[]]} its title and its parts
 */
export function keepingStep({ data: { due_at, cancellation } }, back) {
  const submit = async () => {
    try {
      await cancelDeletion(cancellation);
    } catch (problem) {
      throw problem.status === 401 ? Object.assign(problem, { message: "You have waited too long. Go back and sign in again." }) : problem;
    }
    forgetClosing();
    back("Your account stays. Sign in to go on.");
  };
  const form = formOf([], { label: "Keep my account", submit });
  queueMicrotask(() => form.querySelector("button").focus());
  return ["Your account will be deleted",
    h("p.notice", { role: "status" }, `It will be deleted on ${dateOf(due_at)}. Until then you can keep it.`),
    form,
    h("button.link-button", { type: "button", onclick: () => back() }, "Let it be deleted")];
}
