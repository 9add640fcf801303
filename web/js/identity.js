/** Signing up and in, step by step, and one's own second factors: django-allauth's routes for browsers. No page. */

import { call } from "./api.js";
import { changingCookie, userOf, whoIsSignedIn } from "./cookie_session.js";
import { ApiProblem, exchange } from "./http.js";
import { makePasskey, signWithPasskey } from "./passkeys.js";
import { keepUser } from "./session.js";

const ROOT = "/_allauth/browser/v1/";
const WRONG = { code: "This code is not right, or was used already.", key: "This code is not right.", credential: "This passkey was not accepted. It may have been removed." };
const WRONG_LOGIN = ["email_password_mismatch", "username_password_mismatch", "phone_password_mismatch"];

/** A name with an @ is an address, one with a + before it a phone number. @param {{login: string, password: string}} form @param {RequestInit} [options] */
export const signIn = ({ login, password }, options) => enter("POST", "auth/login", { [kindOf(login)]: login, password }, options);
const kindOf = (login) => (login.includes("@") ? "email" : login.startsWith("+") ? "phone" : "username");

/** @param {{email: string, username: string, display_name: string, password: string}} form @param {RequestInit} [options] */
export const signUp = (form, options) => enter("POST", "auth/signup", form, options);

/** Go on with the code that was sent to one's address. @param {{key: string}} form */
export const signInWithMailedCode = ({ key }) => enter("POST", "auth/email/verify", { key: key.trim() });

/** Have another code sent to one's address; the one before it is no longer good. */
export async function askForAnotherCode() {
  try {
    await exchange("POST", `${ROOT}auth/email/verify/resend`);
  } catch (problem) {
    throw [409, 429].includes(problem.status) ? Object.assign(problem, { message: "No more codes can be sent just now. Wait an hour, then sign in for a new one." }) : problem;
  }
}

/** Go on with a code of the app or a recovery code. @param {{code: string, trust: boolean}} form */
export const signInWithCode = ({ code, trust }) => enter("POST", "auth/2fa/authenticate", { code, trust });

/** Go on with a passkey. @param {boolean} trust */
export const signInWithSecondPasskey = (trust) => enterWithPasskey("auth/webauthn/authenticate", { trust });

/** Sign in with a passkey and nothing else. */
export const signInWithPasskey = () => enterWithPasskey("auth/webauthn/login", {});

/** Leave a login that waits for its next step. */
export const giveUp = () => changingCookie(() => exchange("DELETE", `${ROOT}auth/session`)).catch(() => {}); // 401: nobody is signed in

async function enterWithPasskey(path, form) {
  const { data } = await worded(exchange("GET", ROOT + path));
  await enter("POST", path, { ...form, credential: await signWithPasskey(data.request_options) });
}

/** Take a step; whom it signs in is kept. Rejects with the problem, which may be that another step comes first. */
export const enter = (method, path, body, options) => changingCookie(async () => {
  try {
    const { data } = await worded(exchange(method, ROOT + path, body, options));
    keepUser(userOf(data.user));
  } catch (problem) {
    const { user } = problem.status === 409 ? await whoIsSignedIn() : {}; // in another tab, or as staff
    if (!user) throw problem;
    keepUser(user);
  }
});

/** A call below `/_allauth/` as the signed-in user. */
export const mine = (method, path, body) => worded(call(method, ROOT + path, body));

/**
 * What a change needs first. Who has neither a password nor a second factor can only sign in again, and is told so.
 * @param {ApiProblem} problem @returns {?{types: ?string[]}} null for other problems; types are null for a password
 */
export function proofFor(problem) {
  const flows = flowsOf(problem);
  if (!flows) return null;
  if (!flows.length) throw Object.assign(problem, { message: "Sign out and in again, then do this within a few minutes." });
  return { types: flows.find(({ id }) => id === "mfa_reauthenticate")?.types ?? null };
}

function flowsOf({ status, code, data }) {
  if (code === "auth.reauthentication_required") return data.flows ?? [];
  return status === 401 && data?.meta?.is_authenticated ? data.data.flows : null;
}
/** @returns {Promise<?{types: ?string[]}>} as `proofFor`; null for who has neither a password nor a second factor */
export async function waysToProve() {
  const [factors, { data }] = await Promise.all([listFactors(), mine("GET", "auth/session")]);
  if (factors.length) return { types: factors.map(({ type }) => type) };
  return data.user.has_usable_password ? { types: null } : null;
}
export const proveByPassword = (password) => mine("POST", "auth/reauthenticate", { password });
export const proveByCode = (code) => mine("POST", "auth/2fa/reauthenticate", { code });
export async function proveByPasskey() {
  const { data } = await mine("GET", "auth/webauthn/reauthenticate");
  await mine("POST", "auth/webauthn/reauthenticate", { credential: await signWithPasskey(data.request_options) });
}

export const listFactors = async () => (await mine("GET", "account/authenticators")).data;

/** A new secret for an app. @returns {Promise<{secret: string, totp_url: string, totp_svg: string}>} */
export const offerTotp = () =>
  mine("GET", "account/authenticators/totp").catch((problem) => {
    if (problem.status === 404) return problem.data.meta;
    throw problem;
  });
export const addTotp = (code) => mine("POST", "account/authenticators/totp", { code });
export const removeTotp = () => mine("DELETE", "account/authenticators/totp");

export async function addPasskey(name) {
  const { data } = await mine("GET", "account/authenticators/webauthn?passwordless");
  const credential = await makePasskey(data.creation_options);
  return (await mine("POST", "account/authenticators/webauthn", { name, credential })).data;
}
export const renamePasskey = (id, name) => mine("PUT", "account/authenticators/webauthn", { id, name });
export const removePasskey = (id) => mine("DELETE", "account/authenticators/webauthn", { authenticators: [id] });

/** The codes, or none of them when they were shown before. @returns {Promise<string[]>} */
export const unseenRecoveryCodes = async () => (await mine("GET", "account/authenticators/recovery-codes")).data.unused_codes ?? [];
export const newRecoveryCodes = async () => (await mine("POST", "account/authenticators/recovery-codes", {})).data.unused_codes;

/** The server says "Incorrect code." to everything; people want to know what to look at. @template T @param {Promise<T>} answering @returns {Promise<T>} */
export async function worded(answering) {
  try {
    return await answering;
  } catch (problem) {
    if (problem.reasons?.some((reason) => WRONG_LOGIN.includes(reason))) throw Object.assign(problem, { message: "The login or the password is wrong.", errors: {} });
    for (const [field, sentence] of Object.entries(WRONG)) {
      if (problem instanceof ApiProblem && problem.status === 400 && problem.errors[field]) throw Object.assign(problem, { message: sentence, errors: { [field]: [sentence] } });
    }
    throw problem;
  }
}
