/** The list of messages: what stands in it, and where the reader is in it. How one message looks is in message.js. */

import { loadOlder, outbox, tellRead } from "../conversation.js";
import { h, keyed } from "../dom.js";
import { state, titleOf } from "../state.js";
import { dayOf } from "../words.js";
import { buildMessage, updateMessage } from "./message.js";
import { complain } from "./toasts.js";

const TOGETHER_MS = 5 * 60_000;
const NEAR = 60;
const LOAD_AHEAD = 400;

/** @typedef {{key: string, kind: "day"|"new"|"message", text?: string, message?: object, first?: boolean}} Row */

/** @type {?{roomId: string, log: Element, list: Element, top: Element, latest: Element, opened: boolean, following: boolean}} */
let view = null;

/** @param {string} roomId @returns {Element} */
export function logView(roomId) {
  const top = h("div.log-top");
  const list = h("ol", { role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": "Messages" });
  const log = h("div.log", { tabindex: "0", role: "region", "aria-label": "Messages, use the arrow keys" }, top, list);
  const latest = h("button.button.primary.latest", { type: "button", hidden: true, onclick: toLatest }, "To the newest messages");
  view = { roomId, log, list, top, latest, opened: false, following: true };
  log.addEventListener("scroll", scrolled, { passive: true });
  log.addEventListener("keydown", walk);
  new ResizeObserver(() => view?.log === log && view.following && toEnd()).observe(log);
  showLog();
  return h("div.log-frame", {}, log, latest);
}

/** Show the present state of the room; the reader stays where they are, or at the end if they were there. */
export function showLog() {
  if (!view) return;
  const timeline = state.timelines.get(view.roomId);
  if (!timeline?.loaded) return showSkeleton(timeline);
  if (view.following) timeline.trim();
  const place = placeNow();
  view.list.removeAttribute("aria-busy");
  showTop(timeline);
  showRows(timeline);
  if (!view.opened) openAt(timeline);
  else if (view.following) toEnd();
  else restore(place);
  view.latest.hidden = view.following;
  markRead();
}

function showRows(timeline) {
  keyed(view.list, rowsOf(timeline), { key: (row) => row.key, build, update });
}

/** What is written before the messages have come, or cannot come, is shown all the same. */
function showSkeleton(timeline) {
  view.list.setAttribute("aria-busy", "true");
  if (timeline) showRows(timeline);
  if (!view.top.firstChild) view.top.replaceChildren(h("div.skeleton", { "aria-hidden": "true" }, [1, 2, 3, 4].map(() => h("span"))));
}

function showTop(timeline) {
  const key = `${timeline.hasOlder} ${timeline.messages.length === 0}`;
  if (view.top.dataset.key === key) return;
  view.top.dataset.key = key;
  if (timeline.hasOlder) return view.top.replaceChildren(h("p", {}, "Loading older messages …"));
  const name = titleOf(state.rooms.get(view.roomId));
  const advice = timeline.messages.length ? "This is where it begins." : "Nobody has written here yet. Say hello.";
  view.top.replaceChildren(h("div.beginning", {}, h("h2", {}, name), h("p", {}, advice)));
}

/** @returns {Row[]} */
function rowsOf(timeline) {
  const rows = [];
  const unsent = outbox.of(view.roomId).map((waiting) => ({ ...waiting, id: null, author: state.user, waiting: true }));
  const known = new Set(timeline.messages.map(({ nonce, author }) => author.id === state.user.id && nonce));
  let before = null;
  for (const message of [...timeline.messages, ...unsent.filter(({ nonce }) => !known.has(nonce))]) {
    const at = new Date(message.created_at);
    const divided = rows.length;
    if (!before || dayOf(at) !== dayOf(new Date(before.created_at))) rows.push({ key: `day ${at.toDateString()}`, kind: "day", text: dayOf(at) });
    if (startsNew(timeline, message, before)) rows.push({ key: "new", kind: "new", text: "New messages" });
    const first = divided !== rows.length || before.author.id !== message.author.id || at - new Date(before.created_at) > TOGETHER_MS;
    const mine = message.author.id === state.user.id;
    rows.push({ key: `message ${mine && message.nonce ? message.nonce : message.id}`, kind: "message", message, first });
    before = message;
  }
  return rows;
}

const startsNew = ({ divider }, message, before) => divider !== null && message.seq > divider && (!before || before.seq <= divider);

function build(row) {
  if (row.kind === "message") return buildMessage();
  return h(row.kind === "new" ? "li.divider.new" : "li.divider", {}, row.text);
}

function update(node, row) {
  if (row.kind === "message") updateMessage(node, row.message, row.first, view.roomId);
  else if (node.textContent !== row.text) node.textContent = row.text;
}

function openAt({ divider }) {
  view.opened = true;
  const line = divider === null ? null : view.list.querySelector(".divider.new");
  if (!line) return toEnd();
  view.log.scrollTop = line.offsetTop - view.log.clientHeight / 3;
  view.following = atEnd();
}

/**
 * A message on the screen and its distance from the top, to come back to after the list has changed. Not the oldest one:
 * when history comes before it, it may lose its heading and change its height.
 */
function placeNow() {
  const { log, list } = view;
  const anchor = [...list.querySelectorAll(".message ~ .message")].find((node) => node.offsetTop >= log.scrollTop);
  return anchor ? { anchor, offset: anchor.offsetTop - log.scrollTop } : null;
}

function restore(place) {
  if (place?.anchor.isConnected) view.log.scrollTop = place.anchor.offsetTop - place.offset;
}

const atEnd = () => view.log.scrollHeight - view.log.scrollTop - view.log.clientHeight < NEAR;
const toEnd = () => void (view.log.scrollTop = view.log.scrollHeight);

function toLatest() {
  view.following = true;
  toEnd();
  showLog();
  document.getElementById("message-box")?.focus();
}

function scrolled() {
  view.following = atEnd();
  view.latest.hidden = view.following;
  if (view.opened && view.log.scrollTop < LOAD_AHEAD) loadOlder(view.roomId).catch(complain);
  markRead();
}

/** Tell that everything was read, once the end is on a screen that somebody looks at. */
export function markRead() {
  const timeline = view && state.timelines.get(view.roomId);
  if (!timeline?.loaded || !view.log.isConnected || !view.following || document.hidden || !document.hasFocus()) return;
  const last = timeline.messages.at(-1);
  if (last) tellRead(view.roomId, last.seq);
}

/** Up and down walk from message to message; the buttons of the one with the focus can be reached with Tab. */
function walk(event) {
  if (!["ArrowUp", "ArrowDown"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("textarea")) return;
  const messages = [...view.list.querySelectorAll(".message")];
  const here = messages.indexOf(event.target.closest(".message"));
  const next = messages.at(here === -1 ? -1 : Math.max(0, here + (event.key === "ArrowUp" ? -1 : 1)));
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  event.preventDefault();
}

/** Open the newest own message for editing. @returns {boolean} whether there was one */
export function editLastOwn() {
  const button = [...view.list.querySelectorAll(".message .edit-action")].at(-1);
  button?.click();
  return Boolean(button);
}
