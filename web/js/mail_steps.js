/** What is done with the codes and links of mails: a new password, a verified address. No page. */

import { call } from "./api.js";
import { pendingOf } from "./cookie_session.js";
import { exchange } from "./http.js";

const ROOT = "/_allauth/browser/v1/";
const OLD_LINK = "This link was used already, or is too old.";
const OLD_CODE = "This code is no longer good. Ask for a new mail.";
const TOO_OFTEN = "That was too often. Wait a while, then try again.";

/** Have a mail sent for a new password; known and unknown addresses get the same answer. @param {string} email @param {RequestInit} [options] @returns {Promise<boolean>} whether it holds a code; else it holds a link */
export async function askForReset(email, options) {
  try {
    await exchange("POST", `${ROOT}auth/password/request`, { email }, options);
    return false;
  } catch (problem) {
    if (pendingOf(problem)) return true;
    throw worded(problem);
  }
}

/** Choose a password with the code of the mail. @param {{key: string, password: string}} form */
export const resetByCode = (form) => done(exchange("POST", `${ROOT}auth/password/reset`, form), "This code is not right.", OLD_CODE);

/** Refuses at once a link that would not work. @param {string} key of the link */
export const checkResetLink = (key) =>
  done(exchange("GET", `${ROOT}auth/password/reset`, undefined, { headers: { "X-Password-Reset-Key": key } }), OLD_LINK, OLD_LINK);
export const resetByLink = (key, password) => done(exchange("POST", `${ROOT}auth/password/reset`, { key, password }), OLD_LINK, OLD_LINK);

/** @param {string} key of the link @returns {Promise<string>} the address that it would verify */
export async function addressOfLink(key) {
  const { data } = await done(exchange("GET", `${ROOT}auth/email/verify`, undefined, { headers: { "X-Email-Verification-Key": key } }), OLD_LINK, OLD_LINK);
  return data.email;
}
export const verifyByLink = (key) => done(exchange("POST", `${ROOT}auth/email/verify`, { key }), OLD_LINK);

/** @returns {Promise<{email: string, primary: boolean, verified: boolean}[]>} one's own addresses */
export const listAddresses = async () => (await call("GET", `${ROOT}account/email`)).data;

/** Have the mail of verification sent once more. */
export async function askForVerification(email) {
  try {
    await call("PUT", `${ROOT}account/email`, { email });
  } catch (problem) {
    throw problem.status === 403 ? Object.assign(problem, { message: "A mail was sent a moment ago. Look for it, or wait a few minutes." }) : worded(problem);
  }
}

/**
 * Have a mail sent to a new address, which takes the place of the old one once it is confirmed.
 * @param {string} email @returns {Promise<boolean>} whether the mail holds a code; else it holds a link
 */
export async function offerAddress(email) {
  const { data } = await exchange("GET", `${ROOT}config`);
  await call("POST", `${ROOT}account/email`, { email }).catch((problem) => {
    throw worded(problem);
  });
  return data.account.email_verification_by_code_enabled;
}

/** Confirm a new address with the code of the mail. @param {string} code */
export const verifyByCode = (code) =>
  call("POST", `${ROOT}auth/email/verify`, { key: code }).catch((problem) => {
    throw worded(problem, "This code is not right.", OLD_CODE);
  });

/** The steps answer 401 when they are done and nobody is signed in by them. */
async function done(answering, wrong, old) {
  try {
    return await answering;
  } catch (problem) {
    if (problem.status === 401) return null;
    throw worded(problem, wrong, old);
  }
}

function worded(problem, wrong, old) {
  if (problem.status === 400 && problem.errors.key) return Object.assign(problem, { message: wrong, errors: { ...problem.errors, key: [wrong] } });
  if (problem.status === 409 && old) return Object.assign(problem, { message: old });
  return problem.status === 429 ? Object.assign(problem, { message: TOO_OFTEN }) : problem;
}
