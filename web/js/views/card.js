/** The page of a community for who is no member: what it is, how one gets in, and how far one has come with that. */

import { joinCommunity } from "../api.js";
import { applyAgainAt, withdraw } from "../applications.js";
import { loadCard } from "../cards.js";
import { loadCommunities, loadDiscoverable } from "../directory.js";
import { startTrial } from "../entitlements.js";
import { fill, h, icon } from "../dom.js";
import { applyAddress } from "../router.js";
import { state, watch } from "../state.js";
import { avatar, dateOf, linked, plural } from "../words.js";
import { askYes } from "./dialogs.js";
import { wayButton } from "./proof.js";
import { button, panel } from "./settings/panels.js";
import { checksOf } from "./standing.js";
import { toast } from "./toasts.js";

/** @type {?{id: string, box: Element}} */
let open = null;

/** Keep the page current; mounted once. */
export function mountCard() {
  watch(["cards"], () => open?.box.isConnected && draw());
}

/** @param {string} id of a community whose card is loaded @returns {Element[]} */
export function cardPage(id) {
  open = { id, box: h("div.page.outside", { tabindex: "-1" }) };
  draw();
  return [open.box];
}

function draw() {
  const { id, box } = open;
  const card = state.cards.get(id);
  if (!card) return;
  fill(box, card, () => [back(), head(card), wayIn(card), gateOf(card), ...trials(card), rulesOf(card)]);
}

const back = () => h("p.way-back", {}, h("a", { href: "#/" }, icon("back"), "All communities"));

function head({ community: { id, name, description, member_count: count } }) {
  return h("header.card-head", {}, avatar({ id }, name, "large"),
    h("div", {}, h("h1", { tabindex: "-1" }, name), h("p.lead", {}, description || plural(count, "member")), description && h("p.hint", {}, plural(count, "member"))));
}

/** The one thing to do next, said once. */
function wayIn({ community, form, application }) {
  const { id, name, join_policy } = community;
  if (application?.status === "pending") return waiting(application, name);
  if (join_policy === "open" && !community.is_member) return section("Anybody may join.", action(`Join ${name}`, () => joinCommunity(id)));
  const again = application && form && applyAgainAt(application, form);
  const refused = application?.status === "refused" && h("p.notice", {}, `Your application was refused on ${dateOf(application.decided_at)}: ${application.reason}`);
  if (again) return section(`You may apply again on ${dateOf(again)}.`, refused);
  if (form && !form.closed_at) return section("Its moderators read your application and decide.", refused, h("p.ways", {}, h("a.button.primary", { href: applyAddress(id) }, application ? "Apply again" : "Apply")));
  return section("It is closed: ask one of its members for an invite.", refused);
}

const section = (about, ...more) => panel("How to get in", about, [], ...more.filter(Boolean));

function waiting({ id, submitted_at }, name) {
  const ask = () => askYes("Take your application back?", "Nobody reads it any further. You may apply again at once.", "Take it back", async () => {
    await withdraw(id);
    await loadCard(open.id);
  });
  return panel("You have applied", `Since ${dateOf(submitted_at)} your application waits for an answer of ${name}. You will be told here.`, [button("Take it back", ask)]);
}

function action(label, act) {
  const way = wayButton(label, async () => {
    await act();
    await loadCommunities();
    loadDiscoverable().catch(() => {});
  });
  way.firstChild.classList.add("primary");
  return way;
}

const trials = ({ community, trials: offers }) => offers.map(({ id, key, days }) => {
  const begin = async () => {
    await startTrial(community.id, id);
    toast(`“${key}” is yours for ${plural(days, "day")}.`);
  };
  return panel(`Try “${key}”`, `Free for ${plural(days, "day")}, once.`, [], wayButton("Begin the trial", begin));
});

/** Who joins is a member all the same: what the gate asks for is what opens the rooms. */
const gateOf = ({ community, standing: { passed, gates } }) => !passed &&
  h("section.panel", { "aria-label": "What its gate asks of you" }, h("h2", {}, "What its gate asks of you"), h("p", {}, "Its rooms are for members for whom nothing of this is missing."), checksOf(gates, community.id));

const rulesOf = ({ rules }) => rules && h("section.panel", { "aria-label": "The rules" }, h("h2", {}, "The rules"), h("div.rules-text", {}, linked(rules.text)));
