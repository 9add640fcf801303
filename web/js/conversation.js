/** What a person does in a room: open it, read back, write, change, delete, tell that they type or have read. No page. */

import * as api from "./api.js";
import { draftsIn, dropDraftsIn } from "./drafts.js";
import { Outbox } from "./outbox.js";
import { changed, closing, learn, state, titleOf } from "./state.js";
import { Timeline } from "./timeline.js";

const TYPING_EVERY_MS = 5_000;
const READ_DELAY_MS = 400;

/** @type {import("./portcullis.js").Portcullis} */ let socket;
/** @type {?Outbox} */ export let outbox = null;
const loading = new Set();
const lastTyping = new Map();

/** Use this connection for the signed-in user. @param {import("./portcullis.js").Portcullis} connection */
export function converseOver(connection) {
  socket = connection;
  outbox = new Outbox(state.user.id, {
    send: ({ room, body, nonce }) => socket.send("message.send", { room, body, nonce }),
    onSent: acknowledged,
    onChange: () => changed("timeline"),
  });
}

function acknowledged({ room, body, nonce, created_at }, { id, seq }) {
  const message = { id, room, seq, author: state.user, body, reply_to: null, nonce, created_at, edited_at: null, deleted: false };
  state.timelines.get(room)?.acknowledge(message);
}

/** The timeline of a room, fetched when needed. Events that arrive meanwhile wait inside it. */
export async function openRoom(roomId, { again = false } = {}) {
  const room = state.rooms.get(roomId);
  const timeline = state.timelines.get(roomId) ?? new Timeline();
  state.timelines.set(roomId, timeline);
  if (loading.has(roomId) || (timeline.loaded && !again)) return;
  loading.add(roomId);
  timeline.expectSnapshot();
  try {
    const page = await api.listMessages(roomId);
    page.items.forEach(({ author }) => learn(author));
    timeline.takeSnapshot(page);
    if (!again) timeline.divider = room?.unread ? room.read_seq : null;
    changed("timeline");
  } catch (problem) {
    if (problem.status === 404 || problem.status === 403) closeRoom(roomId, problem);
    else throw problem;
  } finally {
    loading.delete(roomId);
  }
}

export async function loadOlder(roomId) {
  const timeline = state.timelines.get(roomId);
  if (!timeline?.hasOlder || loading.has(roomId)) return;
  loading.add(roomId);
  try {
    timeline.takeOlder(await api.listMessages(roomId, timeline.messages[0].seq));
    changed("timeline");
  } finally {
    loading.delete(roomId);
  }
}

/** A room was closed to us: nothing of it stays, and the reason takes its place. @param {string} roomId @param {object} why */
export function closeRoom(roomId, why) {
  const room = state.rooms.get(roomId);
  state.closed.set(roomId, closing(room ? titleOf(room) : (state.closed.get(roomId)?.title ?? null), why));
  forgetRoom(roomId);
}

/** Nothing of a room stays here but what we wrote ourselves and did not send. */
export function forgetRoom(roomId) {
  for (const map of [state.rooms, state.timelines, state.typing, state.members]) map.delete(roomId);
  socket.unfollow(`room:${roomId}`);
  changed("rooms", "timeline", "route", "members");
}

export function write(roomId, body) {
  const timeline = state.timelines.get(roomId);
  if (timeline) timeline.divider = null;
  lastTyping.delete(roomId);
  outbox.add(state.rooms.get(roomId), body);
}

/** What we wrote in a community, or in one of its rooms, and did not send. @param {?string} roomId @returns {{messages: string[], drafts: string[]}} */
export const unsentIn = (communityId, roomId) => ({
  messages: outbox.within(communityId, roomId).map(({ body }) => body),
  drafts: draftsIn(state.user.id, communityId, roomId),
});

export function dropUnsentIn(communityId, roomId) {
  outbox.within(communityId, roomId).forEach(({ nonce }) => outbox.discard(nonce));
  dropDraftsIn(state.user.id, communityId, roomId);
}

export const editMessage = (message, body) => socket.send("message.edit", { message, body });
export const deleteMessage = (message) => socket.send("message.delete", { message });

export function tellTyping(roomId) {
  if (Date.now() - (lastTyping.get(roomId) ?? 0) < TYPING_EVERY_MS) return;
  lastTyping.set(roomId, Date.now());
  socket.send("typing.start", { room: roomId }).catch(() => {});
}

/** @type {Map<string, number>} by room */ const readTimers = new Map();

/** Everything up to `seq` was on the screen. @param {string} roomId @param {number} seq */
export function tellRead(roomId, seq) {
  const room = state.rooms.get(roomId);
  if (!room || seq <= room.read_seq) return;
  state.rooms.set(roomId, { ...room, read_seq: seq, unread: 0 });
  changed("rooms");
  clearTimeout(readTimers.get(roomId));
  readTimers.set(roomId, setTimeout(() => socket.send("room.read", { room: roomId, seq }).catch(() => {}), READ_DELAY_MS));
}
