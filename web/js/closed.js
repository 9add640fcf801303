/** What is closed to us: forgotten at once; and how we stand before a closed gate, asked of the server while somebody looks. No page. */

import * as api from "./api.js";
import { closeRoom, forgetRoom } from "./conversation.js";
import { lookAgain } from "./presence.js";
import { changed, closing, roomsOf, state } from "./state.js";

/** We are no longer in a community, or never were: it is gone from here. @param {object} why */
export function closeCommunity(communityId, why) {
  const community = state.communities?.find(({ id }) => id === communityId);
  for (const room of roomsOf(communityId)) closeRoom(room.id, why);
  state.closed.set(communityId, closing(community?.name ?? null, why));
  state.communities = state.communities?.filter(({ id }) => id !== communityId) ?? null;
  state.shut.delete(communityId);
  forgetCommunity(communityId);
}

/** Its gate lets us in no longer: we stay a member, and nothing of what is in it stays here. */
export function shutCommunity(communityId) {
  for (const room of roomsOf(communityId)) {
    forgetRoom(room.id);
    state.closed.delete(room.id);
  }
  if (!state.shut.has(communityId)) state.shut.set(communityId, null);
  forgetCommunity(communityId);
  refreshStanding(communityId);
}

function forgetCommunity(communityId) {
  for (const { user } of state.members.get(communityId) ?? []) [state.people, state.presence].forEach((map) => map.delete(user.id));
  state.opened.delete(communityId);
  state.members.delete(communityId);
  state.roles.delete(communityId);
  lookAgain(); // who is in another community as well is seen there again
  changed("communities", "rooms", "members", "route", "presence", "shut");
}

/** The gate lets us in: what was said of it is over. */
export function openCommunity(communityId) {
  if (state.shut.delete(communityId)) changed("communities", "route", "shut");
}

/** How we stand before the gate of a community that is closed to us. @returns {Promise<void>} */
export async function loadStanding(communityId) {
  const standing = await api.explainGate(communityId);
  if (!state.shut.has(communityId)) return;
  state.shut.set(communityId, standing);
  changed("shut");
}

/** Something of us has changed: whoever looks at a closed gate sees what is left to do. */
export function refreshStanding(communityId = state.route.community) {
  if (communityId === state.route.community && state.shut.has(communityId)) loadStanding(communityId).catch(() => {});
}
