/** Gates of a community and of its rooms: what decides, what only watches, how it came to be, and a new version of it. */

import { compareShadow, gateVocabulary, getGate, knownWords } from "../../gates.js";
import { loadRoles, loadRooms } from "../../directory.js";
import { fill, h } from "../../dom.js";
import { communitySettingsAddress, go } from "../../router.js";
import { may, roomsOf, state } from "../../state.js";
import { nameOf, plural, shortMomentOf } from "../../words.js";
import { button, panel } from "../settings/panels.js";
import { complain } from "../toasts.js";
import { fetched } from "./fetched.js";
import { comparisonOf } from "./gate_comparison.js";
import { gateEditor } from "./gate_editor.js";
import { explainView } from "./gate_explain.js";
import { historyView, leniencyOf, originOf, outlineView } from "./gate_versions.js";

export const gates = {
  name: "gates",
  title: "Gates",
  about: "Who comes in: what has to be so of a member, and stay so.",
  isFor: (community) => community.is_owner || may(community, "gate.manage"),
  parts: ["gates"],
  show: fetched(found, draw),
};

async function found(community) {
  const place = { community: community.id, room: state.route.detail };
  if (!state.opened.has(community.id) && !state.shut.has(community.id)) await loadRooms(community.id);
  if (!state.roles.has(community.id)) await loadRoles(community.id).catch(() => {}); // who is kept out themselves is told no names of roles
  return { place, ...(await getGate(place)) };
}

function draw(box, { place, live, shadow }, community, again) {
  if (!box.querySelector(".gate-of")) box.replaceChildren(h("div.gate-of"), h("div.gate-now"), h("div.gate-new"), h("div.gate-shadow"), h("div.gate-history"), explainPanel(place));
  const [of, now, editor, watching, history] = box.children;
  const edit = (from) => openEditor({ now, editor }, place, from, again).catch(complain);
  const rooms = roomsOf(community.id).filter(({ kind, archived_at }) => kind === "text" && !archived_at);
  fill(of, [rooms.map(({ id, name }) => [id, name]), place.room], () => [placePicker(place, rooms)]);
  tellOfNewer(editor, live);
  fill(now, [live], () => [livePanel(live, place, () => edit(live))]);
  fill(watching, [shadow, live?.id], () => [shadow && shadowPanel(shadow, place, () => edit(shadow))]);
  fill(history, [live?.id, shadow?.id], () => [panel("History", "Every version, with who put it there and why.", [], historyView(place, again))]);
}

function placePicker(place, rooms) {
  const options = [["", "The whole community"], ...rooms.map(({ id, name }) => [id, `Room: ${name}`])];
  const choose = ({ target }) => go(communitySettingsAddress(place.community, gates.name, target.value || null));
  return h("div.field", {}, h("label", { for: "gate-place" }, "Gate of"),
    h("select", { id: "gate-place", onchange: choose }, options.map(([value, text]) => h("option", { value, selected: value === (place.room ?? "") }, text))),
    h("p.hint", {}, place.room ? "In a room, the community's gate holds as well: a room can ask for more, never for less." : "It holds in every room of the community."));
}

function livePanel(live, place, edit) {
  const asks = live?.tree;
  const about = asks ? `Version ${live.number}, ${originOf(live)}.` : "Nothing is asked for: every member comes in.";
  return panel("What decides now", about, [button(asks ? "Change" : "Make a gate", edit)], asks && outlineView(live, place.community), live && leniencyOf(live).map((sentence) => h("p.hint", {}, sentence)));
}

function shadowPanel(shadow, place, edit) {
  const compared = h("div", {}, h("p", { role: "status" }, "Comparing …"));
  compareShadow(place).then((found) => compared.replaceChildren(comparisonOf(found), ...notedIn(found)), (problem) => compared.replaceChildren(h("p.form-mistake", {}, problem.message)));
  return panel("What only watches", `Version ${shadow.number}, ${originOf(shadow)}. It shuts nobody out. If it decided:`, [button("Change or let it decide", edit)], compared, outlineView(shadow, place.community));
}

/** For whom it decided differently since it watches, as it was noted when something about them changed. */
const notedIn = ({ noted, differences }) =>
  noted > 0
    ? [h("details.lenient", {}, h("summary", {}, `Noted since it watches: ${plural(noted, "time")}`), h("ul.noted", {}, differences.map(({ user, would_pass, noted_at }) =>
        h("li", {}, `${nameOf(user)} would have been ${would_pass ? "let in" : "kept out"}, ${shortMomentOf(noted_at)}`))))]
    : [];

const explainPanel = (place) => panel("Why somebody is in or out", "For any member: each part of the gate, and what they are told.", [], explainView(place));

/** The editor stands in the place of what decides now, until it is left. */
async function openEditor({ now, editor: box }, place, from, again) {
  const [vocabulary, words] = await Promise.all([gateVocabulary(), knownWords(place.community)]);
  const roles = (state.roles.get(place.community) ?? []).filter(({ is_default }) => !is_default);
  const leave = () => {
    box.replaceChildren();
    now.hidden = false;
    now.querySelector("button").focus();
    again();
  };
  box.newest = from?.number ?? 0;
  box.replaceChildren(gateEditor(place, { from, vocabulary, roles, words, leave, saved: leave }));
  now.hidden = true;
  box.querySelector("h2").focus();
}

/** While somebody draws a version, another one began to decide: nothing of theirs is taken away, and they are told. */
function tellOfNewer(box, live) {
  if (!box.firstChild || !live || live.number <= box.newest) return;
  box.newest = live.number;
  box.querySelector("h2").after(h("p.notice", { role: "alert" }, `Version ${live.number} decides by now, ${originOf(live)}. What you save takes its place.`));
}
