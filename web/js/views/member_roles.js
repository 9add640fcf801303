/** The roles of one member, given and taken by ticks, and whether they are a guest. */

import * as api from "../api.js";
import { belowUs, state } from "../state.js";
import { nameOf, plural } from "../words.js";
import { askForm, askYes } from "./dialogs.js";
import { complain } from "./toasts.js";

/** Only roles below our highest are ours to give. @param {object} community @param {object} member */
export function askRoles(community, { user, roles: held }) {
  const ours = state.roles.get(community.id).filter((role) => !role.is_default && belowUs(community, role));
  if (!ours.length) return complain(new Error("There is no role that stands below yours."));
  const fields = ours.map(({ id, name, permissions }) => ({ name: id, label: name, type: "checkbox", checked: held.includes(id), hint: `Gives ${plural(permissions.length, "permission")}` }));
  askForm(`Roles of ${nameOf(user)}`, "They hold from the moment that you save.", fields, {
    label: "Save",
    submit: async (ticked) => {
      for (const { id } of ours) if (ticked[id] !== held.includes(id)) await (ticked[id] ? api.giveRole : api.takeRole)(community.id, user.id, id);
    },
  });
}

export const askGuest = (community, { user }) =>
  askYes(`Make ${nameOf(user)} a guest?`, `They keep the rooms of ${community.name} that they were added to, and lose all others from this moment on.`, "Make a guest", () => api.makeGuest(community.id, user.id));
export const askFullMember = (community, { user }) =>
  askYes(`Make ${nameOf(user)} a full member?`, `They reach every room of ${community.name} that their roles show them.`, "Make a full member", () => api.makeFullMember(community.id, user.id), { decline: "Not yet", kind: "button.button.primary" });
