/** Loading and refreshing the lists: communities, their rooms, their members. Live topics are followed as lists arrive. */

import * as api from "./api.js";
import { listAwaited } from "./applications.js";
import { openCommunity, shutCommunity } from "./closed.js";
import { closeRoom } from "./conversation.js";
import { changed, learn, roomsOf, state } from "./state.js";

/** @type {(topic: string, after?: number) => Promise<object>} */ let follow = () => Promise.reject();
/** @type {Map<string, Promise<object>>} topics that are followed from wherever their head was */ const fromHead = new Map();
/** @type {Map<string, Promise<void>>} the last of what is being fetched, by name */ const turns = new Map();
/** @type {Map<string, () => Promise<void>>} what could not be fetched, by name */ const unmet = new Map();

/** Begin for somebody who has just come in. @param {(topic: string, after?: number) => Promise<object>} how topics are followed */
export function followWith(how) {
  follow = how;
  for (const map of [fromHead, turns, unmet]) map.clear();
}

/** Follow a topic of which no list tells the head: what happened before that head may be in none of the lists, so fetch `again` then. */
export function followFromHead(topic, again) {
  const followed = follow(topic);
  if (fromHead.get(topic) === followed) return;
  fromHead.set(topic, followed);
  followed.then(again, () => {});
}

/**
 * Fetch something and take it: after what is being fetched under this name already, so that the newest answer is taken last, and once
 * more when the connection is back if the server could not be reached. Nothing is taken that was fetched for somebody else.
 */
export function load(name, fetch, take) {
  const asked = follow;
  const turn = (turns.get(name) ?? Promise.resolve()).catch(() => {}).then(async () => {
    unmet.delete(name);
    try {
      const found = await fetch();
      if (asked === follow) take(found);
    } catch (problem) {
      if (asked === follow && problem.retryable) unmet.set(name, () => load(name, fetch, take));
      throw problem;
    }
  });
  turns.set(name, turn);
  return turn;
}

/** The connection is back: fetch what could not be fetched without it. */
export const loadUnmet = () => unmet.forEach((again) => again().catch(() => {}));

export const loadCommunities = () =>
  load("communities", api.listCommunities, (communities) => {
    state.communities = communities;
    for (const { id } of communities) {
      followFromHead(`community:${id}`, () => refreshCommunity(id));
      state.closed.delete(id);
    }
    changed("communities");
  });

/** Where one waits to be let in. */
export const loadAwaited = () =>
  load("awaited", listAwaited, (awaited) => {
    state.awaited = awaited;
    changed("communities");
  });

/** The first communities to be found that `search` names, all of them for none. */
export const loadDiscoverable = (search = state.discover.search) =>
  load("discover", () => api.discoverCommunities(search), ({ items, next }) => found(search, items, next));

export const loadMoreDiscoverable = ({ search, items, next } = state.discover) =>
  load("discover", () => api.discoverCommunities(search, next), (page) => found(search, [...items, ...page.items], page.next));

function found(search, items, next) {
  state.discover = { search, items, next };
  changed("communities");
}

/** The rooms of a community, null when its gate is closed to us. */
const roomsBehindGate = (communityId) =>
  api.listRooms(communityId).catch((problem) => {
    if (problem.code !== "gate.closed") throw problem;
    return null;
  });

/** What is said of a room that is missing from the list, before it is known why, if ever. */
const GONE = { message: "It is no longer among your rooms: it was closed to you, or put away." };

/** Load the rooms of a community. Each list entry tells its topic's head, so following from there misses nothing. */
export const loadRooms = (communityId) =>
  load(`rooms of ${communityId}`, () => roomsBehindGate(communityId), (rooms) => {
    if (!rooms) return shutCommunity(communityId);
    openCommunity(communityId);
    const listed = new Set(rooms.map(({ id }) => id));
    for (const { id, archived_at } of roomsOf(communityId)) if (!listed.has(id) && !archived_at) closeRoom(id, GONE);
    for (const room of rooms) {
      state.rooms.set(room.id, newest(state.rooms.get(room.id), room));
      state.closed.delete(room.id);
      follow(`room:${room.id}`, room.head_seq);
    }
    state.opened.add(communityId);
    changed("rooms");
  });

/** A room as it is listed, but for what events, or reading it, have told since the list was made. */
function newest(known, listed) {
  if (!known) return listed;
  const ahead = known.read_seq > listed.read_seq || (known.read_seq === listed.read_seq && known.head_seq > listed.head_seq);
  const { read_seq, unread } = ahead ? known : listed;
  return { ...(known.head_seq > listed.head_seq ? known : listed), read_seq, unread };
}

/** Load who takes part in a room, or who belongs to a community; ids tell them apart. @param {string} id */
export const loadMembers = (id) =>
  load(`members of ${id}`, () => (state.rooms.has(id) ? api.listRoomMembers(id) : api.listMembers(id)), (members) => {
    members.forEach((member) => learn(member.user ?? member));
    state.members.set(id, members);
    changed("members");
  });

/** Load the roles of a community, which everything that shows its members needs. */
export const loadRoles = (communityId) =>
  load(`roles of ${communityId}`, () => api.listRoles(communityId), (roles) => {
    state.roles.set(communityId, roles);
    changed("members");
  });

/** A function that runs `fetched(id)` soon, once for many calls with the same id. */
function soon(fetched) {
  const waiting = new Set();
  return (id) => {
    if (waiting.has(id)) return;
    waiting.add(id);
    setTimeout(() => {
      waiting.delete(id);
      fetched(id).catch(() => {});
    }, 120);
  };
}

export const refreshCommunities = soon(loadCommunities);
export const refreshRooms = soon(loadRooms);
export const refreshMembers = soon(loadMembers);
export const refreshRoles = soon(loadRoles);

/** Fetch again what was fetched of a community, or is being fetched. */
function refreshCommunity(id) {
  if (turns.has(`rooms of ${id}`)) refreshRooms(id);
  if (turns.has(`roles of ${id}`)) refreshRoles(id);
  for (const where of [id, ...roomsOf(id).map((room) => room.id)]) if (turns.has(`members of ${where}`)) refreshMembers(where);
}

/** After a resync: everything that is shown, again. */
export function refreshAll() {
  refreshCommunities();
  state.opened.forEach(refreshRooms);
  state.members.forEach((_, id) => refreshMembers(id));
  state.roles.forEach((_, id) => refreshRoles(id));
}
