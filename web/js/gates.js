/** Gates of communities and of rooms: the calls of who makes them. What a tree is, is in gate_trees.js. No page. */

import { call, get, post } from "./api.js";

/** What a gate hangs on: a community, or a room of it. @typedef {{community: string, room: ?string}} Place */

/**
 * A version as it is asked for; a null tree lets everybody in.
 * @typedef {{tree: ?object, reason: string, mode: "live"|"shadow", grace_days: Object<string, number>, grandfathered_until: ?string}} Draft
 */

const pathOf = ({ community, room }) => (room ? `rooms/${room}/gate` : `communities/${community}/gate`);

/** @param {Place} place @returns {Promise<{live: ?object, shadow: ?object}>} */
export const getGate = (place) => get(pathOf(place));
/** @param {Place} place @param {Draft} draft */
export const putGate = (place, draft) => call("PUT", pathOf(place), draft);
/** Who would gain and who would lose; nothing is changed. @param {Place} place @param {Draft} draft */
export const simulateGate = (place, draft) => post(`${pathOf(place)}/simulate`, draft);
/** For whom the version in the shadow decides differently. @param {Place} place */
export const compareShadow = (place) => get(`${pathOf(place)}/shadow`);
/** Newest first. @param {Place} place @param {?string} cursor @returns {Promise<{items: object[], next: ?string}>} */
export const listVersions = (place, cursor) => get(`${pathOf(place)}/versions`, { limit: 20, cursor });
/** @param {Place} place @param {number} number of an old version @param {string} reason */
export const rollBack = (place, number, reason) => post(`${pathOf(place)}/roll-back`, { number, reason });
/** How a member stands before the gates. @param {Place} place @param {string} userId */
export const explainFor = (place, userId) => get(`${pathOf(place)}/explanation`, { user: userId });

/** @type {?Promise<object>} */ let vocabulary = null;

/** What gates can be made of; the same for everybody, and asked once. */
export function gateVocabulary() {
  vocabulary ??= get("gates/requirements").catch((problem) => {
    vocabulary = null;
    throw problem;
  });
  return vocabulary;
}

/**
 * Words that requirements of a community may take, by parameter: to choose from, for there may be others.
 * @returns {Promise<{key: string[], service: string[]}>} keys of entitlements that can be tried, and services that can be asked
 */
export async function knownWords(communityId) {
  const listed = async (what) => (await get(`communities/${communityId}/${what}`).catch(() => ({ items: [] }))).items;
  const [trials, services] = await Promise.all([listed("trials"), listed("external-services")]);
  return { key: [...new Set(trials.map(({ key }) => key))], service: services.map(({ name }) => name) };
}
