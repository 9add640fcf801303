/** The page of communities: mine, those that are open to join, and a form for a new one. */

import * as api from "../api.js";
import { h } from "../dom.js";
import { loadCommunities, loadDiscoverable } from "../directory.js";
import { communityAddress, go } from "../router.js";
import { state } from "../state.js";
import { avatar, plural } from "../words.js";
import { askForm } from "./dialogs.js";
import { complain } from "./toasts.js";

/** @returns {Element[]} */
export function communitiesPage() {
  const mine = state.communities;
  const create = h("button.button.primary", { type: "button", onclick: createCommunity }, "Create a community");
  const head = h("div.page-head", {}, h("div", {}, h("h1", {}, "Communities"), h("p.lead", {}, "Where you belong, and where you could.")), create);
  if (!mine) return [h("div.page", {}, head, h("p.lead", { role: "status" }, "Loading your communities …"))];
  return [
    h("div.page", {}, head,
      h("h2", {}, "Yours"),
      mine.length ? h("ul.cards", {}, mine.map(myCard)) : h("p.lead", {}, "You are in no community yet. Join an open one, create your own, or ask a moderator to add your username."),
      h("h2", {}, "Open to join"),
      openOnes()),
  ];
}

function openOnes() {
  if (!state.discover) return h("p.lead", {}, "Looking …");
  if (!state.discover.length) return h("p.lead", {}, "There is no other open community at the moment.");
  return h("ul.cards", {}, state.discover.map(openCard));
}

const textOf = (community) => [
  h("h3", {}, community.name),
  h("p", {}, [plural(community.member_count, "member"), roleWord(community.my_role)].filter(Boolean).join(" · ")),
  community.description && h("p", {}, community.description),
];

const roleWord = (role) => ({ owner: "you own it", moderator: "you moderate" })[role];

const myCard = (community) =>
  h("li", {}, h("a.card", { href: communityAddress(community.id) }, avatar(community, community.name), h("div.text", {}, textOf(community))));

function openCard(community) {
  const join = h("button.button", { type: "button", "aria-label": `Join ${community.name}` }, "Join");
  join.addEventListener("click", () => {
    join.disabled = true;
    joinIn(community).catch((problem) => (complain(problem), (join.disabled = false)));
  });
  return h("li.card", {}, avatar(community, community.name), h("div.text", {}, textOf(community), join));
}

async function joinIn({ id }) {
  await api.joinCommunity(id);
  await enter(id);
}

async function enter(communityId) {
  await loadCommunities();
  loadDiscoverable().catch(() => {});
  go(communityAddress(communityId));
}

function createCommunity() {
  const fields = [
    { name: "name", label: "Name", required: true, maxlength: 80 },
    { name: "description", label: "What it is for (optional)", type: "textarea", maxlength: 500, rows: 3 },
    { name: "join_policy", label: "Who may join", options: [["closed", "People whom a moderator adds"], ["open", "Everyone who has an account"]] },
  ];
  askForm("New community", "You will own it, and can make others moderators.", fields, {
    label: "Create community",
    submit: async (form) => enter((await api.createCommunity({ ...form, slug: slugOf(form.name) })).id),
  });
}

/** A short address from the name, with a few random letters so that two communities of one name do not collide. */
function slugOf(name) {
  const plain = name.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 30).replace(/-+$/, "");
  const random = Math.random().toString(36).slice(2, 7).padEnd(5, "0");
  return plain ? `${plain}-${random}` : `community-${random}`;
}
