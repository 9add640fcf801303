/** The events on one's own topic, `user:<id>`, applied to the state. No page. */

import { rememberClosing } from "./account.js";
import { refreshCard } from "./cards.js";
import { refreshStanding } from "./closed.js";
import { loadAwaited, refreshCommunities, refreshRooms } from "./directory.js";
import { changed, state } from "./state.js";

/** What one event on the topic of the signed-in user changes. @param {{t: string, d: object}} event */
export function applyToSelf({ t, d }) {
  refreshStanding(); // most of what happens to us may be what a gate asks for
  if (t === "read_marker.moved") readElsewhere(d);
  else if (/^(second_factor|recovery_code|trusted_device)/.test(t)) changed("factors");
  else if (t.startsWith("session.")) changed("sessions");
  else if (t.startsWith("phone_number.")) changed("phone");
  else if (t.startsWith("social_account.")) changed("connections");
  else if (t === "account.deactivated") rememberClosing({ kind: "deactivated" });
  else if (t === "account.deletion_scheduled") rememberClosing({ kind: "deletion", due_at: d.due_at });
  else if (/^(api_key|bot)\./.test(t)) changed("keys");
  else if (t === "rules.accepted") rulesChanged();
  else if (t === "entitlement.changed") changed("entitlements");
  else if (t === "application.changed") refreshApplication(d.application);
  else if (t === "user.updated") {
    state.user = { ...state.user, ...d.user };
    changed("user", "presence");
  }
  else if (t === "membership.changed") {
    refreshCommunities();
    if (state.opened.has(d.community)) refreshRooms(d.community);
  } else if (t === "access.changed") {
    refreshCommunities();
    if (state.opened.has(d.community) || state.shut.has(d.community)) refreshRooms(d.community);
  } else if (t === "room.joined" && state.opened.has(d.community)) refreshRooms(d.community);
}

function refreshApplication({ community }) {
  refreshCard(community);
  loadAwaited().catch(() => {});
}

/** Who owes acceptance is told with the communities. */
export function rulesChanged() {
  refreshCommunities();
  changed("rules");
}

function readElsewhere({ room: roomId, seq }) {
  const room = state.rooms.get(roomId);
  if (!room || seq <= room.read_seq) return;
  state.rooms.set(roomId, { ...room, read_seq: seq });
  refreshRooms(room.community);
}
