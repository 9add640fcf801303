/** The REST side: one function per call, JSON in and out, problem+json turned into errors with a code. No state but the session. */

import { accessToken, accessTokenEnd, forgetSession, freshToken, keepSession } from "./session.js";

const ROOT = "/api/v1/";

/** A refusal in the server's words. `errors` names the fields to mend, `reasons` are their codes; `retryable` whether the same may work later. */
export class ApiProblem extends Error {
  /** @param {number} status @param {object} problem the body of application/problem+json */
  constructor(status, { code = `http.${status}`, detail, title, retryable = status >= 500, retry_after, errors, ...data }) {
    super(detail || title || (Array.isArray(errors) && errors[0]?.message) || "The server gave no reason.");
    const named = Array.isArray(errors) ? byField(errors) : errors ?? (data.field ? { [data.field]: [this.message] } : {});
    const reasons = Array.isArray(errors) ? errors.map((error) => error.code) : [];
    Object.assign(this, { status, code, retryable, retryAfter: retry_after ?? null, errors: named, reasons, data });
  }
}

/** The form in which mistakes come from `/_allauth/`. @param {{param?: string, message: string}[]} errors */
const byField = (errors) => Object.fromEntries(errors.filter(({ param }) => param).map(({ param, message }) => [param, [message]]));

const unreachable = () =>
  new ApiProblem(0, { code: "connection.lost", detail: "The server cannot be reached. Check your connection.", retryable: true });

/** One request; a path that begins with a slash is taken as it is. @param {?string} token @param {object} [more] headers */
export async function exchange(method, path, body, token, more = {}) {
  const headers = { Accept: "application/json", ...more };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(path.startsWith("/") ? path : ROOT + path, { method, headers, body: body && JSON.stringify(body) }).catch(() => {
    throw unreachable();
  });
  const answer = response.status === 204 ? null : await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiProblem(response.status, answer);
  return answer;
}

const refreshPair = (refresh) => exchange("POST", "auth/refresh", { refresh });

/** One request as the signed-in user, with a fresh token when the present one is refused. */
export async function call(method, path, body) {
  const token = await freshToken(refreshPair);
  try {
    return await exchange(method, path, body, token);
  } catch (problem) {
    if (problem.status !== 401 || !token || problem.data.meta?.is_authenticated) throw problem;
    const renewed = await freshToken(refreshPair, token);
    if (!renewed) throw problem;
    return exchange(method, path, body, renewed);
  }
}

const get = (path, query = {}) => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return call("GET", given.length ? `${path}?${new URLSearchParams(given)}` : path);
};
const post = (path, body = {}) => call("POST", path, body);

/** Every page of a list. Lists here are short (rooms, members, communities); messages are paged by the reader. */
async function all(path, query = {}) {
  const items = [];
  for (let cursor = null; ; ) {
    const page = await get(path, { limit: 100, ...query, cursor });
    items.push(...page.items);
    cursor = page.next;
    if (!cursor) return items;
  }
}

export async function signUp(form) {
  keepSession(await exchange("POST", "auth/sign-up", form));
}

export async function signIn(form) {
  keepSession(await exchange("POST", "auth/login", form));
}

/** Sign out on this device first, so that no tab takes it for an end from elsewhere, and on the server when it can be reached. */
export function signOut() {
  const token = accessToken();
  forgetSession();
  if (token) fetch(`${ROOT}auth/logout`, { method: "POST", headers: { Authorization: `Bearer ${token}` }, keepalive: true }).catch(() => {});
}

/** @returns {Promise<string>} a single-use ticket for the socket */
export const socketTicket = async () => (await post("gateway/ticket")).ticket;
/** @returns {Promise<?{token: string, expiresAt: number}>} an access token for the socket's `auth` frame */
export async function socketToken() {
  const token = await freshToken(refreshPair);
  return token && { token, expiresAt: accessTokenEnd() };
}

export const listCommunities = () => all("communities");
export const discoverCommunities = () => all("communities/discover");
export const createCommunity = (form) => post("communities", form);
export const joinCommunity = (id) => post(`communities/${id}/join`);
export const leaveCommunity = (id) => post(`communities/${id}/leave`);

export const listMembers = (communityId) => all(`communities/${communityId}/members`);
export const findMember = async (communityId, username) =>
  (await get(`communities/${communityId}/members`, { search: username })).items.find(({ user }) => user.username.toLowerCase() === username.toLowerCase());
export const addMember = (communityId, username) => post(`communities/${communityId}/members`, { username });
export const removeMember = (communityId, userId) => call("DELETE", `communities/${communityId}/members/${userId}`);

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
