/** Who is signed in on this device, as far as scripts may know: the session itself is a cookie that they cannot read. Shared by tabs. No requests. */

const USER = "portcullis.user";
const ENDED = "portcullis.session-ended";
const LEAVING = "portcullis.leaving";

localStorage.removeItem("portcullis.session"); // tokens, which earlier versions kept here

/** @typedef {{id: string, username: string, display_name: string}} Known what everybody may know of somebody */

/** @type {?Known} */
let user = read();
const changes = new EventTarget();

function read() {
  try {
    return JSON.parse(localStorage.getItem(USER));
  } catch {
    return null;
  }
}

function become(next) {
  const before = user?.id;
  user = next;
  if (before !== next?.id) changes.dispatchEvent(new Event("change"));
}

function write(next) {
  if (next) localStorage.setItem(USER, JSON.stringify(next));
  else localStorage.removeItem(USER);
  become(next);
}

globalThis.addEventListener("storage", ({ key }) => {
  if (key === USER || key === null) become(read());
});

/** Call `listener` when somebody signs in or out, in this tab or another. @param {() => void} listener */
export const onSessionChange = (listener) => changes.addEventListener("change", listener);

/** @returns {?Known} who is signed in, as far as is known here; the server may know better */
export const signedInUser = () => user;

/** Remember who has signed in. @param {Known} signedIn */
export function keepUser({ id, username, display_name }) {
  localStorage.removeItem(ENDED);
  write({ id, username, display_name });
}

/** Forget who was signed in, because they sign out here; the server is still to be told. */
export function leave() {
  localStorage.removeItem(ENDED);
  localStorage.setItem(LEAVING, "yes");
  write(null);
}

/** Whether somebody has signed out here and the server was not told yet, so that the cookie is still good. */
export const isLeaving = () => localStorage.getItem(LEAVING) !== null;
export const hasLeft = () => localStorage.removeItem(LEAVING);

/** Forget a session that has not been ended from here, and remember that, for every tab, until somebody signs in. */
export function sessionEnded() {
  if (read()) localStorage.setItem(ENDED, "yes"); // another tab may have signed out a moment ago
  write(null);
}

/** @returns {boolean} whether the last session of this device ended without anybody here signing out */
export const wasEnded = () => localStorage.getItem(ENDED) !== null;
