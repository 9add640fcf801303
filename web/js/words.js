/** How things read: names, times, counts and links in text. Nothing here touches the page but the link elements it makes. */

import { h } from "./dom.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const dayWithYear = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const shortDay = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const shortMoment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

export const nameOf = (user) => user.display_name || user.username;
export const timeOf = (date) => clock.format(date);
/** A day and a time in short. @param {string} moment as RFC 3339 */
export const shortMomentOf = (moment) => shortMoment.format(new Date(moment));
export const momentOf = (date) => moment.format(date);
/** A day in short. @param {string|number} moment as RFC 3339, or in seconds */
export const dateOf = (moment) => shortDay.format(new Date(typeof moment === "number" ? moment * 1000 : moment));
/** How long ago, as roughly as the server knows it: last uses are told ten minutes late. @param {string} moment as RFC 3339 */
export function agoOf(moment, now = Date.now()) {
  const minutes = Math.floor((now - new Date(moment)) / 60_000);
  if (minutes < 10) return "a few minutes ago";
  if (minutes < 60) return `${minutes} minutes ago`;
  return minutes < 24 * 60 ? `${plural(Math.floor(minutes / 60), "hour")} ago` : `on ${dateOf(moment)}`;
}
export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;
/** Unread counts stop at 100 on the server, which then means "100 or more". */
export const countOf = (unread) => (unread > 99 ? "99+" : String(unread));

/** Beside the name of a program, so that nobody takes it for a person; null beside a person's. @param {{bot?: boolean}} user */
export const botBadge = (user) => (user.bot ? h("span.bot-badge", {}, "bot") : null);

/** "Today", "Yesterday", or the date. @param {Date} date */
export function dayOf(date, today = new Date()) {
  const days = Math.round((midnight(today) - midnight(date)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return (date.getFullYear() === today.getFullYear() ? day : dayWithYear).format(date);
}

const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());

/** "Ann", "Ann and Ben", "Ann, Ben and 3 others". @param {string[]} names */
export function listOf(names) {
  if (names.length <= 2) return names.join(" and ");
  if (names.length === 3) return `${names[0]}, ${names[1]} and ${names[2]}`;
  return `${names[0]}, ${names[1]} and ${names.length - 2} others`;
}

/** The tile that stands for a person or community: initials on a colour of its own. @param {{id: string}} whom @param {string} name */
export function avatar(whom, name, size = "") {
  const words = name.split(/[\s_.-]+/).filter(Boolean);
  const initials = words.length > 1 ? words[0][0] + words.at(-1)[0] : [...name].slice(0, 2).join("");
  const tile = h("span.avatar", { "aria-hidden": "true" }, initials.toUpperCase());
  tile.classList.add(`hue-${hueOf(whom.id)}`);
  if (size) tile.classList.add(size);
  return tile;
}

const hueOf = (id) => [...String(id)].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 8191, 7) % 8;

const LINK = /\bhttps?:\/\/[^\s<>"'`]+/gi;

/** Text as nodes, with http and https addresses as links; trailing punctuation stays outside. @returns {(string|Element)[]} */
export function linked(text) {
  const parts = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(LINK)) {
    const address = found.replace(/[.,;:!?)\]}]+$/, "");
    if (!URL.canParse(address)) continue;
    parts.push(text.slice(end, index), h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, address));
    end = index + address.length;
  }
  parts.push(text.slice(end));
  return parts;
}
