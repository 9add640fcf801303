/** The card of one member: who they are, and what may be done. */

import * as api from "../api.js";
import { h } from "../dom.js";
import { loadCommunities, loadRooms } from "../directory.js";
import { go, roomAddress } from "../router.js";
import { currentCommunity, currentRoom, may, outranks, roleOf, state, titleOf } from "../state.js";
import { avatar, botBadge, nameOf } from "../words.js";
import { askYes, openDialog } from "./dialogs.js";
import { askFullMember, askGuest, askRoles } from "./member_roles.js";
import { presenceWords } from "./presence.js";
import { complain } from "./toasts.js";

/** @param {object} member */
export function showCard(member) {
  const { user } = member;
  const act = (label, run, kind = "button.button") => h(kind, { type: "button", onclick: () => (dialog.close(), run()) }, label);
  const about = [member.is_owner && "Owner", member.is_guest && "Guest", member.joined_at && `joined ${new Date(member.joined_at).toLocaleDateString()}`].filter(Boolean).join(", ");
  const dialog = openDialog(nameOf(user),
    h("div.member-card", {}, avatar(user, nameOf(user), "large"), h("div", {}, h("p", {}, `@${user.username}`, botBadge(user)), h("p", {}, presenceWords(user.id)), h("p", {}, about), rolesOf(member))),
    h("div.stack", {}, actionsOn(member, user, act), h("button.button", { type: "button", onclick: () => dialog.close() }, "Close")));
}

function rolesOf(member) {
  const roles = member.roles.map((id) => roleOf(currentCommunity().id, id)).filter(Boolean);
  return roles.length ? h("ul.roles", { "aria-label": "Roles" }, roles.map((role) => h("li", {}, swatch(role), role.name))) : null;
}

/** A role's colour beside its name: as the colour of a text it could not always be read. */
export function swatch({ colour }) {
  if (!colour) return null;
  const dot = h("span.swatch", { "aria-hidden": "true" });
  dot.style.setProperty("--role", colour);
  return dot;
}

function actionsOn(member, user, act) {
  const community = currentCommunity();
  const room = currentRoom();
  const danger = "button.button.danger";
  if (user.id === state.user.id) return [act(`Leave ${community.name}`, () => askLeave(community), danger)];
  const above = outranks(community, member);
  return [
    act("Write a direct message", () => openDirect(community, user).catch(complain), "button.button.primary"),
    above && may(community, "role.give") && act("Roles", () => askRoles(community, member)),
    above && !member.is_guest && may(community, "member.remove") && act("Make a guest", () => askGuest(community, member)),
    above && member.is_guest && may(community, "member.add") && act("Make a full member", () => askFullMember(community, member)),
    community.is_owner && !member.is_guest && !user.bot && act("Make the owner", () => askHandOver(community, user)),
    above && may(community, "room.moderate") && room.kind === "text" && act(`Remove from ${titleOf(room)}`, () => askRemoveFromRoom(room, user), danger),
    above && may(community, "member.remove") && act(`Remove from ${community.name}`, () => askRemove(community, user), danger),
  ];
}

async function openDirect(community, user) {
  const room = await api.openDirectRoom(community.id, user.id);
  await loadRooms(community.id);
  go(roomAddress(community.id, room.id));
}

const askHandOver = (community, user) =>
  askYes(`Make ${nameOf(user)} the owner?`, `${community.name} has one owner, who may do everything. You keep your other roles, and cannot take it back.`, "Make the owner", () => api.makeOwner(community.id, user.id));
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
