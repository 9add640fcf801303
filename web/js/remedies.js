/** Where in this client somebody mends what a gate asks for: the server names its own routes, which are for programs. */

import { post } from "./api.js";
import { applyAddress, communitySettingsAddress, settingsAddress } from "./router.js";

/**
 * What is missing, and the page that mends it or what can be done at once.
 * @typedef {{what: string, label?: string, to?: (communityId: string) => string, act?: (communityId: string) => Promise<*>, done?: string}} Way
 */

/** @type {Object<string, Way>} by requirement */
const REQUIREMENTS = {
  verified_email: { what: "A verified e-mail address", label: "To your addresses", to: () => settingsAddress("security") },
  verified_phone: { what: "A verified phone number", label: "To your number", to: () => settingsAddress("account") },
  two_factor: { what: "A second factor", label: "Set one up", to: () => settingsAddress("security") },
  min_age: { what: "A certain age", label: "To your birth date", to: () => settingsAddress("account") },
  application: { what: "An approved application", label: "Apply", to: applyAddress },
  invite: { what: "An invite" },
  role: { what: "A certain role" },
  entitlement: { what: "What gives access here", label: "See what is on offer", to: (communityId) => communitySettingsAddress(communityId, "entitlements") },
  level: { what: "A certain level" },
  account_age: { what: "An older account" },
  member_for: { what: "A longer membership" },
  external: {
    what: "A yes of the service that this community asks",
    label: "Ask it again",
    act: (communityId) => post(`communities/${communityId}/external-answers/refresh`),
    done: "The service is being asked.",
  },
  not: { what: "Something that must not be so" },
};

/** @param {string} requirement @returns {?Way} null for what no gate asks for */
export const remedyOf = (requirement) => REQUIREMENTS[requirement] ?? null;
