/** The rules of a community: reading, accepting and changing them. No page. */

import { all, call, get, post, some } from "./api.js";

/** @returns {Promise<{rules: ?object, required_number: number, accepted_number: number}>} */
export const getRules = (communityId) => get(`communities/${communityId}/rules`);
/** @param {number} number of the version that was read */
export const acceptRules = (communityId, number) => post(`communities/${communityId}/rules/accept`, { number });
/** @param {{text: string, summary: string, must_accept: boolean}} form */
export const putRules = (communityId, form) => call("PUT", `communities/${communityId}/rules`, form);
export const listRulesVersions = (communityId) => all(`communities/${communityId}/rules/versions`);
/** Who accepted a version, the last one first. @returns {Promise<{items: object[], more: boolean}>} */
export const listAcceptances = (communityId, number) => some(`communities/${communityId}/rules/acceptances`, 1, { number });
