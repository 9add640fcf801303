/** Where the person is, told by the address: `#/`, `#/c/<community>`, `#/c/<community>/r/<room>`, `#/settings/<section>`, the two forms of the entrance, and of links in mails. */

import { changed, state } from "./state.js";

const PATTERN = /^#\/c\/([\w-]+)(?:\/r\/([\w-]+))?$/;
const SETTINGS = /^#\/settings(?:\/([\w-]*))?$/;

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
export const settingsAddress = (section) => `#/settings/${section}`;
export const go = (address) => void (location.hash = address);

/**
 * Keep `state.route` equal to the address; `settings` is null outside of the settings and "" for their first section.
 * @param {(route: {community: ?string, room: ?string, settings: ?string}) => void} onRoute
 */
export function followAddress(onRoute) {
  const read = () => {
    const [, community = null, room = null] = PATTERN.exec(location.hash) ?? [];
    const inSettings = SETTINGS.exec(location.hash);
    const settings = inSettings ? inSettings[1] ?? "" : null;
    if (state.route.community === community && state.route.room === room && state.route.settings === settings) return;
    state.route = { community, room, settings };
    changed("route");
    onRoute(state.route);
  };
  addEventListener("hashchange", read);
  return read;
}
