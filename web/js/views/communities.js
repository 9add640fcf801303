/** The page of communities: mine, those that anybody may find, and a form for a new one. */

import * as api from "../api.js";
import { fill, h, keyed } from "../dom.js";
import { loadCommunities, loadDiscoverable } from "../directory.js";
import { communityAddress, go } from "../router.js";
import { state, watch } from "../state.js";
import { avatar, plural } from "../words.js";
import { askForm } from "./dialogs.js";
import { complain } from "./toasts.js";

/** @type {?{element: Element, refresh: () => void}} */
let page = null;

/** Keep the page current; mounted once. */
export function mountCommunities() {
  watch(["communities", "shut"], () => page?.element.isConnected && page.refresh());
}

/** @returns {Element[]} */
export function communitiesPage() {
  page = buildPage();
  page.refresh();
  return [page.element];
}

function buildPage() {
  const create = h("button.button.primary", { type: "button", onclick: createCommunity }, "Create a community");
  const head = h("div.page-head", {}, h("div", {}, h("h1", {}, "Communities"), h("p.lead", {}, "Where you belong, and where you could.")), create);
  const wait = h("p.lead", { role: "status" }, "Loading your communities …");
  const [mine, open] = [h("ul.cards"), h("ul.cards")];
  const [mineNote, openNote] = [h("p.lead"), h("p.lead")];
  const lists = h("div", {}, h("h2", {}, "Yours"), mineNote, mine, h("h2", {}, "To be found"), openNote, open);
  const refresh = () => {
    wait.hidden = Boolean(state.communities);
    lists.hidden = !state.communities;
    showCards(mine, mineNote, state.communities, myCard, "You are in no community yet. Join an open one, create your own, or ask a moderator to add your username.");
    showCards(open, openNote, state.discover, openCard, "There is no other community to be found at the moment.");
  };
  return { element: h("div.page", {}, head, wait, lists), refresh };
}

function showCards(list, note, communities, build, none) {
  note.hidden = Boolean(communities?.length);
  note.textContent = communities ? none : "Looking …";
  list.hidden = !communities?.length;
  keyed(list, communities ?? [], { key: keyOf, build, update: showCard });
}

/** What one can do with a community that is not one's own depends on its policy. */
const keyOf = ({ id, is_member, join_policy: policy }) => (is_member ? id : `${id} ${policy}`);

function showCard(item, community) {
  const { name, description, member_count: count } = community;
  const role = state.shut.has(community.id) ? "closed to you for now" : roleWord(community);
  fill(item.querySelector(".tile"), [name], () => [avatar(community, name)]);
  fill(item.querySelector(".about"), [name, description, count, role], () => [
    h("h3", {}, name),
    h("p", {}, [plural(count, "member"), role].filter(Boolean).join(" · ")),
    description && h("p", {}, description),
  ]);
}

const roleWord = ({ is_owner, my_permissions }) => (is_owner ? "you own it" : my_permissions.includes("member.remove") ? "you moderate" : null);

const myCard = ({ id }) => h("li", {}, h("a.card", { href: communityAddress(id) }, h("div.tile"), h("div.text.about")));

function openCard({ id, name, join_policy: policy }) {
  if (policy !== "open") return h("li", {}, h("a.card", { href: communityAddress(id) }, h("div.tile"), h("div.text", {}, h("div.about"), h("p.more", {}, "Closed: see how to get in"))));
  const join = h("button.button", { type: "button", "aria-label": `Join ${name}` }, "Join");
  join.addEventListener("click", () => {
    join.disabled = true;
    joinIn(id).catch((problem) => (complain(problem), (join.disabled = false)));
  });
  return h("li.card", {}, h("div.tile"), h("div.text", {}, h("div.about"), join));
}

async function joinIn(id) {
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
