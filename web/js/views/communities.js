/** The page of communities: mine, those that anybody may find, and a form for a new one. */

import * as api from "../api.js";
import { fill, h, keyed } from "../dom.js";
import { loadCommunities, loadDiscoverable, loadMoreDiscoverable } from "../directory.js";
import { applyAddress, communityAddress, go } from "../router.js";
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
  const awaited = h("ul.cards");
  const waiting = h("section", { "aria-label": "Applied to" }, h("h2", {}, "Applied to"), awaited);
  const more = h("button.button.more", { type: "button", onclick: () => loadMoreDiscoverable().catch(complain) }, "Show more");
  const [mineNote, openNote] = [h("p.lead"), h("p.lead")];
  const lists = h("div", {}, h("h2", {}, "Yours"), mineNote, mine, waiting, h("h2", {}, "To be found"), searchBox(), openNote, open, more);
  const refresh = () => {
    wait.hidden = Boolean(state.communities);
    lists.hidden = !state.communities;
    showCards(mine, mineNote, state.communities, myCard, "You are in no community yet. Join an open one, create your own, or ask a moderator to add your username.");
    waiting.hidden = !state.awaited.length;
    keyed(awaited, state.awaited, { key: ({ id }) => id, build: awaitedCard, update: showCard });
    const { search, items, next } = state.discover;
    showCards(open, openNote, items?.filter(isToBeFound), openCard, search ? `No other community is called “${search}”.` : "There is no other community to be found at the moment.");
    more.hidden = !next;
  };
  return { element: h("div.page", {}, head, wait, lists), refresh };
}

const TYPING_MS = 250;

/** What is typed is searched for as soon as one stops typing. */
function searchBox() {
  let waiting = 0;
  const search = () => loadDiscoverable(input.value.trim()).catch(complain);
  const input = h("input", { id: "find-community", type: "search", value: state.discover.search, placeholder: "Search by name", autocomplete: "off", maxlength: 80 });
  input.addEventListener("input", () => (clearTimeout(waiting), (waiting = setTimeout(search, TYPING_MS))));
  return h("form.field.find", { role: "search", onsubmit: (event) => (event.preventDefault(), clearTimeout(waiting), search()) }, h("label.visually-hidden", { for: "find-community" }, "Search communities"), input);
}

function showCards(list, note, communities, build, none) {
  note.hidden = Boolean(communities?.length);
  note.textContent = communities ? none : "Looking …";
  list.hidden = !communities?.length;
  keyed(list, communities ?? [], { key: keyOf, build, update: showCard });
}

/** What one can do with a community that is not one's own depends on its policy. */
const keyOf = ({ id, is_member, join_policy: policy, takes_applications: takes }) => (is_member ? id : `${id} ${policy} ${takes}`);

function showCard(item, community) {
  const { id, name, description, member_count: count, is_member } = community;
  const role = state.shut.has(id) ? "closed to you for now" : roleWord(community);
  fill(item.querySelector(".tile"), [name], () => [avatar(community, name)]);
  fill(item.querySelector(".about"), [name, description, count, role], () => [
    h("h3", {}, is_member ? name : h("a", { href: communityAddress(id) }, name)),
    h("p", {}, [plural(count, "member"), role].filter(Boolean).join(" · ")),
    description && h("p", {}, description),
  ]);
}

const roleWord = ({ is_owner, my_permissions }) => (is_owner ? "you own it" : my_permissions.includes("member.remove") ? "you moderate" : null);

const myCard = ({ id }) => h("li", {}, h("a.card", { href: communityAddress(id) }, h("div.tile"), h("div.text.about")));

const isToBeFound = ({ id, is_member }) => !is_member && !state.awaited.some((one) => one.id === id);

const awaitedCard = () => foundCard(h("p", {}, "It has your application. You will be told here."));

function openCard({ id, name, join_policy: policy, takes_applications: takes }) {
  if (policy !== "open") {
    return foundCard(takes ? h("a.button", { href: applyAddress(id), "aria-label": `Apply to ${name}` }, "Apply") : h("p", {}, "Closed: ask a member for an invite."));
  }
  const join = h("button.button", { type: "button", "aria-label": `Join ${name}` }, "Join");
  join.addEventListener("click", () => {
    join.disabled = true;
    joinIn(id).catch((problem) => (complain(problem), (join.disabled = false)));
  });
  return foundCard(join);
}

const foundCard = (way) => h("li.card", {}, h("div.tile"), h("div.text", {}, h("div.about"), way));

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
