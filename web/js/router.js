/**
 * Where the person is, told by the address: `#/`, `#/c/<community>`, `#/c/<community>/r/<room>`, `#/c/<community>/apply`,
 * `#/c/<community>/settings/<section>/<what in it>`, `#/settings/<section>`, `#/invite/<code>`, the two forms of the entrance, and of links in mails.
 */

import { changed, state } from "./state.js";

const PATTERN = /^#\/c\/([\w-]+)(?:\/r\/([\w-]+)|\/(apply))?$/;
const INVITE = /^#\/invite\/([^/]+)$/;
const SETTINGS = /^#\/settings(?:\/([\w-]*))?$/;
const COMMUNITY_SETTINGS = /^#\/c\/([\w-]+)\/settings(?:\/([\w-]*)(?:\/([\w-]+))?)?$/;

const ENTRANCE = /^#\/(sign-in|sign-up)$/;
const MAIL_LINK = /^#\/(reset-password|verify-email)(?:\/(.*))?$/;

/** The link of a mail that brought the person here. @returns {?{page: string, key: string}} */
export function mailLink() {
  const [, page, key = ""] = MAIL_LINK.exec(location.hash) ?? [];
  return page ? { page, key: unescaped(key) } : null;
}

const unescaped = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** The code of the invite that the address holds; behind the #, so no server logs it. @returns {?string} */
export const inviteCode = () => {
  const [, code] = INVITE.exec(location.hash) ?? [];
  return code === undefined ? null : unescaped(code);
};
export const inviteAddress = (code) => `#/invite/${encodeURIComponent(code)}`;

/** The form of the entrance that the address names. @returns {?("sign-in"|"sign-up")} */
export const entranceForm = () => ENTRANCE.exec(location.hash)?.[1] ?? null;
/** Let the address name a form, unless it names a place to go to after signing in. @param {"sign-in"|"sign-up"} form */
export function nameEntranceForm(form) {
  if (entranceForm() || location.hash.length < 3) history.replaceState(null, "", form === "sign-in" ? "#/" : `#/${form}`);
}
/** Somebody came in: the form is no place to be at. */
export const leaveEntranceForm = () => entranceForm() && history.replaceState(null, "", "#/");

/** Forget the link, in the history of the browser as well: its key is a secret. */
export const leaveMailLink = () => history.replaceState(null, "", "#/");

export const communityAddress = (communityId) => `#/c/${communityId}`;
export const roomAddress = (communityId, roomId) => `#/c/${communityId}/r/${roomId}`;
/** @param {string} communityId @param {string} section @param {?string} [detail] the id of what is open in the section */
export const communitySettingsAddress = (communityId, section, detail = null) => `#/c/${communityId}/settings/${section}${detail ? `/${detail}` : ""}`;
export const applyAddress = (communityId) => `#/c/${communityId}/apply`;
export const settingsAddress = (section) => `#/settings/${section}`;
export const go = (address) => void (location.hash = address);
/** Go somewhere instead of here: the way back does not lead here again. */
export const goInstead = (address) => location.replace(address);

/** @typedef {{community: ?string, room: ?string, page: ?string, section: ?string, detail: ?string, settings: ?string, invite: ?string}} Route */

/** @returns {Route} */
function routeOf(address) {
  const [, community = null, room = null, page = null] = PATTERN.exec(address) ?? [];
  const [, within = null, section = "", detail = null] = COMMUNITY_SETTINGS.exec(address) ?? [];
  const settings = SETTINGS.exec(address);
  return { community: community ?? within, room, page, section: within && section, detail, settings: settings ? settings[1] ?? "" : null, invite: inviteCode() };
}

/**
 * Keep `state.route` equal to the address. `settings` is null outside of one's own settings, `section` outside of those of a community;
 * both are "" for the first section.
 * @param {(route: Route) => void} onRoute
 */
export function followAddress(onRoute) {
  const read = () => {
    const route = routeOf(location.hash);
    if (Object.entries(route).every(([part, value]) => state.route[part] === value)) return;
    state.route = route;
    changed("route");
    onRoute(route);
  };
  addEventListener("hashchange", read);
  return read;
}
