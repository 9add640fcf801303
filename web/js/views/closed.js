/** What takes the place of something that is closed to us: what is missing, what to do, and what we had written and not sent. */

import { loadRooms } from "../directory.js";
import { dropUnsentIn, unsentIn } from "../conversation.js";
import { fill, h, icon } from "../dom.js";
import { remedyOf } from "../remedies.js";
import { communityAddress, communitySettingsAddress } from "../router.js";
import { state, watch } from "../state.js";
import { plural } from "../words.js";
import { askYes, closeDialogs } from "./dialogs.js";
import { copy } from "./settings/secrets.js";
import { checksOf, missingList } from "./standing.js";
import { complain } from "./toasts.js";

/** @type {?{community: string, box: Element}} */
let open = null;

/** Keep what is said of a closed gate current; mounted once. */
export function mountClosed() {
  watch(["shut"], () => open?.box.isConnected && showStanding());
}

/** A community whose gate does not let us in. We stay a member, and it opens by itself. @returns {Element[]} */
export function shutView({ id, name, is_owner: owner }) {
  closeDialogs();
  open = { community: id, box: h("div.standing") };
  showStanding();
  return [
    h("div.page.closed-page", {}, icon("gate"),
      h("h1", { tabindex: "-1" }, `${name} is closed to you for now`),
      h("p.lead", { role: "alert" }, "You are still a member. It opens by itself, here and everywhere, as soon as its gate lets you in."),
      open.box, leftovers(id, null),
      h("p.ways", {}, h("a", { href: "#/" }, "To your communities"), owner && h("a", { href: communitySettingsAddress(id, "gates") }, "Change the gate"), h("button.link-button", { type: "button", onclick: () => loadRooms(id).catch(complain) }, "Look again"))),
  ];
}

function showStanding() {
  const standing = state.shut.get(open.community);
  if (standing === undefined) return;
  fill(open.box, standing, () => (standing ? [h("h2", {}, "What it asks of you"), checksOf(standing.gates, open.community)] : [h("p", { role: "status" }, "Looking what is missing …")]));
}

/** A room that we could read until now. @param {{title: ?string, message: string, missing: object[], remedy: ?string}} gone */
export function closedRoomView({ title, message, missing, remedy }, { community, room }) {
  closeDialogs();
  const asked = missing.some(({ requirement }) => remedyOf(requirement));
  return [
    h("div.page.closed-page", {}, icon("gate"),
      h("h1", { tabindex: "-1" }, `${title ?? "This room"} is closed to you`),
      h("p.lead", { role: "alert" }, asked ? "Its gate asks for something that you do not have now. It opens by itself as soon as you do." : message),
      asked ? missingList(missing, community) : remedy && remedy !== message && h("p", {}, remedy),
      leftovers(community, room), h("p.ways", {}, h("a.button", { href: communityAddress(community) }, "To the other rooms"))),
  ];
}

/** What we wrote is ours: it is said that it is there, and it is kept or thrown away as we like. */
function leftovers(communityId, roomId) {
  const { messages, drafts } = unsentIn(communityId, roomId);
  if (!messages.length && !drafts.length) return null;
  const what = [messages.length && plural(messages.length, "message"), drafts.length && plural(drafts.length, "draft")].filter(Boolean).join(" and ");
  const box = h("section.panel", { "aria-label": "What you had written" }, h("h2", {}, "What you had written"));
  const drop = () => askYes(`Throw away ${what}?`, "This cannot be undone.", "Throw away", async () => {
    dropUnsentIn(communityId, roomId);
    box.remove();
  });
  box.append(h("p", {}, `${what} of yours here ${messages.length + drafts.length === 1 ? "was" : "were"} not sent, and ${messages.length + drafts.length === 1 ? "is" : "are"} kept on this device alone.`),
    h("div.panel-buttons", {}, h("button.button", { type: "button", onclick: () => copy([...messages, ...drafts].join("\n\n")) }, "Copy"), h("button.button.danger", { type: "button", onclick: drop }, "Throw away")));
  return box;
}
