/** The account of the signed-in person: name, password, phone number and birth date, and leaving. No page. */

import { call } from "./api.js";
import { exchange } from "./http.js";
import { mine } from "./identity.js";
import { sessionEnded } from "./session.js";

const TOO_OFTEN = "That was too often. Wait a while, then try again.";

/** By the code of a refusal: what allauth says in too few words. */
const SENTENCES = {
  enter_current_password: "This is not your password.",
  same_as_current: "This is your number already.",
  phone_taken: "This number belongs to another account. Remove it there first, or use another one.",
  incorrect_code: "This code is not right.",
};

/** @param {string} name as others see it */
export const rename = (name) => call("PATCH", "me", { display_name: name });

/** @returns {Promise<boolean>} false for who has only ever signed in by an account elsewhere */
export const hasPassword = async () => (await mine("GET", "auth/session")).data.user.has_usable_password;
/** All other devices are signed out. @param {{current_password?: string, new_password: string}} form */
export const changePassword = (form) => worded(mine("POST", "account/password/change", form));

/** @returns {Promise<?string>} the verified number in E.164, null when there is none */
export const myNumber = async () => (await mine("GET", "account/phone")).data[0]?.phone ?? null;
/** Have a code sent to a number. @returns {Promise<string>} the number in E.164 */
export const offerNumber = async (phone) => (await worded(mine("POST", "account/phone", { phone }))).data[0].phone;
/** Prove with the code of the SMS that one has the number. */
export const verifyNumber = (code) => worded(mine("POST", "auth/phone/verify", { code }), "This code is no longer good. Have a new one sent.");

/** @returns {Promise<?string>} as in 1990-01-31, null for who has told none */
export const myBirthDate = async () => (await call("GET", "me/birth-date")).birth_date;
/** @param {string} birthDate as in 1990-01-31; it is told once */
export const tellBirthDate = (birthDate) => call("PUT", "me/birth-date", { birth_date: birthDate });

export const removeNumber = () => call("DELETE", "me/phone");

/** Close the account until one signs in again. */
export async function deactivate() {
  await call("POST", "me/deactivate");
  leave({ kind: "deactivated" });
}

/** Close the account and have it deleted when the grace is over. */
export async function scheduleDeletion() {
  const { due_at } = await call("POST", "me/deletion");
  leave({ kind: "deletion", due_at });
}

/** Keep an account that waits for its deletion. @param {string} cancellation the token of `account.deletion_scheduled` */
export const cancelDeletion = (cancellation) => exchange("DELETE", "me/deletion", undefined, { headers: { Authorization: `Bearer ${cancellation}` } });

function leave(closing) {
  rememberClosing(closing);
  sessionEnded();
}

const CLOSING = "portcullis.closing";

/** Remember, for every tab, why the account was closed, until somebody signs in. @param {{kind: "deactivated"|"deletion", due_at?: string}} closing */
export const rememberClosing = (closing) => localStorage.setItem(CLOSING, JSON.stringify(closing));
export const forgetClosing = () => localStorage.removeItem(CLOSING);
/** @returns {?{kind: string, due_at?: string}} */
export const lastClosing = () => JSON.parse(localStorage.getItem(CLOSING));

async function worded(answering, old) {
  try {
    return await answering;
  } catch (problem) {
    const [code] = problem.reasons ?? [];
    if (SENTENCES[code]) throw retold(problem, SENTENCES[code]);
    if (problem.status === 409 && old) throw retold(problem, old);
    throw problem.status === 429 && !problem.data.code ? retold(problem, TOO_OFTEN) : problem;
  }
}

/** The same refusal in other words, also at the fields that it names. */
const retold = (problem, message) =>
  Object.assign(problem, { message, errors: Object.fromEntries(Object.keys(problem.errors).map((field) => [field, [message]])) });
