/** Who is there: the window that the page looks through, and what is seen through it. No page. */

import { changed, state } from "./state.js";

const GATHER_MS = 120;
const AGAIN_MS = 1_000;
const REPORT_EVERY_MS = 60_000;

/** @type {?import("./portcullis.js").Portcullis} */ let socket = null;
/** @type {{community: ?string, users: string[]}} */ let wanted = { community: null, users: [] };
/** @type {?string} the community in which the server knows of a window */ let open = null;
let timer = 0;
let reportedAt = 0;

/** Look through this socket; the window is asked for again after every break. @param {import("./portcullis.js").Portcullis} live */
export function lookOver(live) {
  socket = live;
  open = null;
  live.addEventListener("hello", ({ detail }) => {
    state.user = { ...state.user, presence: detail.user.presence };
    changed("user", "presence");
    open = null;
    askSoon(); // after the topics are followed again: a window belongs to one
  });
}

/** Look at these members of a community and at nobody else. @param {?string} community @param {string[]} users */
export function lookAt(community, users) {
  const most = socket?.hello?.limits?.presence_window ?? 100;
  const these = [...new Set(users)].slice(0, most);
  if (community === wanted.community && these.join() === wanted.users.join()) return;
  wanted = { community, users: these };
  askSoon();
}

/** Our standing changed, and with it perhaps whom we may see: ask again. */
export function lookAgain() {
  askSoon();
}

function askSoon(wait = GATHER_MS) {
  clearTimeout(timer);
  timer = setTimeout(ask, wait);
}

async function ask() {
  const { community, users } = wanted;
  if (socket?.state !== "online") return;
  try {
    if (open && open !== community) await socket.send("presence.unwatch", { community: open });
    open = community;
    if (!community) return;
    const { members } = await socket.send("presence.watch", { community, users });
    members.forEach(see);
  } catch (problem) {
    if (problem.retryable || problem.code === "presence.not_following") askSoon((problem.retryAfter ?? 0) * 1000 || AGAIN_MS);
  }
}

/** Take what was seen of a member. @param {{user: string, status: string, custom: ?object}} presence */
export function see({ user, status, custom }) {
  state.presence.set(user, { status, custom });
  changed("presence");
}

/** How somebody is shown: as the server says; ourselves also when nobody else is to see us. @param {string} user */
export function presenceOf(user) {
  const shown = state.presence.get(user) ?? { status: "offline", custom: null };
  if (user !== state.user?.id || state.user.presence?.status !== "invisible") return shown;
  return { status: "invisible", custom: state.user.presence.custom };
}

/** Choose what to be shown as; what is left out stays. @param {{status?: string, custom?: ?object}} preference */
export async function preferPresence(preference) {
  const presence = await socket.send("presence.set", preference);
  state.user = { ...state.user, presence };
  changed("user", "presence");
}

/** Somebody uses this page: said now and then, for reading alone sends nothing. */
export function reportUse() {
  if (socket?.state !== "online" || Date.now() - reportedAt < REPORT_EVERY_MS) return;
  reportedAt = Date.now();
  socket.send("presence.report", { active: true }).catch(() => {});
}
