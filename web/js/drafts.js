/** What was typed and not sent, per user, community and room, kept across reloads. */

const PREFIX = "portcullis.draft.";
const keyOf = (userId, { community, id }) => `${PREFIX}${userId}.${community}.${id}`;

/** @param {string} userId @param {{community: string, id: string}} room */
export const readDraft = (userId, room) => localStorage.getItem(keyOf(userId, room)) ?? "";

export function keepDraft(userId, room, text) {
  if (text.trim()) localStorage.setItem(keyOf(userId, room), text);
  else localStorage.removeItem(keyOf(userId, room));
}

/** The drafts of a community, or of one of its rooms. @param {string} communityId @param {?string} roomId @returns {string[]} */
export const draftsIn = (userId, communityId, roomId) => keysIn(userId, communityId, roomId).map((key) => localStorage.getItem(key));
export const dropDraftsIn = (userId, communityId, roomId) => keysIn(userId, communityId, roomId).forEach((key) => localStorage.removeItem(key));

const keysIn = (userId, communityId, roomId) => Object.keys(localStorage).filter((key) => key.startsWith(keyOf(userId, { community: communityId, id: roomId ?? "" })));
