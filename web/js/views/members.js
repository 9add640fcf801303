/** Who is here, with their roles; the card of one member, with what may be done. */

import * as api from "../api.js";
import { fill, h, iconButton } from "../dom.js";
import { loadCommunities, loadMembers, loadRooms } from "../directory.js";
import { go, roomAddress } from "../router.js";
import { currentCommunity, currentRoom, moderates, outranks, state, titleOf, watch } from "../state.js";
import { avatar, botBadge, nameOf, plural } from "../words.js";
import { askForm, askYes, openDialog } from "./dialogs.js";
import { dotOf, lookAtRows, presenceWords, sayingOf } from "./presence.js";
import { complain } from "./toasts.js";

const GROUPS = [["owner", "Owners"], ["moderator", "Moderators"], ["member", "Members"]];
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
  if (wanted) document.querySelector("#members button")?.focus();
  else document.getElementById("members-toggle")?.focus();
}

/** On small screens the panel covers the room: out of the way when one goes somewhere else. */
export const tuckMembersAway = () => void (wanted = wide.matches);

function show() {
  const panel = document.getElementById("members");
  const community = currentCommunity();
  const room = currentRoom();
  panel.hidden = !wanted || !community || !room;
  document.getElementById("members-toggle")?.setAttribute("aria-expanded", String(!panel.hidden));
  if (panel.hidden) return lookAtRows(panel, null);
  const members = rosterOf(room);
  fill(panel, [room.id, members, community.my_role], () => [head(community, members), ...groups(members)]);
  lookAtRows(panel, community.id);
  for (const id of [community.id, room.id]) if (!state.members.has(id)) load(id);
}

/** Those who take part in the room, with their standing in the community; null until both are known. */
function rosterOf(room) {
  const here = state.members.get(room.id);
  const standing = state.members.get(room.community);
  if (!here || !standing) return null;
  const known = new Map(standing.map((member) => [member.user.id, member]));
  return here.map((user) => known.get(user.id) ?? { user, role: "member" });
}

const loading = new Set();

function load(id) {
  if (loading.has(id)) return;
  loading.add(id);
  loadMembers(id).catch(complain).finally(() => loading.delete(id));
}

function head(community, members) {
  const add = moderates(community) && currentRoom().kind === "text" && iconButton("plus", "Add somebody", () => askAdd(community));
  return h("div.members-head", {}, h("h2", {}, members ? plural(members.length, "member") : "Members"), h("div", {}, add, iconButton("close", "Hide members", toggleMembers, { class: "icon-button hide-members" })));
}

function groups(members) {
  if (!members) return [h("p.nav-note", {}, "Loading members …")];
  return GROUPS.flatMap(([role, title]) => {
    const these = members.filter((member) => member.role === role);
    return these.length ? [h("h3", {}, title), h("ul", {}, these.map((member) => h("li", {}, row(member))))] : [];
  });
}

function row(member) {
  const { user } = member;
  const name = nameOf(user);
  const you = user.id === state.user.id ? " (you)" : "";
  return h("button.member", { type: "button", "aria-haspopup": "dialog", "data-user": user.id, onclick: () => showCard(member) },
    h("span.portrait", {}, avatar(user, name, "small"), dotOf(user.id)),
    h("span.names", {}, h("span", {}, name + you, botBadge(user)), sayingOf(user.id, member.status === "timed_out" ? "timed out" : `@${user.username}`)));
}

function showCard(member) {
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

/** Add somebody to the room we are in; who is no member of the community yet becomes one first, unless the room is private. */
function askAdd(community) {
  const room = currentRoom();
  const about = isPrivate() ? "They must be a member of the community." : `They become a member of ${community.name} if they are not yet.`;
  const field = { name: "username", label: "Username", required: true, autocapitalize: "none", autocomplete: "off" };
  const submit = async ({ username }) => {
    const found = await api.findMember(community.id, username.trim());
    if (found) await api.addRoomMember(room.id, found.user.id);
    else if (isPrivate()) throw new Error(`${community.name} has no member called ${username.trim()}.`);
    else await api.addMember(community.id, username.trim());
    await Promise.all([loadMembers(community.id), loadMembers(room.id)]);
  };
  askForm(`Add somebody to ${titleOf(room)}`, about, [field], { label: "Add", submit });
}
