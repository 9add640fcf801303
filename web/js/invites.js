/** Invites: looking at one and coming in by it; listing, making and ending those of a community. No page. */

import { all, call, post } from "./api.js";
import { exchange } from "./http.js";

/** Where a code leads. For anybody: who is not signed in is told less. @returns {Promise<{community: ?object, invited_by: ?object, expires_at: string}>} */
export const previewInvite = (code) => exchange("POST", "invites/preview", { code });
export const acceptInvite = (code) => post("invites/accept", { code });

export const listInvites = (communityId) => all(`communities/${communityId}/invites`);
/** @param {{hours: number, max_uses: number, role?: string, room?: string}} form with a room it is for guests of it @returns {Promise<object>} with its code */
export const makeInvite = (communityId, form) => post(`communities/${communityId}/invites`, form);
export const revokeInvite = (communityId, id) => call("DELETE", `communities/${communityId}/invites/${id}`);
/** Who came by an invite, the last one first. */
export const listInviteUses = (communityId, id) => all(`communities/${communityId}/invites/${id}/uses`);
