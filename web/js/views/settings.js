/** The settings: a list of sections beside the one that is open. What a section holds is its own file in `settings/`. */

import { h } from "../dom.js";
import { settingsAddress } from "../router.js";
import { state, watch } from "../state.js";
import { account } from "./settings/account.js";
import { apiKeys } from "./settings/api_keys.js";
import { appearance } from "./settings/appearance.js";
import { connections } from "./settings/connections.js";
import { devices } from "./settings/devices.js";
import { security } from "./settings/security.js";

/**
 * A section fills its box when it is opened, and again when one of its `parts` of the state has changed, or at `refreshSettings`.
 * @typedef {{name: string, title: string, about: string, parts?: string[], show: (box: Element) => void}} Section
 */

/** Every section, in the order of the list; the first one is opened by `#/settings`. @type {Section[]} */
export const SECTIONS = [security, account, connections, devices, apiKeys, appearance];

/** @type {?{section: Section, box: Element}} */
let open = null;

/** Keep the open section current; mounted once. */
export function mountSettings() {
  for (const { name, parts } of SECTIONS) if (parts) watch(parts, () => refreshSettings(name));
}

/** @param {string} name @returns {?Section} the section of that name, the first one for an empty name */
export const sectionOf = (name) => (name ? SECTIONS.find((section) => section.name === name) ?? null : SECTIONS[0]);

/** @param {Section} section @returns {Element[]} */
export function settingsPage(section) {
  const box = h("div.settings-box");
  open = { section, box };
  section.show(box);
  return [
    h("div.page.settings", {},
      h("nav.settings-list", { "aria-label": "Settings" }, SECTIONS.map((one) => linkTo(one, one === section))),
      h("div.settings-section", {}, h("h1", { tabindex: "-1" }, section.title), h("p.lead", {}, section.about), box)),
  ];
}

const linkTo = ({ name, title }, current) =>
  h("a.nav-link", { href: settingsAddress(name), "aria-current": current ? "page" : null }, title);

/** Show a section afresh when it is the one that is open. @param {string} name */
export function refreshSettings(name) {
  if (open?.section.name === name && state.route.settings !== null && open.box.isConnected) open.section.show(open.box);
}
