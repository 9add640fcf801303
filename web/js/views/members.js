/** Who is here, with their roles; the card of one member, with what may be done. */

import * as api from "../api.js";
import { fill, h, iconButton } from "../dom.js";
import { loadCommunities, loadMembers, loadRooms, rosterKey } from "../directory.js";
import { go, roomAddress } from "../router.js";
import { currentCommunity, currentRoom, moderates, outranks, state, titleOf, watch } from "../state.js";
import { avatar, nameOf, plural } from "../words.js";
import { askForm, askYes, openDialog } from "./dialogs.js";
import { complain } from "./toasts.js";

const GROUPS = [["owner", "Owners"], ["moderator", "Moderators"], ["member", "Members"], [undefined, "In this room"]];
const wide = matchMedia("(min-width: 75.01rem)");
let wanted = wide.matches;

export function mountMembers() {
  watch(["members", "route", "communities", "rooms"], show);
  wide.addEventListener("change", () => ((wanted = wide.matches), show()));
  document.getElementById("members").addEventListener("keydown", (event) => event.key === "Escape" && !wide.matches && toggleMembers());
}

export function toggleMembers() {
  wanted = !wanted;
  show();
  if (wanted) document.querySelector("#members .icon-button")?.focus();
  else document.getElementById("members-toggle")?.focus();
}

/** On small screens the panel covers the room: out of the way when one goes somewhere else. */
export const tuckMembersAway = () => void (wanted = wide.matches);

function show() {
  const panel = document.getElementById("members");
  const community = currentCommunity();
  const key = rosterKey();
  panel.hidden = !wanted || !community || !currentRoom();
  document.getElementById("members-toggle")?.setAttribute("aria-expanded", String(!panel.hidden));
  if (panel.hidden) return;
  const members = state.members.get(key);
  fill(panel, [key, members, community.my_role], () => [head(community, members), ...groups(members)]);
  if (!members) loadMembers(key).catch(complain);
}

function head(community, members) {
  const add = moderates(community) && iconButton("plus", addLabel(), () => askAdd(community));
  return h("div.members-head", {}, h("h2", {}, members ? plural(members.length, "member") : "Members"), h("div", {}, add, iconButton("close", "Hide members", toggleMembers)));
}

function groups(members) {
  if (!members) return [h("p.nav-note", {}, "Loading members …")];
  return GROUPS.flatMap(([role, title]) => {
    const these = members.filter((member) => member.role === role);
    return these.length ? [h("h3", {}, title), h("ul", {}, these.map((member) => h("li", {}, row(member))))] : [];
  });
}

function row(member) {
  const user = member.user ?? member;
  const name = nameOf(user);
  const you = user.id === state.user.id ? " (you)" : "";
  return h("button.member", { type: "button", "aria-haspopup": "dialog", onclick: () => showCard(member) },
    avatar(user, name, "small"),
    h("span.names", {}, h("span", {}, name + you), h("small", {}, member.status === "timed_out" ? "timed out" : `@${user.username}`)));
}

function showCard(member) {
  const user = member.user ?? member;
  const act = (label, run, kind = "button.button") => h(kind, { type: "button", onclick: () => (dialog.close(), run()) }, label);
  const about = [roleWord(member.role), member.joined_at && `joined ${new Date(member.joined_at).toLocaleDateString()}`].filter(Boolean).join(", ");
  const dialog = openDialog(nameOf(user),
    h("div.member-card", {}, avatar(user, nameOf(user), "large"), h("div", {}, h("p", {}, `@${user.username}`), h("p", {}, about))),
    h("div.stack", {}, actionsOn(member, user, act), h("button.button.primary", { type: "button", onclick: () => dialog.close() }, "Close")));
}

const roleWord = (role) => ({ owner: "Owner", moderator: "Moderator", member: "Member" })[role];

function actionsOn(member, user, act) {
  const community = currentCommunity();
  const room = currentRoom();
  const danger = "button.button.danger";
  if (user.id === state.user.id) return [act(`Leave ${community.name}`, () => askLeave(community), danger)];
  const role = member.role ?? state.members.get(community.id)?.find((known) => known.user.id === user.id)?.role ?? "member";
  const may = outranks(community, role);
  return [
    act("Write a direct message", () => openDirect(community, user).catch(complain)),
    may && room.kind === "text" && act(`Remove from ${titleOf(room)}`, () => askRemoveFromRoom(room, user), danger),
    may && act(`Remove from ${community.name}`, () => askRemove(community, user), danger),
  ];
}

async function openDirect(community, user) {
  const room = await api.openDirectRoom(community.id, user.id);
  await loadRooms(community.id);
  go(roomAddress(community.id, room.id));
}

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

const isPrivate = () => currentRoom()?.visibility === "private";
const addLabel = () => (isPrivate() ? "Add somebody to this room" : "Add a member");

function askAdd(community) {
  const room = currentRoom();
  const field = { name: "username", label: "Username", required: true, autocapitalize: "none", autocomplete: "off" };
  const submit = async ({ username }) => {
    if (isPrivate()) await api.addRoomMember(room.id, await memberId(community, username.trim()));
    else await api.addMember(community.id, username.trim());
    await loadMembers();
  };
  askForm(addLabel(), isPrivate() ? "They must be a member of the community." : null, [field], { label: "Add", submit });
}

async function memberId(community, username) {
  const found = await api.findMember(community.id, username);
  if (!found) throw new Error(`There is no member called ${username}.`);
  return found.user.id;
}
