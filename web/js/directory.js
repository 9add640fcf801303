/** Loading and refreshing the lists: communities, their rooms, their members. Live topics are followed as lists arrive. */

import * as api from "./api.js";
import { changed, learn, roomsOf, state } from "./state.js";

/** @type {(topic: string, after?: number) => void} */
let follow = () => {};

/** Tell the directory how topics are followed. @param {(topic: string, after?: number) => void} how */
export const followWith = (how) => void (follow = how);

export async function loadCommunities() {
  state.communities = await api.listCommunities();
  for (const { id } of state.communities) {
    follow(`community:${id}`);
    state.closed.delete(id);
  }
  changed("communities");
}

export async function loadDiscoverable() {
  state.discover = (await api.discoverCommunities()).filter(({ my_role }) => !my_role);
  changed("communities");
}

/** Load the rooms of a community. Each list entry tells its topic's head, so following from there misses nothing. */
export async function loadRooms(communityId) {
  const rooms = await api.listRooms(communityId);
  const listed = new Set(rooms.map(({ id }) => id));
  for (const { id, archived_at } of roomsOf(communityId)) if (!listed.has(id) && !archived_at) state.rooms.delete(id);
  for (const room of rooms) {
    state.rooms.set(room.id, room);
    state.closed.delete(room.id);
    follow(`room:${room.id}`, room.head_seq);
  }
  state.opened.add(communityId);
  changed("rooms");
}

/** Load who takes part in a room, or who belongs to a community; ids tell them apart. @param {string} id */
export async function loadMembers(id) {
  const members = await (state.rooms.has(id) ? api.listRoomMembers(id) : api.listMembers(id));
  members.forEach((member) => learn(member.user ?? member));
  state.members.set(id, members);
  changed("members");
}

/** A function that runs `load(id)` soon, once for many calls with the same id. Failures wait for the next reason to load. */
function soon(load) {
  const waiting = new Set();
  return (id) => {
    if (waiting.has(id)) return;
    waiting.add(id);
    setTimeout(() => {
      waiting.delete(id);
      load(id).catch(() => {});
    }, 120);
  };
}

export const refreshCommunities = soon(loadCommunities);
export const refreshRooms = soon(loadRooms);
export const refreshMembers = soon(loadMembers);

/** After a resync: everything that is shown, again. */
export function refreshAll() {
  refreshCommunities();
  state.opened.forEach(refreshRooms);
  state.members.forEach((_, id) => refreshMembers(id));
}
