/** The roles of a community, the highest first: making, ordering and deleting them, and handing the community over. One role is in role.js. */

import { findMember, makeOwner } from "../../api.js";
import { loadCommunities, loadRoles } from "../../directory.js";
import { fill, h, icon, iconButton, keyed } from "../../dom.js";
import { createRole, deleteRole, listPermissions, orderRoles } from "../../roles.js";
import { communitySettingsAddress, go } from "../../router.js";
import { belowUs, may, state } from "../../state.js";
import { nameOf, plural } from "../../words.js";
import { askForm, askYes } from "../dialogs.js";
import { swatch } from "../member_card.js";
import { button, named, panel } from "../settings/panels.js";
import { complain, toast } from "../toasts.js";
import { fetched } from "./fetched.js";
import { NAME, drawRole } from "./role.js";

export const roles = {
  name: "roles", title: "Roles", about: "Who may do what. A member has all that their roles give together.",
  isFor: (community) => may(community, "member.list"), parts: ["members", "communities"],
  show: fetched(fetchRoles, (box, found, community) => (state.route.detail ? drawRole : drawRoles)(box, found, community)),
};

async function fetchRoles({ id }) {
  if (!state.roles.has(id)) await loadRoles(id);
  return { roles: state.roles.get(id), permissions: await listPermissions() };
}

const manages = (community) => may(community, "role.manage");

function drawRoles(box, { roles: found }, community) {
  if (!box.querySelector(".entries")) {
    const make = button("Make a role", () => askForRole(community));
    box.replaceChildren(panel("The roles", "Who has a higher one acts on who has a lower one.", [make], h("ul.entries.role-list", { tabindex: "-1" })), ownerPanel(community));
  }
  box.querySelector(".panel-head button").hidden = !manages(community);
  keyed(box.querySelector(".entries"), found, { key: ({ id }) => id, build: () => h("li.entry"), update: (row, role) => showRole(row, role, found, community) });
  box.querySelector(".hand-over").hidden = !community.is_owner;
}

function showRole(row, role, found, community) {
  const { id, name, colour, permissions, is_default } = role;
  const own = found.filter((one) => !one.is_default);
  const at = own.indexOf(role);
  const changes = manages(community) && belowUs(community, role);
  const higher = changes && at > 0 && belowUs(community, own[at - 1]);
  const lower = changes && at >= 0 && at < own.length - 1;
  fill(row, [role, changes, higher, lower], () => [
    colour ? swatch(role) : icon("people"),
    h("span.text", {}, h("strong", {}, name), h("small", {}, `${is_default ? "Every member has it, g" : "G"}ives ${plural(permissions.length, "permission")}`)),
    h("div.panel-buttons", {}, changes && !is_default && [
      mover("up", `Move ${name} up`, () => move(community, own, at, at - 1), !higher),
      mover("down", `Move ${name} down`, () => move(community, own, at, at + 1), !lower),
    ], named(h("a.button", { href: communitySettingsAddress(community.id, "roles", id) }, changes ? "Change" : "Look"), `${changes ? "Change" : "Look at"} ${name}`),
    changes && !is_default && named(button("Delete", () => askDeletion(community, role), "button.button.danger"), `Delete ${name}`)),
  ]);
}

const mover = (direction, label, act, disabled) => iconButton(direction, label, ({ currentTarget }) => act(currentTarget), { disabled });

/** The button that was pressed keeps the focus where its role has moved. */
async function move(community, own, from, to) {
  const ids = own.map(({ id }) => id);
  const label = document.activeElement.getAttribute("aria-label");
  ids.splice(to, 0, ...ids.splice(from, 1));
  await orderRoles(community.id, ids).catch(complain);
  await loadRoles(community.id);
  requestAnimationFrame(() => requestAnimationFrame(() => refocus(label)));
}

/** At the end of the way only the other direction is left. */
function refocus(label) {
  if (!document.activeElement?.matches("body, .role-list")) return;
  const found = document.querySelector(`.role-list [aria-label="${CSS.escape(label)}"]`);
  (found?.disabled ? found.parentElement.querySelector("button:not(:disabled)") : found)?.focus();
}

function askForRole(community) {
  askForm("Make a role", "It stands just above the one that every member has, and gives nothing yet.", [NAME], {
    label: "Make the role",
    submit: async ({ name }) => {
      const role = await createRole(community.id, { name: name.trim() });
      await loadRoles(community.id);
      return role;
    },
    after: ({ id }) => go(communitySettingsAddress(community.id, "roles", id)),
  });
}

const askDeletion = (community, { id, name }) =>
  askYes(`Delete “${name}”?`, "Whoever has it loses what it gives, from this moment on. This cannot be undone.", "Delete the role", async () => {
    await deleteRole(community.id, id);
    await loadRoles(community.id);
  });

function ownerPanel(community) {
  const over = button("Hand it over", () => askHandOver(community), "button.button.danger");
  over.classList.add("hand-over");
  return panel("The owner", "There is one owner. They may do everything, and nobody acts on them.", [over]);
}

function askHandOver(community) {
  const fields = [
    { name: "username", label: "Username of the new owner", required: true, autocapitalize: "none", autocomplete: "off" },
    { name: "name", label: `Type “${community.name}” to go on`, required: true, autocomplete: "off", check: (value) => (value === community.name ? null : "This is not its name.") },
  ];
  askForm(`Hand ${community.name} over?`, "You keep your other roles and cannot take it back.", fields, {
    label: "Make them the owner",
    submit: async ({ username }) => {
      const member = await findMember(community.id, username.trim());
      if (!member) throw new Error(`${community.name} has no member called ${username.trim()}.`);
      await makeOwner(community.id, member.user.id);
      await loadCommunities();
      toast(`${community.name} is ${nameOf(member.user)}’s now.`);
    },
  });
}
