/** Roles of a community and what they can give: the calls, and permissions under headings. No page. */

import { all, call, get, post } from "./api.js";

/** What there is to give does not change while the page is open. @type {?Promise<object[]>} */
let asked = null;

/** @returns {Promise<{name: string, about: string}[]>} everything that a role can give, in words */
export function listPermissions() {
  asked ??= get("permissions").then(({ items }) => items);
  asked.catch(() => (asked = null));
  return asked;
}

/** By how the name of a permission begins. */
const HEADINGS = [
  ["Rooms and messages", ["room", "message"]],
  ["Members", ["member", "invite", "application", "entitlement"]],
  ["The community", ["community", "role", "gate"]],
];

/** @param {{name: string}[]} permissions @returns {[string, object[]][]} the same under headings; what is of no known kind comes last */
export function underHeadings(permissions) {
  const kindOf = ({ name }) => name.split(".")[0];
  const known = HEADINGS.flatMap(([, kinds]) => kinds);
  const groups = HEADINGS.map(([heading, kinds]) => [heading, permissions.filter((one) => kinds.includes(kindOf(one)))]);
  return [...groups, ["More", permissions.filter((one) => !known.includes(kindOf(one)))]].filter(([, these]) => these.length);
}

/** @param {{name: string}} form @returns {Promise<object>} the role, just above the one that every member has */
export const createRole = (communityId, form) => post(`communities/${communityId}/roles`, form);
/** @param {{name?: string, colour?: string, permissions?: string[]}} changes */
export const changeRole = (communityId, id, changes) => call("PATCH", `communities/${communityId}/roles/${id}`, changes);
export const deleteRole = (communityId, id) => call("DELETE", `communities/${communityId}/roles/${id}`);
/** @param {string[]} ids of all roles but the default one, the highest first */
export const orderRoles = (communityId, ids) => call("PUT", `communities/${communityId}/roles/order`, { roles: ids });
export const listHolders = (communityId, id) => all(`communities/${communityId}/members`, { role: id });
