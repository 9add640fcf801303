/** Invites of a community: links that let people in, for how long and how many; who came by them; and ending them. */

import { loadRoles } from "../../directory.js";
import { h, keyed } from "../../dom.js";
import { listInvites, listInviteUses, makeInvite, revokeInvite } from "../../invites.js";
import { inviteAddress } from "../../router.js";
import { belowUs, may, roleOf, roomsOf, state, titleOf } from "../../state.js";
import { avatar, dateOf, nameOf, shortMomentOf } from "../../words.js";
import { askForm, askYes, openDialog } from "../dialogs.js";
import { button, entry, named, panel } from "../settings/panels.js";
import { copy } from "../settings/secrets.js";
import { complain, toast } from "../toasts.js";
import { fetched, follow } from "./fetched.js";

export const invites = {
  name: "invites", title: "Invites", about: "Whoever opens the link of an invite can come in, as long as it is good.",
  isFor: (community) => may(community, "invite.create"), parts: ["invites"],
  show: fetched(({ id }) => listInvites(id), draw),
};

const HOURS = { name: "hours", label: "Good for", value: "168", options: [["1", "1 hour"], ["24", "1 day"], ["168", "7 days"], ["720", "30 days"], ["8760", "a year"]] };
const USES = { name: "max_uses", label: "How many people may come by it", value: "100", options: [["1", "1 person"], ["10", "10 people"], ["100", "100 people"], ["1000", "1,000 people"]] };
const linkOf = ({ code }) => `${location.origin}/${inviteAddress(code)}`;

function draw(box, found, community, again) {
  follow("invites", community, "invite.manage");
  if (!box.querySelector(".entries")) {
    const about = may(community, "invite.manage") ? "All that can be used now." : "Yours that can be used now.";
    box.replaceChildren(panel("Open invites", about, [button("Make an invite", () => askForInvite(community, again).catch(complain), "button.button.primary")], h("p.none"), h("ul.entries")));
  }
  box.querySelector(".none").textContent = found.length ? "" : "There is none.";
  keyed(box.querySelector(".entries"), found, { key: ({ id }) => id, build: (invite) => entryOf(community, invite, again), update });
}

function entryOf(community, invite, again) {
  const { id, code, created_by, created_at, expires_at } = invite;
  const of = `the invite of ${created_by ? nameOf(created_by) : "the system"}, made ${shortMomentOf(created_at)}`;
  const end = () => askYes("Revoke this invite?", "Nobody comes in by its link any more. Who came by it stays.", "Revoke it", async () => {
    await revokeInvite(community.id, id);
    await again();
  });
  const uses = button("Who came by it", () => showUses(community, id).catch(complain));
  uses.classList.add("uses");
  return entry("link", created_by ? nameOf(created_by) : "The system", "",
    code && named(button("Copy link", () => copy(linkOf(invite))), `Copy the link of ${of}`),
    named(uses, `Who came by ${of}`),
    named(button("Revoke", end, "button.button.danger"), `Revoke ${of}, good until ${dateOf(expires_at)}`));
}

function update(row, invite) {
  const { uses, max_uses, expires_at } = invite;
  row.querySelector("small").textContent = [`Used ${uses} of ${max_uses} times`, `good until ${shortMomentOf(expires_at)}`, ...giftsOf(invite)].join(", ");
  row.querySelector(".uses").hidden = uses === 0;
}

function giftsOf({ community, role, room, for_guests }) {
  const place = state.rooms.get(room);
  return [role && `gives “${roleOf(community, role)?.name ?? "a role"}”`, for_guests && `for guests of ${place ? titleOf(place) : "one room"}`].filter(Boolean);
}

async function askForInvite(community, again) {
  if (!state.roles.has(community.id)) await loadRoles(community.id);
  askForm(`Invite people to ${community.name}`, "It is good only as long as you may do yourself what it does.", [HOURS, USES, ...givesOf(community)], {
    label: "Make the invite",
    submit: async ({ hours, max_uses, ...gives }) => {
      const given = Object.fromEntries(Object.entries(gives).filter(([, id]) => id));
      const invite = await makeInvite(community.id, { hours: Number(hours), max_uses: Number(max_uses), ...given });
      await again();
      return invite;
    },
    after: showLink,
  });
}

/** What an invite can give beside coming in: a role that we could give, a room into which we could let people. @returns {object[]} fields */
function givesOf(community) {
  const roles = may(community, "role.give") ? state.roles.get(community.id).filter((role) => !role.is_default && belowUs(community, role) && role.permissions.every((one) => may(community, one))) : [];
  const rooms = may(community, "room.moderate") ? roomsOf(community.id).filter(({ kind, archived_at }) => kind === "text" && !archived_at) : [];
  return [
    roles.length > 0 && { name: "role", label: "It gives", options: [["", "No role"], ...roles.map(({ id, name }) => [id, name])] },
    rooms.length > 0 && { name: "room", label: "It leads into", options: [["", "The community, as a member"], ...rooms.map((room) => [room.id, `${titleOf(room)} alone, as a guest`])] },
  ].filter(Boolean);
}

function showLink(invite) {
  const copying = h("button.button.primary", { type: "button", onclick: () => copy(linkOf(invite)) }, "Copy link");
  const done = button("Close", () => dialog.close());
  const dialog = openDialog("The invite is made", h("p.about", {}, "Send this link to whom you want to invite."), h("p.secret.box", { "aria-label": "Link" }, linkOf(invite)), h("div.actions", {}, done, copying));
  copying.focus();
}

async function showUses(community, id) {
  const uses = await listInviteUses(community.id, id);
  if (!uses.length) return toast("Nobody who is still here came by it.");
  const rows = uses.map(({ user, used_at }) => h("li.entry", {}, avatar(user, nameOf(user), "small"), h("span.text", {}, h("strong", {}, nameOf(user)), h("small", {}, `@${user.username}, ${shortMomentOf(used_at)}`))));
  const close = h("button.button.primary", { type: "button", onclick: () => dialog.close() }, "Close");
  const dialog = openDialog("Who came by this invite", h("ul.entries", {}, rows), h("div.actions", {}, close));
}
