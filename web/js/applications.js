/** Applications: the form of a community, one's own applications, and what reviewers do with those of others. No page. */

import { all, call, get, getCommunity, post, some } from "./api.js";

/** @returns {Promise<?object>} the newest version of the form, open or closed; null where there never was one */
export const getForm = (communityId) => get(`communities/${communityId}/application-form`).catch(noneFor404);
const noneFor404 = (problem) => {
  if (problem.status === 404) return null;
  throw problem;
};

/** @param {{introduction: string, questions: object[], cool_down_days: number}} form */
export const putForm = (communityId, form) => call("PUT", `communities/${communityId}/application-form`, form);
export const closeForm = (communityId) => call("DELETE", `communities/${communityId}/application-form`);

/** The communities to which one has applied without an answer yet; those that one may not know of any more are left out. */
export async function listAwaited() {
  const waiting = (await all("me/applications")).filter(({ status }) => status === "pending");
  const cards = await Promise.all(waiting.map(({ community }) => getCommunity(community).catch(noneFor404)));
  return cards.filter(Boolean);
}

/** One's own latest application to a community, null without one. */
export const myApplication = async (communityId) => (await all("me/applications")).find(({ community }) => community === communityId) ?? null;
/** @param {string} communityId @param {number} form the version that was read @param {Object<string, string|boolean>} answers by question */
export const apply = (communityId, form, answers) => post(`communities/${communityId}/applications`, { form, answers });
export const withdraw = (applicationId) => post(`me/applications/${applicationId}/withdraw`);

const one = (communityId, id) => `communities/${communityId}/applications/${id}`;

/** @param {"pending"|"approved"|"refused"|"withdrawn"} status @param {number} count at least so many, the oldest first @returns {Promise<{items: object[], more: boolean}>} */
export const listApplications = (communityId, status, count) => some(`communities/${communityId}/applications`, count, { status });
/** @returns {Promise<{application: object, questions: object[], answers: object[], votes: object[]}>} */
export const getApplication = (communityId, id) => get(one(communityId, id));
export const claim = (communityId, id) => post(`${one(communityId, id)}/claim`);
export const release = (communityId, id) => call("DELETE", `${one(communityId, id)}/claim`);
/** @param {{verdict: "approve"|"refuse", note: string}} form */
export const vote = (communityId, id, form) => call("PUT", `${one(communityId, id)}/vote`, form);
/** @param {string[]} applications @param {{verdict: "approve"|"refuse", reason: string}} form @returns {Promise<{application: string, refused: ?string}[]>} */
export const decide = async (communityId, applications, form) => (await post(`communities/${communityId}/applications/decisions`, { applications, ...form })).outcomes;

/** From when on somebody whose application was refused may apply again. @returns {?Date} null when they may now */
export function applyAgainAt({ status, decided_at }, { cool_down_days }, now = new Date()) {
  if (status !== "refused") return null;
  const at = new Date(new Date(decided_at).getTime() + cool_down_days * 86_400_000);
  return at > now ? at : null;
}
