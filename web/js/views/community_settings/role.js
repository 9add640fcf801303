/** One role: its name and colour, what it gives in plain words, and who has it. */

import { takeRole } from "../../api.js";
import { loadRoles } from "../../directory.js";
import { h, icon, keyed } from "../../dom.js";
import { changeRole, listHolders, underHeadings } from "../../roles.js";
import { communitySettingsAddress } from "../../router.js";
import { belowUs, may, outranks, state } from "../../state.js";
import { avatar, nameOf } from "../../words.js";
import { formOf } from "../forms.js";
import { button, named, panel } from "../settings/panels.js";
import { complain, toast } from "../toasts.js";

export const NAME = { name: "name", label: "Name", required: true, maxlength: 40, autocomplete: "off" };
const COLOUR = { name: "colour", label: "Colour of the name", type: "color" };
const PLAIN = { name: "plain", label: "No colour", type: "checkbox" };
const UNCOLOURED = "#8a8776";

/** The form keeps its element, so that what somebody changes stays while others do. */
export function drawRole(box, { roles, permissions }, community) {
  const role = roles.find(({ id }) => id === state.route.detail);
  if (!role) return box.replaceChildren(back(community), h("p", { role: "status" }, "There is no such role any more."));
  if (!box.querySelector(".role-form")) box.replaceChildren(back(community), formPanel(role, permissions, community), holdersPanel(role));
  if (role.is_default) return;
  listHolders(community.id, role.id).then((holders) => showHolders(box, holders, role, community), complain);
}

const back = ({ id }) => h("p.way-back", {}, h("a", { href: communitySettingsAddress(id, "roles") }, icon("back"), "All roles"));

function formPanel(role, permissions, community) {
  const changes = may(community, "role.manage") && belowUs(community, role);
  const given = ticks(role, permissions, community);
  const submit = async ({ name, colour, plain }) => {
    await changeRole(community.id, role.id, changed(role, { name: name.trim(), colour: plain ? "" : colour, permissions: ticked(given) }));
    await loadRoles(community.id);
    toast(`“${name.trim()}” is saved.`);
  };
  const fields = [{ ...NAME, value: role.name }, { ...COLOUR, value: role.colour || UNCOLOURED }, { ...PLAIN, checked: !role.colour }];
  const form = formOf(fields, { label: "Save", submit });
  form.elements.colour.addEventListener("input", () => (form.elements.plain.checked = false));
  form.querySelector(".actions").before(given);
  if (!changes) close(form);
  return h("section.panel.role-form", { "aria-label": role.name }, h("h2", {}, role.name),
    !changes && h("p.hint", {}, "You can look at it. Changing it takes the permission to, and a role above it."), form);
}

/** What differs from the role as it was when the form was opened; the rest may have been changed by others since. */
const changed = (role, form) => Object.fromEntries(Object.entries(form).filter(([part, value]) => String([...role[part]].sort()) !== String([...value].sort())));

function close(form) {
  for (const control of form.querySelectorAll("input, button")) control.disabled = true;
  form.querySelector(".actions").hidden = true;
}

/** What we do not have ourselves, we neither give nor take. */
function ticks({ permissions: held }, permissions, community) {
  const tick = ({ name, about }) => {
    const ours = may(community, name);
    return h("div.field.tick", {}, h("label", {}, h("input", { type: "checkbox", value: name, checked: held.includes(name), disabled: !ours && !held.includes(name) }), about),
      !ours && h("p.hint", {}, "You do not have it yourself."));
  };
  return h("div.permissions", {}, underHeadings(permissions).map(([heading, these]) => h("fieldset.ticks", {}, h("legend", {}, heading), these.map(tick))));
}

const ticked = (box) => [...box.querySelectorAll("input:checked")].map(({ value }) => value);

const holdersPanel = ({ is_default }) => panel("Who has it", is_default ? "Every member." : "", [], !is_default && h("ul.entries"));

function showHolders(box, holders, role, community) {
  const list = box.querySelector(".entries");
  if (!list) return;
  list.parentElement.querySelector("p").textContent = holders.length ? "Choose a member beside a room to give it to them." : "Nobody yet. Choose a member beside a room to give it to them.";
  keyed(list, holders, { key: ({ user }) => user.id, build: (member) => holderRow(member, role, community) });
}

function holderRow(member, role, community) {
  const { user } = member;
  const takes = may(community, "role.give") && belowUs(community, role) && (outranks(community, member) || user.id === state.user.id);
  const take = () => takeRole(community.id, user.id, role.id).then(() => loadRoles(community.id)).catch(complain);
  return h("li.entry", {}, avatar(user, nameOf(user), "small"), h("span.text", {}, h("strong", {}, nameOf(user)), h("small", {}, `@${user.username}`)),
    takes && named(button("Take it", take), `Take ${role.name} from ${nameOf(user)}`));
}
