/** Keys that work everywhere: walking through the rooms, and leaving what one is in with Esc. */

import { go, roomAddress } from "./router.js";
import { state } from "./state.js";
import { roomsInOrder } from "./views/sidebar.js";

export function listenToKeys() {
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.altKey || event.metaKey) || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    if (!state.route.community || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    walkRooms(event.key === "ArrowDown" ? 1 : -1);
  });
  document.getElementById("skip").addEventListener("click", () => (document.getElementById("message-box") ?? document.getElementById("stage")).focus());
}

function walkRooms(step) {
  const rooms = roomsInOrder(state.route.community);
  if (!rooms.length) return;
  const here = rooms.findIndex(({ id }) => id === state.route.room);
  const next = rooms[here === -1 ? (step > 0 ? 0 : rooms.length - 1) : (here + step + rooms.length) % rooms.length];
  go(roomAddress(next.community, next.id));
}
