/** The session behind the cookie: whose it is, as the server says, and ending it. No page. */

import { exchange } from "./http.js";
import { hasLeft, isLeaving, keepUser, leave, sessionEnded, signedInUser } from "./session.js";

const LOCK = "portcullis.session";

/** @typedef {{step: string, types: string[]}} Pending what a login waits for: `mfa_authenticate`, `verify_email`, ... */

/** The user of an answer of `/_allauth/`. @returns {import("./session.js").Known} */
export const userOf = ({ id, username, display }) => ({ id, username, display_name: display });

/** What a refused login waits for. @param {import("./http.js").ApiProblem} problem @returns {?Pending} null when it was refused for another reason */
export function pendingOf(problem) {
  if (problem.status !== 401) return null;
  const { flows = [] } = { ...problem.data, ...problem.data.data };
  const flow = flows.find(({ is_pending }) => is_pending);
  return flow ? { step: flow.id, types: flow.types ?? [] } : null;
}

/** Ask the server. @returns {Promise<{user: ?import("./session.js").Known, pending: ?Pending}>} rejects when it cannot say */
export async function whoIsSignedIn() {
  try {
    const { data } = await exchange("GET", "/_allauth/browser/v1/auth/session");
    return { user: userOf(data.user), pending: null };
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    return { user: null, pending: pendingOf(problem) };
  }
}

/**
 * Ask the server whether the person whom we know is still signed in, and say so to every tab if not. Whoever else is signed in by now
 * takes their place. @returns {Promise<boolean>} rejects when the server cannot say
 */
export async function stillSignedIn() {
  const known = signedInUser();
  const { user } = known ? await whoIsSignedIn() : { user: null };
  if (user) keepUser(user);
  else if (known) sessionEnded();
  return Boolean(user) && user.id === known.id;
}

/** Sign out: on this device first, so that no tab takes it for an end from elsewhere, and on the server when it can be reached. */
export async function signOut() {
  leave();
  await exclusively(finishLeaving).catch(() => {});
}

/** Tell the server of a sign-out that it has not heard of. Rejects when it cannot be reached: nobody may come in by the old cookie meanwhile. */
export async function finishLeaving() {
  if (!isLeaving()) return;
  await exchange("POST", "auth/logout", undefined, { keepalive: true }).catch((problem) => {
    if (problem.status !== 401) throw problem; // it was over already
  });
  hasLeft();
}

/** Do what changes the cookie when nobody else does, and after a sign-out has come to its end. @template T @param {() => Promise<T>} act @returns {Promise<T>} */
export const changingCookie = (act) => exclusively(async () => (await finishLeaving(), act()));

let queue = Promise.resolve();

/** One at a time across tabs where the browser has locks, else within this tab. */
function exclusively(action) {
  if (navigator.locks) return navigator.locks.request(LOCK, action);
  return (queue = queue.then(action, action));
}
