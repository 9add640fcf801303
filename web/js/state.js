/** What the client knows, in one place, and who wants to hear of changes. No requests and no page. */

import { nameOf } from "./words.js";

/**
 * @typedef {import("./timeline.js").Timeline} Timeline
 * @typedef {"user"|"route"|"communities"|"rooms"|"members"|"timeline"|"typing"|"presence"|"connection"|"factors"|"sessions"|"keys"|"phone"|"connections"|"shut"|"gates"|
 *   "cards"|"invites"|"applications"|"entitlements"|"rules"} Part
 */

const blank = () => ({
  user: null,
  /** @type {import("./router.js").Route} where the person is */ route: { community: null, room: null, page: null, section: null, detail: null, settings: null, invite: null },
  /** @type {?object[]} null until loaded */ communities: null,
  /** @type {object[]} communities to which one has applied without an answer yet */ awaited: [],
  /** @type {{search: string, items: ?object[], next: ?string}} communities to be found; the items are null until loaded */ discover: { search: "", items: null, next: null },
  /** @type {Map<string, ?import("./cards.js").Card>} communities seen from outside, by id; null for those that we may not know of */ cards: new Map(),
  /** @type {Map<string, object>} rooms by id, of every community loaded so far */ rooms: new Map(),
  /** @type {Set<string>} communities whose rooms are loaded */ opened: new Set(),
  /** @type {Map<string, object[]>} of communities and of rooms, by id */ members: new Map(),
  /** @type {Map<string, object[]>} by community, highest first */ roles: new Map(),
  /** @type {Map<string, Timeline>} by room */ timelines: new Map(),
  /** @type {Map<string, object>} every user met so far, by id */ people: new Map(),
  /** @type {Map<string, Map<string, number>>} until when, by room and user */ typing: new Map(),
  /** @type {Map<string, {status: string, custom: ?object}>} how members are shown, by user */ presence: new Map(),
  /** @type {Map<string, {title: string, message: string, missing: object[], remedy: ?string}>} what was closed to us, by id */ closed: new Map(),
  /** @type {Map<string, ?object>} communities whose gate we do not pass, by id, and how we stand before it, null until that is loaded */ shut: new Map(),
  connection: { state: "connecting", retryAt: null, code: null, reason: null },
});

export const state = blank();

/** Forget everything, as after signing out. */
export function forgetState() {
  Object.assign(state, blank());
  changed("user", "route", "communities", "rooms", "members", "timeline", "typing", "presence", "connection");
}

/** @type {{parts: Part[], listener: () => void}[]} */
const watchers = [];
/** @type {Set<Part>} */
const dirty = new Set();
let scheduled = false;

/** Call `listener` now and, at most once per frame, after any of `parts` changed. @param {Part[]} parts @param {() => void} listener */
export function watch(parts, listener) {
  watchers.push({ parts, listener });
  listener();
}

/** Say what changed. @param {...Part} parts */
export function changed(...parts) {
  parts.forEach((part) => dirty.add(part));
  if (scheduled) return;
  scheduled = true;
  if (document.hidden) setTimeout(tell, 100);
  else requestAnimationFrame(tell);
}

function tell() {
  scheduled = false;
  const now = new Set(dirty);
  dirty.clear();
  for (const { parts, listener } of watchers) if (parts.some((part) => now.has(part))) listener();
}

export const currentCommunity = () => state.communities?.find(({ id }) => id === state.route.community) ?? null;
export const currentRoom = () => state.rooms.get(state.route.room) ?? null;
export const roomsOf = (communityId) => [...state.rooms.values()].filter(({ community }) => community === communityId);

/** Whether our roles in the community give a permission. The server decides; this only spares people useless buttons. */
export const may = (community, permission) => Boolean(community?.my_permissions.includes(permission));
/** The role of that id, null until the roles of its community are loaded. */
export const roleOf = (communityId, roleId) => state.roles.get(communityId)?.find(({ id }) => id === roleId) ?? null;
/** How high somebody stands: by their highest role, which comes first, and owners above all. */
const rank = (communityId, { is_owner, roles }) => (is_owner ? Infinity : (roleOf(communityId, roles[0])?.position ?? 0));
/** Whether a role stands below our highest. */
export const belowUs = (community, { position }) => position < rank(community.id, { is_owner: community.is_owner, roles: community.my_roles });
/** Whether we stand above a member of the community. */
export const outranks = (community, member) => rank(community.id, { is_owner: community.is_owner, roles: community.my_roles }) > rank(community.id, member);

/** Remember who a user id is. */
export const learn = (user) => void state.people.set(user.id, user);
/** The other one of a direct room. */
export const partnerOf = (room) => room.participants.find(({ id }) => id !== state.user.id) ?? room.participants[0];
export const titleOf = (room) => (room.kind === "direct" ? nameOf(partnerOf(room)) : room.name);

/** What to say of something that was closed to us: the server's reason and what it says can be done. */
export const closing = (title, { message = "You no longer have access to it.", missing = [], remedy }) => ({ title, message, missing, remedy: remedy?.text ?? null });
