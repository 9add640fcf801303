/** The middle of the page: the communities, a room, or why there is none; or the settings. */

import { applyAgainAt } from "../applications.js";
import { loadCard } from "../cards.js";
import { h, icon } from "../dom.js";
import { currentCommunity, currentRoom, may, state, watch } from "../state.js";
import { applyPage } from "./apply.js";
import { cardPage } from "./card.js";
import { closedRoomView, shutView } from "./closed.js";
import { communitiesPage } from "./communities.js";
import { communitySectionOf, communitySettingsPage } from "./community_settings.js";
import { invitePage } from "./invite.js";
import { leaveRoomView, roomView } from "./room.js";
import { sectionOf, settingsPage } from "./settings.js";
import { complain } from "./toasts.js";

/** What is shown now and to whom, so that only a change of it rebuilds the stage. */
let shown = null;
/** The route for which it was last built. */
let visited = null;

export function mountStage() {
  watch(["route", "communities", "rooms", "cards"], () => {
    const view = viewNow();
    document.body.dataset.pane = view.pane;
    document.title = titleNow();
    const key = `${state.user?.id} ${view.key}`;
    if (shown === key) return;
    shown = key;
    leaveRoomView();
    rebuild(view);
  });
}

/** What comes late, or again, calls nobody away from where their focus is by now; only those who went somewhere, or stood in what is gone. */
function rebuild({ build, announce }) {
  const stage = document.getElementById("stage");
  const went = visited !== state.route;
  visited = state.route;
  const stood = stage.contains(document.activeElement);
  stage.replaceChildren(...build());
  const lost = document.activeElement === document.body;
  if (announce) stage.querySelector("h1")?.focus();
  else if (went || lost) focusBox();
  if (stood && document.activeElement === document.body) stage.focus();
}

/** Who comes into a room by mouse or keys can write at once; on a touch screen that would raise its keyboard unasked. */
function focusBox() {
  if (matchMedia("(pointer: fine)").matches && !document.querySelector("dialog[open]")) document.getElementById("message-box")?.focus();
}

function viewNow() {
  const { community, room, page, section, detail, settings, invite } = state.route;
  if (invite !== null) return { key: `invite ${invite}`, pane: "stage", announce: true, build: () => invitePage(invite) };
  if (settings !== null) return settingsNow(sectionOf(settings));
  if (section !== null && currentCommunity()) return communitySettingsNow(communitySectionOf(currentCommunity(), section), detail);
  if (page === "apply" && state.shut.has(community)) return outsideNow(community, page);
  if (state.shut.has(community) && currentCommunity()) return { key: `shut ${community}`, pane: "stage", announce: true, build: () => shutView(currentCommunity()) };
  const left = state.closed.get(community);
  if (left) return { key: `closed ${community}`, pane: "stage", announce: true, build: () => closedView(left) };
  const gone = state.closed.get(room);
  if (gone && !state.rooms.has(room)) return { key: `closed ${room} ${JSON.stringify(gone)}`, pane: "stage", announce: true, build: () => closedRoomView(gone, state.route) };
  if (!community) return { key: "communities", pane: "stage", build: communitiesPage };
  if (currentRoom()) return { key: `room ${room}`, pane: "stage", build: () => roomView(currentRoom()) };
  const absent = { key: `absent ${room ?? community}`, pane: "stage", build: absentView };
  if (room && state.opened.has(community)) return absent;
  if (state.communities && !currentCommunity()) return room ? absent : outsideNow(community, page);
  return { key: `choose ${community} ${state.opened.has(community)}`, pane: room || section !== null ? "stage" : "rooms", build: chooseView };
}

/** Whether there is a form to answer, and nothing that one has to wait for. */
const mayApply = ({ form, application }) => Boolean(form && !form.closed_at && application?.status !== "pending" && !(application && applyAgainAt(application, form)));

/** A community that is not ours, or whose gate does not let us in: its card, if we may know of it. */
function outsideNow(community, page) {
  const card = state.cards.get(community);
  if (card === undefined) return { key: `looking ${community}`, pane: "stage", build: () => (loadCard(community).catch(complain), [loadingView()]) };
  if (card === null) return { key: `absent ${community}`, pane: "stage", build: absentView };
  if (page === "apply" && mayApply(card)) return { key: `apply ${community}`, pane: "stage", announce: true, build: () => applyPage(community) };
  return { key: `card ${community}`, pane: "stage", announce: true, build: () => cardPage(community) };
}

const settingsNow = (section) =>
  section
    ? { key: `settings ${section.name}`, pane: "stage", announce: true, build: () => settingsPage(section) }
    : { key: "absent settings", pane: "stage", announce: true, build: absentView };

const communitySettingsNow = (section, detail) =>
  section
    ? { key: `settings ${state.route.community} ${section.name} ${detail}`, pane: "stage", announce: true, build: () => communitySettingsPage(section, currentCommunity()) }
    : { key: `absent settings ${state.route.community}`, pane: "stage", announce: true, build: absentView };

function titleNow() {
  const room = currentRoom();
  const unread = [...state.rooms.values()].reduce((sum, { unread: count }) => sum + count, 0);
  const outside = state.cards.get(state.route.community)?.community.name;
  const place = room?.name || currentCommunity()?.name || outside || (state.route.invite && "Invite") || (state.route.settings !== null && sectionOf(state.route.settings)?.title);
  return `${unread ? `(${unread > 99 ? "99+" : unread}) ` : ""}${place ? `${place} · ` : ""}Portcullis`;
}

/** A community that we are no longer in. @param {{title: ?string, message: string, remedy: ?string}} gone */
const closedView = ({ title, message, remedy }) => [
  h("div.empty.closed", {}, icon("gate"),
    h("h1", { tabindex: "-1" }, `${title ?? "This community"} is closed to you`),
    h("p", { role: "alert" }, message),
    remedy && remedy !== message && h("p", {}, remedy),
    h("a.button", { href: "#/" }, "To your communities")),
];

const absentView = () => [
  h("div.empty", {}, icon("gate"), h("h1", { tabindex: "-1" }, "There is nothing here"),
    h("p", {}, "It does not exist, or you have no access to it. A moderator of the community can add you."),
    h("a.button", { href: "#/" }, "To your communities")),
];

const loadingView = () => h("div.empty", { role: "status" }, h("p", {}, "Loading …"));

function chooseView() {
  const community = currentCommunity();
  if (!community || !state.opened.has(community.id)) return [loadingView()];
  const advice = may(community, "room.create")
    ? "Choose a room on the left, or create one with the plus beside “Rooms”."
    : "Choose a room on the left, or a member to write to them alone.";
  return [h("div.empty", {}, icon("talk"), h("h1", {}, `Welcome to ${community.name}`), h("p", {}, community.description || advice), community.description && h("p", {}, advice))];
}
