/** Gates in plain words, for who makes them. What somebody who stands before one is told, comes from the server. */

import { state } from "./state.js";
import { plural } from "./words.js";

/** @type {Object<string, string>} by requirement */
const TITLES = {
  verified_email: "Verified e-mail address",
  verified_phone: "Verified phone number",
  two_factor: "Second factor",
  min_age: "Age",
  account_age: "Age of the account",
  member_for: "Length of membership",
  role: "Role",
  entitlement: "Entitlement",
  invite: "Invite",
  application: "Approved application",
  level: "Level",
  external: "Answer of a service",
};

/** What a number or a word of a requirement is called. @type {Object<string, string>} */
export const PARAMETERS = { years: "Years", days: "Days", level: "Level", role: "Role", key: "Key", service: "Service" };

/** @type {Object<string, (node: object, communityId: string) => string>} what a requirement says with its parameters */
const SENTENCES = {
  min_age: ({ years }) => `At least ${plural(years, "year")} old`,
  account_age: ({ days }) => `Account at least ${plural(days, "day")} old`,
  member_for: ({ days }) => `Member for at least ${plural(days, "day")}`,
  role: ({ role }, communityId) => `Role: ${roleName(role, communityId)}`,
  entitlement: ({ key }) => `Entitlement: ${key}`,
  level: ({ level }) => `Level ${level} or higher`,
  external: ({ service }) => `Service ${service} says yes`,
  all: () => "All of these:",
  any: () => "One of these:",
  at_least: ({ k }) => `At least ${k} of these:`,
  not: ({ of }, communityId) => (of.of ? "This must not be so:" : `Not: ${saying(communityId)(of)}`),
};

const roleName = (id, communityId) => state.roles.get(communityId)?.find((role) => role.id === id)?.name ?? "one that is not known here";

/** @param {string} type @returns {string} */
export const titleOfRequirement = (type) => TITLES[type] ?? type.replaceAll("_", " ");

/** How nodes of a community's gates are said. @param {string} communityId @returns {(node: object) => string} */
export const saying = (communityId) => (node) => SENTENCES[node.type]?.(node, communityId) ?? titleOfRequirement(node.type);
