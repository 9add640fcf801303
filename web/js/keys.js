/** API keys and bots of the signed-in person: the calls, and what scopes are in words. No page. */

import { call } from "./api.js";

/** What a key can be allowed, in the order of the form. @type {[string, string][]} */
export const SCOPES = [
  ["chat:read", "Read rooms and messages"],
  ["chat:write", "Write, change and delete messages"],
  ["communities:read", "See communities and their members"],
  ["communities:join", "Join and leave communities"],
  ["communities:manage", "Create and change communities"],
  ["members:manage", "Add, remove and ban members, give roles"],
  ["rooms:manage", "Create, change and archive rooms"],
  ["profile:read", "See the profile"],
  ["profile:write", "Change the shown name and status"],
];

/** @param {string[]} scopes @returns {string} "Read rooms and messages; see the profile" */
export function scopesInWords(scopes) {
  const words = SCOPES.filter(([scope]) => scopes.includes(scope)).map(([, word]) => word).join("; ").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const keysOf = (bot) => (bot ? `me/bots/${bot.id}/keys` : "me/keys");

/** @param {?{id: string}} bot whose keys; null for one's own */
export const listKeys = async (bot) => (await call("GET", keysOf(bot))).items;
/** @returns {Promise<{key: object, secret: string}>} the secret is told this once */
export const makeKey = (bot, form) => call("POST", keysOf(bot), form);
/** Make the successor of a key, which lives on for some hours. @returns {Promise<{key: object, secret: string}>} */
export const replaceKey = (id, overlapHours) => call("POST", `me/keys/${id}/rotate`, { overlap_hours: overlapHours });
export const endKey = (id) => call("DELETE", `me/keys/${id}`);

export const listBots = async () => (await call("GET", "me/bots")).items;
export const makeBot = (form) => call("POST", "me/bots", form);
export const renameBot = (id, displayName) => call("PATCH", `me/bots/${id}`, { display_name: displayName });
export const deleteBot = (id) => call("DELETE", `me/bots/${id}`);
