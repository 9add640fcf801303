/** Who would gain and who would lose by another gate: how many, and by name. */

import { h } from "../../dom.js";
import { avatar, nameOf, plural } from "../../words.js";

/** @param {{members: number, gains: number, loses: number, gaining: object[], losing: object[]}} compared */
export const comparisonOf = ({ members, gains, loses, gaining, losing }) =>
  h("div.comparison", { role: "status" },
    h("p", {}, sentence(members, gains, loses)),
    listOf("Would lose access", losing, loses),
    listOf("Would gain access", gaining, gains));

function sentence(members, gains, loses) {
  if (!gains && !loses) return `Nothing changes for any of ${plural(members, "member")}.`;
  return `Of ${plural(members, "member")}, ${loses || "nobody"} would lose access, and ${gains || "nobody"} would gain it.`;
}

function listOf(title, users, count) {
  if (!count) return null;
  const more = count - users.length;
  return h("div", {}, h("h3", {}, `${title} (${count})`),
    h("ul.people", { "aria-label": title }, users.map((user) => h("li", {}, avatar(user, nameOf(user), "small"), h("span", {}, nameOf(user), h("small", {}, `@${user.username}`)))), more > 0 && h("li", {}, `and ${more} more`)));
}
