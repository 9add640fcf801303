/** The signed-in session: a token pair kept across reloads and tabs, refreshed by one tab at a time. No requests but that. */

const KEY = "portcullis.session";
const ENDED = "portcullis.session-ended";
const EARLY_MS = 60_000;

/** @typedef {{access: string, refresh: string, expiresAt: number, user: ?object}} Session */

/** @type {?Session} */
let session = read();
const changes = new EventTarget();

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY));
  } catch {
    return null;
  }
}

function write(next) {
  const wasSignedIn = session !== null;
  session = next;
  if (next) localStorage.setItem(KEY, JSON.stringify(next));
  else localStorage.removeItem(KEY);
  if (wasSignedIn !== (next !== null)) changes.dispatchEvent(new Event("change"));
}

globalThis.addEventListener("storage", ({ key }) => {
  if (key !== KEY && key !== null) return;
  const before = session?.user?.id;
  session = read();
  if (before !== session?.user?.id) changes.dispatchEvent(new Event("change"));
});

/** Call `listener` when somebody signs in or out, in this tab or another. @param {() => void} listener */
export const onSessionChange = (listener) => changes.addEventListener("change", listener);

/** @returns {?object} the signed-in user */
export const signedInUser = () => session?.user ?? null;

/** @returns {?string} the present access token, fresh or not */
export const accessToken = () => session?.access ?? null;

/** @returns {number} when the present access token ends, in milliseconds */
export const accessTokenEnd = () => session?.expiresAt ?? 0;

/** Keep the answer of sign-up, login or refresh. @param {{access: string, refresh: string, expires_in: number, user?: object}} pair */
export function keepSession({ access, refresh, expires_in, user = session?.user ?? null }) {
  localStorage.removeItem(ENDED);
  write({ access, refresh, expiresAt: Date.now() + expires_in * 1000, user });
}

/** Forget the session on this device. */
export function forgetSession() {
  localStorage.removeItem(ENDED);
  write(null);
}

/** Forget a session that has not been ended from here, and remember that, for every tab, until somebody signs in. */
export function sessionEnded() {
  if (read()) localStorage.setItem(ENDED, "yes"); // another tab may have signed out a moment ago
  write(null);
}

/** @returns {boolean} whether the last session of this device ended without anybody here signing out */
export const wasEnded = () => localStorage.getItem(ENDED) !== null;

/**
 * Return an access token that is good for a while, refreshing it when needed; null when nobody is signed in.
 * Tabs share the refresh token and each use rotates it, so only one refreshes and the others read its result.
 * @param {(refresh: string) => Promise<object>} refresh calls the server; a refusal ends the session
 * @param {?string} rejected an access token that the server has just refused
 */
export async function freshToken(refresh, rejected = null) {
  if (isFresh(session, rejected)) return session.access;
  return exclusively(async () => {
    session = read();
    if (!session) return null;
    if (!isFresh(session, rejected)) await renew(refresh);
    return session?.access ?? null;
  });
}

const isFresh = (candidate, rejected) =>
  candidate !== null && candidate.access !== rejected && candidate.expiresAt - EARLY_MS > Date.now();

async function renew(refresh) {
  try {
    keepSession(await refresh(session.refresh));
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    sessionEnded();
  }
}

let queue = Promise.resolve();

/** One at a time across tabs where the browser has locks, else within this tab. */
function exclusively(action) {
  if (navigator.locks) return navigator.locks.request(KEY, action);
  return (queue = queue.then(action, action));
}
