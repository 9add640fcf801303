/** The REST side: one function per call of the signed-in user. How a request is made is in http.js. */

import { stillSignedIn } from "./cookie_session.js";
import { exchange } from "./http.js";

export { signOut } from "./cookie_session.js";
export { ApiProblem } from "./http.js";

/** One request as the signed-in user; when the server knows nobody, every tab hears that the session is over. */
export async function call(method, path, body) {
  try {
    return await exchange(method, path, body);
  } catch (problem) {
    const wantsProof = problem.data?.meta?.is_authenticated;
    if (problem.status !== 401 || wantsProof || !(await stillSignedIn())) throw problem;
    return exchange(method, path, body);
  }
}

/** Ask for something; what is null or empty in the query is left out. */
export const get = (path, query = {}) => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return call("GET", given.length ? `${path}?${new URLSearchParams(given)}` : path);
};
export const post = (path, body = {}) => call("POST", path, body);

/** Every page of a list. Lists here are short (rooms, members, communities); messages are paged by the reader. */
export const all = async (path, query = {}) => (await some(path, Infinity, query)).items;

/** The first `count` of a list that may be long, rounded up to whole pages. @returns {Promise<{items: object[], more: boolean}>} */
export async function some(path, count, query = {}) {
  const items = [];
  for (let cursor = null; ; ) {
    const page = await get(path, { limit: 100, ...query, cursor });
    items.push(...page.items);
    cursor = page.next;
    if (!cursor || items.length >= count) return { items, more: Boolean(cursor) };
  }
}

/** @returns {Promise<string>} a single-use ticket for the socket */
export const socketTicket = async () => (await post("gateway/ticket")).ticket;

export const listCommunities = () => all("communities");
/** A page of the listed communities, those whose name or address holds `search`. @returns {Promise<{items: object[], next: ?string}>} */
export const discoverCommunities = (search, cursor) => get("communities/discover", { limit: 50, search, cursor });
export const getCommunity = (id) => get(`communities/${id}`);
export const createCommunity = (form) => post("communities", form);
export const changeCommunity = (id, form) => call("PATCH", `communities/${id}`, form);
export const joinCommunity = (id) => post(`communities/${id}/join`);
export const leaveCommunity = (id) => post(`communities/${id}/leave`);

export const listMembers = (communityId) => all(`communities/${communityId}/members`);
/** The roles of a community, highest first. */
export const listRoles = (communityId) => all(`communities/${communityId}/roles`);
export const findMember = async (communityId, username) =>
  (await get(`communities/${communityId}/members`, { search: username })).items.find(({ user }) => user.username.toLowerCase() === username.toLowerCase());
export const addMember = (communityId, username) => post(`communities/${communityId}/members`, { username });
export const giveRole = (communityId, userId, roleId) => call("PUT", `communities/${communityId}/members/${userId}/roles/${roleId}`);
export const takeRole = (communityId, userId, roleId) => call("DELETE", `communities/${communityId}/members/${userId}/roles/${roleId}`);
/** A guest reaches only the rooms that they were added to. */
export const makeGuest = (communityId, userId) => call("PUT", `communities/${communityId}/members/${userId}/guest`);
export const makeFullMember = (communityId, userId) => call("DELETE", `communities/${communityId}/members/${userId}/guest`);
export const makeOwner = (communityId, userId) => call("PUT", `communities/${communityId}/owner`, { user_id: userId });
export const removeMember = (communityId, userId) => call("DELETE", `communities/${communityId}/members/${userId}`);

/** How we stand before the gates of a community. @returns {Promise<{passed: boolean, until: ?string, gates: object[]}>} */
export const explainGate = (communityId) => get(`communities/${communityId}/gate/explanation`);

export const listRooms = (communityId) => all(`communities/${communityId}/rooms`);
export const createRoom = (communityId, form) => post(`communities/${communityId}/rooms`, form);
export const openDirectRoom = (communityId, userId) => post(`communities/${communityId}/direct-rooms`, { user_id: userId });
export const listRoomMembers = (roomId) => all(`rooms/${roomId}/members`);
export const addRoomMember = (roomId, userId) => post(`rooms/${roomId}/members`, { user_id: userId });
export const removeRoomMember = (roomId, userId) => call("DELETE", `rooms/${roomId}/members/${userId}`);

export const listSessions = () => all("me/sessions");
export const endSession = (id) => call("DELETE", `me/sessions/${id}`);
export const endOtherSessions = () => call("POST", "me/sessions/revoke-others");

export const listTrustedDevices = async () => (await get("me/trusted-devices")).items;
export const distrustDevice = (id) => call("DELETE", `me/trusted-devices/${id}`);
export const distrustAllDevices = () => call("DELETE", "me/trusted-devices");

/** The newest page of a room, or the one before message number `before`. @returns {Promise<{items, next, head}>} */
export const listMessages = (roomId, before) => get(`rooms/${roomId}/messages`, { limit: 50, before });
