/** What there is to know and to set about a community: a list of sections beside the one that is open. Each section is its own file in `community_settings/`. */

import { h, icon, keyed } from "../dom.js";
import { communityAddress, communitySettingsAddress } from "../router.js";
import { currentCommunity, state, watch } from "../state.js";
import { applicationForm } from "./community_settings/application_form.js";
import { applications } from "./community_settings/applications.js";
import { entitlements } from "./community_settings/entitlements.js";
import { invites } from "./community_settings/invites.js";
import { gates } from "./community_settings/gates.js";
import { overview } from "./community_settings/overview.js";
import { roles } from "./community_settings/roles.js";
import { rules } from "./community_settings/rules.js";

/**
 * A section fills its box when it is opened, and again when one of its `parts` of the state has changed, or at `refreshCommunitySettings`.
 * It is there for whom `isFor` says so, by default for every member. What is open in it, if anything, is `state.route.detail`.
 * @typedef {{name: string, title: string, about: string, isFor?: (community: object) => boolean, parts?: string[],
 *   show: (box: Element, community: object) => void}} Section
 */

/** Every section, in the order of the list; the first one is opened by `#/c/<community>/settings`. @type {Section[]} */
export const SECTIONS = [
  overview,
  rules,
  roles,
  gates,
  invites,
  applications,
  applicationForm,
  entitlements,
];

/** @type {?{section: Section, box: Element, list: Element}} */
let open = null;

/** Keep the open section current; mounted once. */
export function mountCommunitySettings() {
  for (const { name, parts } of SECTIONS) if (parts) watch(parts, () => refreshCommunitySettings(name));
  watch(["communities"], () => isShown() && listSections(currentCommunity()));
}

const sectionsFor = (community) => SECTIONS.filter(({ isFor }) => !isFor || isFor(community));

/** @param {object} community @param {string} name @returns {?Section} the section of that name, the first one for an empty name */
export const communitySectionOf = (community, name) => sectionsFor(community).find((section) => !name || section.name === name) ?? null;

/** @param {Section} section @param {object} community @returns {Element[]} */
export function communitySettingsPage(section, community) {
  const box = h("div.settings-box");
  const list = h("nav.settings-list", { "aria-label": `About ${community.name}` });
  open = { section, box, list };
  listSections(community);
  section.show(box, community);
  return [
    h("div.page.settings", {}, list,
      h("div.settings-section", {},
        h("p.way-back", {}, h("a", { href: communityAddress(community.id) }, icon("back"), "Back to the rooms")),
        h("h1", { tabindex: "-1" }, section.title), h("p.lead", {}, section.about), box)),
  ];
}

const listSections = (community) =>
  keyed(open.list, sectionsFor(community), {
    key: ({ name }) => name,
    build: (one) => h("a.nav-link", { href: communitySettingsAddress(community.id, one.name), "aria-current": one === open.section ? "page" : null }, one.title),
  });

/** Show a section afresh when it is the one that is open. @param {string} name */
export function refreshCommunitySettings(name) {
  if (open?.section.name === name && isShown()) open.section.show(open.box, currentCommunity());
}

const isShown = () => Boolean(open?.box.isConnected && state.route.section !== null && currentCommunity());
