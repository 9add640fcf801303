/** Entitlements and trials: what one has, what a community offers, and giving and ending them. No page. */

import { all, call, get, post, some } from "./api.js";

export const listMyEntitlements = () => all("me/entitlements");
export const listTrials = async (communityId) => (await get(`communities/${communityId}/trials`)).items;
export const startTrial = (communityId, id) => post(`communities/${communityId}/trials/${id}/start`);

/** @param {number} count at least so many, the newest first @returns {Promise<{items: object[], more: boolean}>} */
export const listEntitlements = (communityId, count) => some(`communities/${communityId}/entitlements`, count);
/** @param {{user_id: string, key: string, reason: string, ends_at?: string}} form */
export const grant = (communityId, form) => post(`communities/${communityId}/entitlements`, form);
export const revoke = (communityId, id) => call("DELETE", `communities/${communityId}/entitlements/${id}`);
/** @param {{key: string, days: number}} form */
export const offerTrial = (communityId, form) => call("PUT", `communities/${communityId}/trials`, form);
export const withdrawTrial = (communityId, id) => call("DELETE", `communities/${communityId}/trials/${id}`);
