/** What was typed and not sent, per user and room, kept across reloads. */

const keyOf = (userId, roomId) => `portcullis.draft.${userId}.${roomId}`;

export const readDraft = (userId, roomId) => localStorage.getItem(keyOf(userId, roomId)) ?? "";

export function keepDraft(userId, roomId, text) {
  if (text.trim()) localStorage.setItem(keyOf(userId, roomId), text);
  else localStorage.removeItem(keyOf(userId, roomId));
}
