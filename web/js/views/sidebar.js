/** Communities and rooms: where one can go, and where something is unread. */

import * as api from "../api.js";
import { fill, h, icon, iconButton, keyed, set } from "../dom.js";
import { loadRooms } from "../directory.js";
import { communityAddress, communitySettingsAddress, go, roomAddress } from "../router.js";
import { currentCommunity, may, partnerOf, roomsOf, state, titleOf, watch } from "../state.js";
import { avatar, countOf, plural } from "../words.js";
import { askForm } from "./dialogs.js";

export function mountSidebar() {
  const switcher = switcherOf();
  const textRooms = h("ul", { "aria-label": "Rooms" });
  const directRooms = h("ul", { "aria-label": "Direct messages" });
  const create = iconButton("plus", "Create a room", createRoom);
  const note = h("p.nav-note");
  const directTitle = h("div.group-title", {}, h("h2", {}, "Direct messages"));
  const directNote = h("p.nav-note", {}, "Choose a member to write to them alone.");
  const about = h("a.nav-link.about-link", {}, icon("sliders"), h("span.name", {}, "About and settings"));
  const rooms = h("div.rooms", {}, about,
    h("div.group-title", {}, h("h2", {}, "Rooms"), create), textRooms, note,
    directTitle, directRooms, directNote);
  const elsewhere = h("ul.rooms", { "aria-label": "Your communities" });
  document.getElementById("sidebar").replaceChildren(switcher.element, rooms, elsewhere);
  watch(["communities", "route", "rooms", "user", "shut"], () => {
    const community = currentCommunity();
    switcher.refresh(community);
    rooms.hidden = !community;
    elsewhere.hidden = Boolean(community);
    keyed(elsewhere, community ? [] : (state.communities ?? []), communityLinkView);
    if (!community) return;
    set(about, { href: communitySettingsAddress(community.id, ""), "aria-current": state.route.section !== null ? "page" : null });
    create.hidden = state.shut.has(community.id) || !may(community, "room.create");
    const mine = roomsOf(community.id);
    const text = mine.filter(({ kind, archived_at }) => kind === "text" && !archived_at);
    const direct = mine.filter(({ kind }) => kind === "direct");
    keyed(textRooms, text.sort(byTitle), linkView);
    keyed(directRooms, direct.sort(byTitle), linkView);
    const shut = state.shut.has(community.id);
    directTitle.hidden = shut;
    directNote.hidden = shut || direct.length > 0;
    note.hidden = text.length > 0;
    note.textContent = shut ? "Closed to you for now." : state.opened.has(community.id) ? "There is no room for you yet." : "Loading rooms …";
  });
}

const byTitle = (a, b) => titleOf(a).localeCompare(titleOf(b));

/** Rooms in the order of the list, for walking through them by keys. */
export const roomsInOrder = (communityId) =>
  ["text", "direct"].flatMap((kind) => roomsOf(communityId).filter((room) => room.kind === kind && !room.archived_at).sort(byTitle));

const linkView = { key: ({ id }) => id, build: () => h("li", {}, h("a.nav-link")), update: showLink };

function showLink(item, room) {
  const link = item.firstChild;
  const current = state.route.room === room.id;
  set(link, { href: roomAddress(room.community, room.id), "aria-current": current ? "page" : null });
  link.classList.toggle("unread", room.unread > 0 && !current);
  const title = titleOf(room);
  const unread = current ? 0 : room.unread;
  fill(link, [title, unread, room.visibility], () => [
    room.kind === "direct" ? avatar(partnerOf(room), title, "small") : icon(room.visibility === "private" ? "private" : "room"),
    h("span.name", {}, title),
    room.visibility === "private" && room.kind === "text" && h("span.visually-hidden", {}, ", private"),
    unread > 0 && h("span.badge", { "aria-hidden": "true" }, countOf(unread)),
    unread > 0 && h("span.visually-hidden", {}, `, ${unread > 99 ? "more than 99" : unread} unread`),
  ]);
}

/** The button that tells where one is, and the list of communities that it opens. */
function switcherOf() {
  const every = h("li", {}, h("a.nav-link", { href: "#/" }, icon("gate"), h("span.name", {}, "All communities")));
  const list = h("ul.switcher-list", { id: "switcher-list", hidden: true }, every);
  const button = h("button.switcher-button", { type: "button", "aria-expanded": "false", "aria-controls": "switcher-list" });
  const element = h("div.switcher", {}, button, list);
  const toggle = (open) => {
    list.hidden = !open;
    set(button, { "aria-expanded": String(open) });
  };
  button.addEventListener("click", () => toggle(list.hidden));
  list.addEventListener("click", () => toggle(false));
  list.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    toggle(false);
    button.focus();
  });
  list.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !element.contains(relatedTarget)) toggle(false);
  });
  const refresh = (community) => {
    fill(button, [community?.id, community?.name], () =>
      [community ? avatar(community, community.name) : icon("gate"), h("strong", {}, community?.name ?? "Communities"), icon("down")]);
    keyed(list, state.communities ?? [], communityLinkView);
  };
  return { element, refresh };
}

const communityLinkView = {
  key: ({ id }) => id,
  build: () => h("li", {}, h("a.nav-link")),
  update: ({ firstChild: link }, { id, name, member_count: count }) => {
    set(link, { href: communityAddress(id), "aria-current": id === state.route.community ? "page" : null });
    fill(link, [name, count], () => [avatar({ id }, name, "small"), h("span.name", {}, name), h("small", {}, plural(count, "member"))]);
  },
};

function createRoom() {
  const community = currentCommunity();
  const fields = [
    { name: "name", label: "Name", required: true, maxlength: 80 },
    { name: "topic_line", label: "What it is about (optional)", maxlength: 250 },
    { name: "visibility", label: "Who may read it", options: [["community", "Every member"], ["private", "Only people who are added"]] },
  ];
  askForm(`New room in ${community.name}`, null, fields, {
    label: "Create room",
    submit: async (form) => {
      const room = await api.createRoom(community.id, form);
      await loadRooms(community.id);
      go(roomAddress(community.id, room.id));
    },
  });
}
