/** How one member stands before a gate: what they are told, for who makes gates. */

import { findMember } from "../../api.js";
import { explainFor } from "../../gates.js";
import { h } from "../../dom.js";
import { nameOf, shortMomentOf } from "../../words.js";
import { formOf } from "../forms.js";
import { checksOf } from "../standing.js";

const USERNAME = { name: "username", label: "Username", required: true, autocapitalize: "none", autocomplete: "off" };

/** @param {import("../../gates.js").Place} place */
export function explainView(place) {
  const answer = h("div", { role: "status" });
  const submit = async ({ username }) => {
    const member = await findMember(place.community, username.trim().replace(/^@/, ""));
    if (!member) throw new Error(`There is no member called ${username.trim()}.`);
    answer.replaceChildren(...standingOf(member.user, await explainFor(place, member.user.id)));
  };
  return h("div.stack", {}, formOf([USERNAME], { label: "Explain", submit }), answer);
}

function standingOf(user, { passed, until, gates }) {
  const name = nameOf(user);
  const verdict = `${name} ${passed ? "comes in" : "is kept out"}${until ? `. Time may change that on ${shortMomentOf(until)}` : ""}.`;
  return [h("h3", {}, verdict), h("p.hint", {}, gates.length ? `This is what ${name} is told:` : "Nothing is asked for."), checksOf(gates, null)];
}
