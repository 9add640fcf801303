/** Who is here, with their roles. What may be done about one of them is in member_card.js. */

import * as api from "../api.js";
import { fill, h, iconButton, keyed } from "../dom.js";
import { loadMembers, loadRoles } from "../directory.js";
import { currentCommunity, currentRoom, may, roleOf, state, titleOf, watch } from "../state.js";
import { avatar, botBadge, nameOf, plural } from "../words.js";
import { askForm } from "./dialogs.js";
import { showCard, swatch } from "./member_card.js";
import { dotOf, lookAtRows, sayingOf } from "./presence.js";
import { complain } from "./toasts.js";

const wide = matchMedia("(min-width: 75.01rem)");
let wanted = wide.matches;

/** @type {{count: Element, add: Element, note: Element, groups: Element}} */ let parts;

export function mountMembers() {
  const panel = document.getElementById("members");
  panel.replaceChildren(...build());
  watch(["members", "route", "communities", "rooms"], show);
  wide.addEventListener("change", () => ((wanted = wide.matches), show()));
  panel.addEventListener("keydown", (event) => event.key === "Escape" && !wide.matches && toggleMembers());
}

/** What stays while members come and go: whoever works in the list with keys keeps their place. */
function build() {
  const count = h("h2");
  const add = iconButton("plus", "Add somebody", () => askAdd(currentCommunity()));
  const hide = iconButton("close", "Hide members", toggleMembers, { class: "icon-button hide-members" });
  const note = h("p.nav-note", {}, "Loading members …");
  const groups = h("div");
  parts = { count, add, note, groups };
  return [h("div.members-head", {}, count, h("div", {}, add, hide)), note, groups];
}

export function toggleMembers() {
  wanted = !wanted;
  show();
  if (wanted) [...document.querySelectorAll("#members button")].find((button) => button.checkVisibility())?.focus();
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
  if (panel.hidden) {
    if (!room) keyed(parts.groups, [], groupView); // nothing of a room that was closed stays here, unseen
    return lookAtRows(panel, null);
  }
  draw(community, room, state.roles.has(community.id) ? rosterOf(room) : null);
  lookAtRows(panel, community.id);
  for (const id of [community.id, room.id]) if (!state.members.has(id)) load(id, loadMembers);
  if (!state.roles.has(community.id)) load(`roles of ${community.id}`, () => loadRoles(community.id));
}

/** Those who take part in the room, with their standing in the community; null until both are known. */
function rosterOf(room) {
  const here = state.members.get(room.id);
  const standing = state.members.get(room.community);
  if (!here || !standing) return null;
  const known = new Map(standing.map((member) => [member.user.id, member]));
  return here.map((user) => known.get(user.id) ?? { user, roles: [], is_owner: false });
}

const loading = new Set();

function load(id, how) {
  if (loading.has(id)) return;
  loading.add(id);
  how(id).catch(complain).finally(() => loading.delete(id));
}

function draw(community, room, members) {
  const held = document.activeElement?.dataset.user;
  parts.count.textContent = members ? plural(members.length, "member") : "Members";
  parts.add.hidden = !(may(community, "room.moderate") || may(community, "member.add")) || room.kind !== "text";
  parts.note.hidden = Boolean(members);
  keyed(parts.groups, members ? groupsOf(community, members) : [], groupView);
  if (held && document.activeElement === document.body) document.querySelector(`#members [data-user="${held}"]`)?.focus(); // it moved to another group
}

/** The owner, then everybody under their highest role; who has none is a member. */
function groupsOf(community, members) {
  const named = state.roles.get(community.id).filter(({ is_default }) => !is_default);
  const heading = (member) => (member.is_owner ? OWNER : (roleOf(community.id, member.roles[0]) ?? MEMBERS)).id;
  return [OWNER, ...named, MEMBERS]
    .map((role) => ({ role, members: members.filter((member) => heading(member) === role.id) }))
    .filter(({ members: these }) => these.length);
}

const OWNER = { id: "owner", name: "Owner", colour: "" };
const MEMBERS = { id: "members", name: "Members", colour: "" };

const groupView = {
  key: ({ role }) => role.id,
  build: () => h("div", {}, h("h3"), h("ul")),
  update: ({ children: [title, list] }, { role, members }) => {
    fill(title, [role.name, role.colour], () => [swatch(role), role.name]);
    keyed(list, members, rowView);
  },
};

const rowView = {
  key: ({ user }) => user.id,
  build: ({ user }) =>
    h("li", {}, h("button.member", { type: "button", "aria-haspopup": "dialog", "data-user": user.id, onclick: ({ currentTarget }) => showCard(currentTarget.member) },
      h("span.portrait"), h("span.names"))),
  update: ({ firstChild: button }, member) => {
    const { user, status } = member;
    const name = nameOf(user);
    const you = user.id === state.user.id ? " (you)" : "";
    button.member = member;
    fill(button.children[0], [name], () => [avatar(user, name, "small"), dotOf(user.id)]);
    fill(button.children[1], [name, you, user, status], () =>
      [h("span", {}, name + you, botBadge(user)), sayingOf(user.id, status === "timed_out" ? "timed out" : `@${user.username}`)]);
  },
};

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
