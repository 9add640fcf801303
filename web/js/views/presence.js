/** Who is there, on the page: the dot and words of a member, the rows in sight, and choosing one's own status. */

import { h } from "../dom.js";
import { lookAt, preferPresence, presenceOf, reportUse } from "../presence.js";
import { state, watch } from "../state.js";
import { timeOf } from "../words.js";
import { askForm } from "./dialogs.js";

const WORDS = { online: "online", idle: "idle", dnd: "do not disturb", offline: "offline", invisible: "invisible" };
const STATUSES = [["online", "Online"], ["idle", "Idle"], ["dnd", "Do not disturb"], ["invisible", "Invisible: look as if away"]];
const LASTING = [["", "Until I change it"], ["1800", "30 minutes"], ["3600", "1 hour"], ["14400", "4 hours"], ["86400", "1 day"]];

export function mountPresence() {
  watch(["presence", "user"], () => document.querySelectorAll("[data-presence-of]").forEach(paint));
  for (const sign of ["pointerdown", "keydown", "wheel"]) addEventListener(sign, reportUse, { passive: true });
}

/** The dot of a member and, for those who cannot see it, its word. @param {string} userId */
export function dotOf(userId) {
  const dot = h("span.presence", { "data-presence-of": userId }, h("span.visually-hidden"));
  paint(dot);
  return dot;
}

/** What a member says of themselves, or `other` while they say nothing. @param {string} userId @param {string} other */
export function sayingOf(userId, other) {
  const saying = h("small", { "data-presence-of": userId, "data-other": other });
  paint(saying);
  return saying;
}

function paint(node) {
  const { status, custom } = presenceOf(node.dataset.presenceOf);
  if (node.dataset.other !== undefined) node.textContent = custom ? said(custom) : node.dataset.other;
  else {
    node.dataset.status = status;
    node.title = WORDS[status];
    node.firstChild.textContent = ` (${WORDS[status]})`;
  }
}

const said = ({ emoji, text }) => [emoji, text].filter(Boolean).join(" ");

/** In words, for the card of a member. @param {string} userId */
export function presenceWords(userId) {
  const { status, custom } = presenceOf(userId);
  return [WORDS[status], custom && said(custom)].filter(Boolean).join(" · ");
}

/** @type {?IntersectionObserver} */ let observer = null;

/** Look at the members whose rows are in sight, as one scrolls; at nobody when there are none. */
export function lookAtRows(panel, communityId) {
  observer?.disconnect();
  observer = null;
  if (!communityId) return lookAt(null, []);
  const inSight = new Set();
  observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) inSight[isIntersecting ? "add" : "delete"](target.dataset.user);
    lookAt(communityId, [...inSight]);
  }, { root: panel, rootMargin: "100px 0px" });
  panel.querySelectorAll("[data-user]").forEach((row) => observer.observe(row));
}

export function askStatus() {
  const { status = "online", custom = null } = state.user.presence ?? {};
  const until = custom?.expires_at ? [["keep", `Until ${timeOf(new Date(custom.expires_at))}`]] : [];
  const fields = [
    { name: "status", label: "Show me as", options: STATUSES, value: status },
    { name: "emoji", label: "Emoji (optional)", maxlength: 16, value: custom?.emoji ?? "", autocomplete: "off" },
    { name: "text", label: "What others read beside your name (optional)", maxlength: 128, value: custom?.text ?? "", autocomplete: "off" },
    { name: "lasting", label: "For how long", options: [...until, ...LASTING], value: until.length ? "keep" : "" },
  ];
  askForm("Your status", null, fields, { label: "Save", submit: (form) => preferPresence({ status: form.status, custom: customOf(form, custom) }) });
}

function customOf({ emoji, text, lasting }, before) {
  if (!emoji.trim() && !text.trim()) return null;
  const left = lasting === "keep" ? Math.ceil((new Date(before.expires_at) - Date.now()) / 1000) : Number(lasting);
  return { emoji, text, expires_in: left > 0 ? left : null };
}
