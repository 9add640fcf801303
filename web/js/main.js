/** Start: the entrance for those who are not signed in, the frame for those who are, and the way from one to the other. */

import { forgetClosing, lastClosing } from "./account.js";
import { refreshCard } from "./cards.js";
import { changingCookie, whoIsSignedIn } from "./cookie_session.js";
import { loadAwaited, loadDiscoverable, loadRooms } from "./directory.js";
import { listenToKeys } from "./keyboard.js";
import { goLive, leaveLive } from "./live.js";
import { entranceForm, followAddress, inviteCode, leaveEntranceForm, leaveMailLink, mailLink } from "./router.js";
import { isLeaving, keepUser, onSessionChange, signedInUser, wasEnded } from "./session.js";
import { comeBack } from "./social.js";
import { changed, currentCommunity, forgetState, state, watch } from "./state.js";
import { closingWords } from "./views/closed_account.js";
import { mountCard } from "./views/card.js";
import { mountClosed } from "./views/closed.js";
import { mountCommunities } from "./views/communities.js";
import { mountCommunitySettings } from "./views/community_settings.js";
import { closeDialogs } from "./views/dialogs.js";
import { leaveEntrance, showEntrance, showLinked } from "./views/entrance.js";
import { markRead } from "./views/log.js";
import { mountMembers, tuckMembersAway } from "./views/members.js";
import { mountPresence } from "./views/presence.js";
import { mountRoom } from "./views/room.js";
import { mountSettings } from "./views/settings.js";
import { mountSidebar } from "./views/sidebar.js";
import { mountStage } from "./views/stage.js";
import { complain } from "./views/toasts.js";
import { mountTopbar } from "./views/topbar.js";

const readAddress = followAddress(arrive);
const ENDED = "This device was signed out: its session was ended elsewhere or has run out. Sign in to go on.";
let framed = false;
/** The link of a mail, or the invite, for which the entrance was drawn. */
let shownLink = null;

function arrive({ community, settings, invite }) {
  tuckMembersAway();
  if (settings !== null || invite !== null) return;
  refreshCard(community);
  if (!community) lookAround();
  else if (!state.opened.has(community)) loadRooms(community).catch(absent);
}

/** A community that is not ours looks like one that does not exist; the stage says so. */
const absent = (problem) => problem.status !== 404 && problem.status !== 403 && complain(problem);

/** @param {object} [arrival] what to say at the entrance */
function show(arrival) {
  const user = signedInUser();
  const link = mailLink();
  shownLink = linkNow();
  leaveLive();
  closeDialogs();
  forgetState();
  state.user = user;
  const inside = user && !link;
  document.body.dataset.screen = inside ? "frame" : "entrance";
  document.getElementById("entrance").hidden = Boolean(inside);
  document.getElementById("frame").hidden = !inside;
  if (user) forgetClosing();
  if (inside) leaveEntrance(), leaveEntranceForm(), enter();
  else if (link) showLinked(link, leaveLinked);
  else showEntrance({ notice: closingWords(lastClosing()) ?? (wasEnded() ? ENDED : null), ...arrival });
}

const linkNow = () => (mailLink() || (!signedInUser() && inviteCode()) ? location.hash : null);

function leaveLinked(arrival) {
  leaveMailLink();
  show(arrival);
}

function enter() {
  if (!framed) mountFrame();
  framed = true;
  goLive().catch(complain);
  readAddress();
  changed("user", "route");
  if (location.hash.length < 3) lookAround();
}

function lookAround() {
  loadDiscoverable().catch(() => {});
  loadAwaited().catch(() => {});
}

/** Who looked at a community from outside was let in. */
function letIn() {
  const { id } = currentCommunity() ?? {};
  if (!state.shut.has(id) && state.cards.delete(id)) loadRooms(id).catch(absent);
}

function mountFrame() {
  watch(["communities"], letIn);
  const places = [mountStage, mountRoom, mountCommunities, mountCard, mountClosed, mountMembers, mountPresence, mountSettings, mountCommunitySettings];
  for (const mount of [mountTopbar, mountSidebar, ...places, listenToKeys]) mount();
  addEventListener("focus", markRead);
  document.addEventListener("visibilitychange", markRead);
}

addEventListener("hashchange", () => {
  if (shownLink !== linkNow() || entranceForm()) show();
});
/** Whom we know is shown at once; of the others only the server can tell whether the cookie is somebody's, or a login's that is not done. */
async function start() {
  const failure = comeBack();
  const { user = null, pending = null } = signedInUser() ? {} : await changingCookie(whoIsSignedIn).catch(() => ({}));
  onSessionChange(() => show());
  if (user) keepUser(user);
  else show({ pending, ...(failure && { notice: failure.message, deletion: failure.deletion }) });
  if (failure && signedInUser()) complain(failure);
}

addEventListener("online", () => isLeaving() && changingCookie(async () => {}).catch(() => {}));
start();
