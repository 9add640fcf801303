/** Where the person is, told by the address: `#/`, `#/c/<community>`, `#/c/<community>/r/<room>`, `#/c/<community>/settings/<section>/<what in it>`, `#/settings/<section>`, the two forms of the entrance, and of links in mails. */

import { changed, state } from "./state.js";

const PATTERN = /^#\/c\/([\w-]+)(?:\/r\/([\w-]+))?$/;
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
export const settingsAddress = (section) => `#/settings/${section}`;
export const go = (address) => void (location.hash = address);

/** @typedef {{community: ?string, room: ?string, section: ?string, detail: ?string, settings: ?string}} Route */

/** @returns {Route} */
function routeOf(address) {
  const [, community = null, room = null] = PATTERN.exec(address) ?? [];
  const [, within = null, section = "", detail = null] = COMMUNITY_SETTINGS.exec(address) ?? [];
  const settings = SETTINGS.exec(address);
  return { community: community ?? within, room, section: within && section, detail, settings: settings ? settings[1] ?? "" : null };
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
