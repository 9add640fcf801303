/** Signing in past a password, and one's own second factors: django-allauth's routes for apps, which take our access token. No page. */

import { ApiProblem, call, exchange } from "./api.js";
import { makePasskey, signWithPasskey } from "./passkeys.js";
import { keepSession } from "./session.js";

const ROOT = "/_allauth/app/v1/";
const WRONG = { code: "This code is not right, or was used already.", key: "This code is not right.", credential: "This passkey was not accepted. It may have been removed." };

/** @typedef {{step: string, session_token: string, types: string[]}} Pending what waits for a next step: `mfa_authenticate`, `verify_email`, ... */

/** What a refused login waits for. @param {ApiProblem} problem @param {Pending} [before] the step before, whose token stays good
 * @returns {?Pending} null when it was refused for another reason */
export function pendingOf(problem, before) {
  if (problem.status !== 401) return null;
  const { session_token = before?.session_token, flows = [] } = { ...problem.data, ...problem.data.meta, ...problem.data.data };
  const flow = flows.find(({ is_pending }) => is_pending);
  return flow && session_token ? { step: flow.id, session_token, types: flow.types ?? [] } : null;
}

/** Go on with the code that was sent to one's address. @param {Pending} pending @param {{key: string}} form */
export const signInWithMailedCode = (pending, { key }) => finish(step(pending, "POST", "auth/email/verify", { key: key.trim() }));

/** Go on with a code of the app or a recovery code. @param {Pending} pending @param {{code: string, trust: boolean}} form */
export const signInWithCode = (pending, { code, trust }) => finish(step(pending, "POST", "auth/2fa/authenticate", { code, trust }));

/** Go on with a passkey. @param {Pending} pending @param {boolean} trust */
export async function signInWithSecondPasskey(pending, trust) {
  const { data } = await step(pending, "GET", "auth/webauthn/authenticate");
  const credential = await signWithPasskey(data.request_options);
  await finish(step(pending, "POST", "auth/webauthn/authenticate", { credential, trust }));
}

/** Sign in with a passkey and nothing else. */
export async function signInWithPasskey() {
  const { data, meta } = await worded(exchange("GET", `${ROOT}auth/webauthn/login`));
  const credential = await signWithPasskey(data.request_options);
  await finish(step(meta, "POST", "auth/webauthn/login", { credential }));
}

const step = ({ session_token }, method, path, body) => worded(exchange(method, ROOT + path, body, null, { "X-Session-Token": session_token }));

async function finish(answering) {
  const { meta } = await answering;
  const { access_token: access, refresh_token: refresh, expires_in } = meta;
  keepSession({ access, refresh, expires_in, user: await exchange("GET", "me", undefined, access) });
}

/** A call of the signed-in person to allauth's routes. @param {string} path below the root */
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

/** The server says "Incorrect code." to everything; people want to know what to look at. */
async function worded(answering) {
  try {
    return await answering;
  } catch (problem) {
    for (const [field, sentence] of Object.entries(WRONG)) {
      if (problem instanceof ApiProblem && problem.status === 400 && problem.errors[field]) throw Object.assign(problem, { message: sentence, errors: { [field]: [sentence] } });
    }
    throw problem;
  }
}
