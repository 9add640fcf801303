/** One room: its head, its messages, the box to write in. */

import { h, iconButton } from "../dom.js";
import { openRoom } from "../conversation.js";
import { communityAddress, communitySettingsAddress, go } from "../router.js";
import { currentCommunity, may, state, titleOf, watch } from "../state.js";
import { composer } from "./composer.js";
import { logView, showLog } from "./log.js";
import { toggleMembers } from "./members.js";
import { complain } from "./toasts.js";

/** @type {?{room: string, refresh: () => void}} */
let open = null;

/** @param {object} room @returns {Element[]} */
export function roomView(room) {
  const head = header(room);
  const log = logView(room.id);
  const box = composer(room.id);
  open = { room: room.id, refresh: () => (head.refresh(), showLog(), box.refresh()) };
  load(room.id);
  return [head.element, log, box.element];
}

export const leaveRoomView = () => void (open = null);

/** Keep the open room current; mounted once. */
export function mountRoom() {
  watch(["timeline", "typing", "rooms", "members", "connection", "communities"], () => open && state.rooms.has(open.room) && open.refresh());
}

function load(roomId) {
  const timeline = state.timelines.get(roomId);
  const room = state.rooms.get(roomId);
  if (timeline?.loaded) timeline.divider = room.unread ? room.read_seq : null;
  openRoom(roomId).then(() => requestAnimationFrame(showLog), complain);
}

function header(room) {
  const title = h("h1", {});
  const line = h("p", {});
  const element = h("header.stage-header", {},
    iconButton("back", "Back to the rooms", () => go(communityAddress(room.community)), { class: "icon-button back" }),
    h("div.titles", {}, title, line),
    room.kind === "text" && may(currentCommunity(), "gate.manage") && iconButton("gate", "Gate of this room", () => go(communitySettingsAddress(room.community, "gates", room.id))),
    iconButton("people", "Members", toggleMembers, { id: "members-toggle", "aria-controls": "members" }));
  const refresh = () => {
    const now = state.rooms.get(room.id);
    title.textContent = titleOf(now);
    line.textContent = now.kind === "direct" ? "Only the two of you read this." : now.topic_line;
    line.hidden = !line.textContent;
  };
  refresh();
  return { element, refresh };
}
