/** An invite that somebody has opened: where it leads, and coming in by it. Above the forms of the entrance it is a card alone. */

import { loadCommunities } from "../directory.js";
import { h } from "../dom.js";
import { acceptInvite, previewInvite } from "../invites.js";
import { communityAddress, goInstead } from "../router.js";
import { state } from "../state.js";
import { avatar, nameOf, shortMomentOf } from "../words.js";
import { wayButton } from "./proof.js";

/** The page of an invite for who is signed in. @param {string} code @returns {Element[]} */
export function invitePage(code) {
  const box = h("div.invite");
  const title = h("h1", { tabindex: "-1" }, "Your invite");
  look(code, title, box);
  return [h("div.page", {}, title, box)];
}

async function look(code, title, box) {
  box.replaceChildren(h("p.lead", { role: "status" }, "Looking at the invite …"));
  try {
    const [preview] = await Promise.all([previewInvite(code), state.communities ?? loadCommunities()]);
    title.textContent = "You are invited";
    box.replaceChildren(cardOf(preview), ...offer(code, preview));
  } catch (problem) {
    box.replaceChildren(...refusal(problem, () => look(code, title, box)));
  }
}

function offer(code, { community }) {
  const { id, name } = community;
  const isMember = state.communities.some((mine) => mine.id === id);
  const accept = wayButton(isMember ? "Accept it all the same" : `Join ${name}`, async () => {
    await acceptInvite(code);
    await loadCommunities();
    goInstead(communityAddress(id));
  });
  if (isMember) return [h("p", {}, `You are a member of ${name} already. The invite may still give you a role or a room.`), h("a.button.primary", { href: communityAddress(id) }, `Go to ${name}`), accept];
  accept.firstChild.classList.add("primary");
  return [accept, h("p.ways", {}, h("a", { href: "#/" }, "Not now"))];
}

const refusal = (problem, again) => [
  h("p.form-mistake", { role: "alert" }, problem.message),
  h("p.ways", {}, problem.retryable && h("button.button", { type: "button", onclick: again }, "Try again"), h("a.button", { href: "#/" }, "To your communities")),
];

/** Show at the entrance where an invite leads, as far as somebody may know who is not signed in. @param {?string} code @param {Element} box */
export async function showInvitation(code, box) {
  box.dataset.code = code ?? "";
  box.hidden = !code;
  box.replaceChildren();
  if (!code) return;
  const found = await previewInvite(code).then(cardOf, ({ message }) => h("p.form-mistake", { role: "alert" }, message));
  if (box.dataset.code === code) box.replaceChildren(found);
}

const SECRET = "You are invited to a community that shows itself only to who is signed in.";

function cardOf({ community, invited_by, expires_at, for_guests }) {
  const place = for_guests ? "It leads into one room, as a guest. " : "";
  const until = h("p", {}, `${place}The invite is good until ${shortMomentOf(expires_at)}.`);
  if (!community) return h("article.card", { "aria-label": "Invite" }, h("div.text", {}, h("p.who", {}, SECRET), until));
  const { id, name, description } = community;
  return h("article.card", { "aria-label": `Invite to ${name}` }, avatar({ id }, name, "large"),
    h("div.text", {}, h("p.who", {}, invited_by ? `${nameOf(invited_by)} invites you to` : "You are invited to"), h("h2", {}, name), description && h("p", {}, description), until));
}
