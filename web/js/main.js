/** Start: the entrance for those who are not signed in, the frame for those who are, and the way from one to the other. */

import { loadDiscoverable, loadRooms } from "./directory.js";
import { listenToKeys } from "./keyboard.js";
import { goLive, leaveLive } from "./live.js";
import { followAddress } from "./router.js";
import { onSessionChange, signedInUser, wasEnded } from "./session.js";
import { changed, forgetState, state } from "./state.js";
import { closeDialogs } from "./views/dialogs.js";
import { leaveEntrance, showEntrance } from "./views/entrance.js";
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

function arrive({ community, settings }) {
  tuckMembersAway();
  if (settings !== null) return;
  if (!community) loadDiscoverable().catch(() => {});
  else if (!state.opened.has(community)) loadRooms(community).catch(absent);
}

/** A community that is not ours looks like one that does not exist; the stage says so. */
const absent = (problem) => problem.status !== 404 && problem.status !== 403 && complain(problem);

function show() {
  const user = signedInUser();
  leaveLive();
  closeDialogs();
  forgetState();
  state.user = user;
  document.body.dataset.screen = user ? "frame" : "entrance";
  document.getElementById("entrance").hidden = Boolean(user);
  document.getElementById("frame").hidden = !user;
  if (user) leaveEntrance(), enter();
  else showEntrance(() => {}, wasEnded() ? ENDED : null);
}

function enter() {
  if (!framed) mountFrame();
  framed = true;
  goLive().then(readAddress, complain);
  changed("user", "route");
  if (location.hash.length < 3) loadDiscoverable().catch(() => {});
}

function mountFrame() {
  for (const mount of [mountTopbar, mountSidebar, mountStage, mountRoom, mountMembers, mountPresence, mountSettings, listenToKeys]) mount();
  addEventListener("focus", markRead);
  document.addEventListener("visibilitychange", markRead);
}

onSessionChange(show);
show();
