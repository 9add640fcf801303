/** The card of one member: who they are, and what may be done. */

import * as api from "../api.js";
import { h } from "../dom.js";
import { loadCommunities, loadRooms } from "../directory.js";
import { go, roomAddress } from "../router.js";
import { currentCommunity, currentRoom, outranks, state, titleOf } from "../state.js";
import { avatar, botBadge, nameOf } from "../words.js";
import { askForm, askYes, openDialog } from "./dialogs.js";
import { presenceWords } from "./presence.js";
import { complain } from "./toasts.js";

/** @param {object} member */
export function showCard(member) {
  const { user } = member;
  const act = (label, run, kind = "button.button") => h(kind, { type: "button", onclick: () => (dialog.close(), run()) }, label);
  const about = [roleWord(member.role), member.joined_at && `joined ${new Date(member.joined_at).toLocaleDateString()}`].filter(Boolean).join(", ");
  const dialog = openDialog(nameOf(user),
    h("div.member-card", {}, avatar(user, nameOf(user), "large"), h("div", {}, h("p", {}, `@${user.username}`, botBadge(user)), h("p", {}, presenceWords(user.id)), h("p", {}, about))),
    h("div.stack", {}, actionsOn(member, user, act), h("button.button", { type: "button", onclick: () => dialog.close() }, "Close")));
}

const roleWord = (role) => ({ owner: "Owner", moderator: "Moderator", member: "Member" })[role];

function actionsOn(member, user, act) {
  const community = currentCommunity();
  const room = currentRoom();
  const danger = "button.button.danger";
  if (user.id === state.user.id) return [act(`Leave ${community.name}`, () => askLeave(community), danger)];
  const may = outranks(community, member.role);
  return [
    act("Write a direct message", () => openDirect(community, user).catch(complain), "button.button.primary"),
    may && community.my_role === "owner" && act("Change the role", () => askRole(community, member)),
    may && room.kind === "text" && act(`Remove from ${titleOf(room)}`, () => askRemoveFromRoom(room, user), danger),
    may && act(`Remove from ${community.name}`, () => askRemove(community, user), danger),
  ];
}

async function openDirect(community, user) {
  const room = await api.openDirectRoom(community.id, user.id);
  await loadRooms(community.id);
  go(roomAddress(community.id, room.id));
}

const ROLES = [
  ["member", "Member: reads and writes"],
  ["moderator", "Moderator: runs rooms and members"],
  ["owner", "Owner: decides over everything"],
];

const askRole = (community, { user, role }) =>
  askForm(`Change the role of ${nameOf(user)}`, "Who is made an owner stays one until they step down themselves.", [{ name: "role", label: "Role", options: ROLES, value: role }], {
    label: "Save",
    submit: (form) => api.changeRole(community.id, user.id, form.role),
  });
const askRemoveFromRoom = (room, user) =>
  askYes(`Remove ${nameOf(user)}?`, `They can no longer read or write in ${titleOf(room)}, from this moment on.`, "Remove", () => api.removeRoomMember(room.id, user.id));
const askRemove = (community, user) =>
  askYes(`Remove ${nameOf(user)}?`, `They lose every room of ${community.name}, from this moment on.`, "Remove", () => api.removeMember(community.id, user.id));
const askLeave = (community) =>
  askYes(`Leave ${community.name}?`, "You lose its rooms. You can come back if it is open, or when a moderator adds you.", "Leave", async () => {
    await api.leaveCommunity(community.id);
    await loadCommunities();
    go("#/");
  });
