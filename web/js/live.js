/** The stream applied: what each event and each turn of the connection changes in the state. No page. */

import * as api from "./api.js";
import { closeCommunity, shutCommunity } from "./closed.js";
import { closeRoom, converseOver, openRoom, outbox } from "./conversation.js";
import { stillSignedIn } from "./cookie_session.js";
import { followFromHead, followWith, loadCommunities, loadUnmet, refreshAll, refreshCommunities, refreshMembers, refreshRoles, refreshRooms } from "./directory.js";
import { applyToSelf, rulesChanged } from "./own_events.js";
import { Portcullis } from "./portcullis.js";
import { lookAgain, lookOver, see } from "./presence.js";
import { keepUser } from "./session.js";
import { changed, currentRoom, learn, state } from "./state.js";

const TYPING_LASTS_MS = 10_000;
/** Kinds of topics that tell of one part of the state, for who manages it. */
const MANAGED = ["invites", "applications", "entitlements"];
const PROVE_EVERY_MS = 30_000;
/** The proof has ended, and the session has. */
const UNPROVEN = [4501, 4504];

/** @type {?Portcullis} */ let socket = null;
let provenAt = 0;

/** Connect as the signed-in user and keep the state current from now on. */
export async function goLive() {
  socket = new Portcullis({ getTicket: api.socketTicket });
  socket.addEventListener("hello", ({ detail }) => (state.user = { ...state.user, ...detail.user }));
  socket.addEventListener("state", ({ detail }) => connectionChanged(detail));
  socket.addEventListener("event", ({ detail }) => apply(detail));
  socket.addEventListener("revoked", ({ detail }) => revoked(detail));
  socket.addEventListener("resync", ({ detail }) => resync(detail.topic));
  converseOver(socket);
  lookOver(socket);
  followWith((topic, after) => socket.follow(topic, { after }));
  followFromHead(`user:${state.user.id}`, () => refreshCommunities());
  socket.connect();
  await loadCommunities();
}

export function leaveLive() {
  socket?.close();
  socket = null;
}

/** Try again at once, with fresh proof of who we are. */
export const reconnectNow = () => socket?.connect();

function connectionChanged(detail) {
  const unproven = detail.state === "refused" && UNPROVEN.includes(detail.code);
  state.connection = unproven ? { ...detail, state: "reconnecting" } : detail;
  changed("connection");
  if (detail.state === "online") arrived();
  if (unproven) proveAgain(socket);
}

/** Another tab may have signed in somebody else since we were drawn: nothing of ours is sent in their name. */
function arrived() {
  if (socket.hello.user.id !== state.user.id) return queueMicrotask(() => keepUser(socket.hello.user));
  outbox.flush();
  loadUnmet();
  const { room } = state.route;
  if (state.timelines.get(room)?.loaded === false) openRoom(room).catch(() => {});
}

/** The server closed the socket for want of a proof. Who is still signed in comes back without a word; the others hear that it is over. */
function proveAgain(refused) {
  const ask = async () => {
    if (socket !== refused || refused.state !== "refused") return;
    provenAt = Date.now();
    try {
      if (await stillSignedIn()) reconnectNow();
    } catch {
      proveAgain(refused); // the server cannot be asked just now
    }
  };
  setTimeout(ask, Math.max(0, provenAt + PROVE_EVERY_MS - Date.now()));
}

function apply(event) {
  const [kind, id] = event.topic.split(":");
  if (kind === "room") applyToRoom(id, event);
  else if (kind === "community") applyToCommunity(id, event);
  else if (MANAGED.includes(kind)) changed(kind);
  else applyToSelf(event);
}

function applyToRoom(roomId, { t, seq, d }) {
  if (t === "typing.started") return typing(roomId, d.user);
  if (t === "gate.changed") changed("gates");
  state.timelines.get(roomId)?.apply({ t, seq, d });
  changed("timeline");
  const room = reached(roomId, seq);
  if (t === "message.created") messageArrived(room, d.message);
  else if (t === "message.deleted" && room?.unread) refreshRooms(room.community);
  else if (room && (t === "room.updated" || t === "room.archived")) {
    state.rooms.set(roomId, { ...room, ...d.room });
    changed("rooms");
  } else if (t.startsWith("room_member.") && roomId === state.route.room) refreshMembers(roomId);
}

/** Remember how far we know a room: a list that was made earlier knows less. @returns {?object} the room */
function reached(roomId, seq) {
  const room = state.rooms.get(roomId);
  if (room && seq) state.rooms.set(roomId, { ...room, head_seq: seq });
  return state.rooms.get(roomId);
}

function messageArrived(room, message) {
  learn(message.author);
  state.typing.get(message.room)?.delete(message.author.id);
  changed("typing");
  if (!room || message.author.id === state.user.id || message.seq <= room.read_seq) return;
  state.rooms.set(room.id, { ...room, unread: Math.min(100, room.unread + 1) });
  changed("rooms");
}

function typing(roomId, userId) {
  if (userId === state.user.id) return;
  const here = state.typing.get(roomId) ?? new Map();
  state.typing.set(roomId, here.set(userId, Date.now() + TYPING_LASTS_MS));
  changed("typing");
  setTimeout(() => changed("typing"), TYPING_LASTS_MS + 50);
}

function applyToCommunity(communityId, { t, d }) {
  if (t === "gate.changed") return changed("gates");
  if (t === "presence.changed") return see(d.presence);
  if (t.startsWith("member.")) {
    if (t === "member.updated" && d.member.user.id === state.user.id) lookAgain();
    if (state.members.has(communityId)) refreshMembers(communityId);
    if (currentRoom()?.community === communityId) refreshMembers(state.route.room);
    refreshCommunities();
  } else if (/^roles?\./.test(t)) {
    if (state.roles.has(communityId)) refreshRoles(communityId);
    refreshCommunities();
  } else if (t === "rooms.changed") refreshRooms(communityId);
  else if (t === "community.updated") refreshCommunities();
  else if (t === "rules.changed") rulesChanged();
}

/** A topic was closed to us. @param {{topic: string, code: string, message: string, missing: object[], remedy: ?{text: string}}} detail */
function revoked({ topic, ...why }) {
  const [kind, id] = topic.split(":");
  if (kind === "room") roomClosed(id, why);
  else if (kind === "community") communityClosed(id, why);
}

function roomClosed(id, why) {
  const community = state.rooms.get(id)?.community;
  closeRoom(id, why);
  if (community && state.opened.has(community)) refreshRooms(community); // it may have been given back already
}

function communityClosed(id, why) {
  if (why.code === "gate.closed") shutCommunity(id);
  else closeCommunity(id, why);
  if (why.code === "access.changed") refreshCommunities(); // it was given back already
  if (id === state.route.community) refreshRooms(id); // and a gate may be open again by now
}

/** Events were missed for good: take what is shown from REST again. */
function resync(topic) {
  const [kind, id] = topic.split(":");
  refreshAll();
  if (MANAGED.includes(kind)) changed(kind);
  if (kind === "room" && state.timelines.has(id)) openRoom(id, { again: true }).catch(() => {});
}
