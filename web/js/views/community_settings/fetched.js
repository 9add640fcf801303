/** What sections share whose content is fetched: a word while it loads or cannot be had, the newest answer, and news of changes. */

import { followFromHead } from "../../directory.js";
import { h } from "../../dom.js";
import { signedInUser } from "../../session.js";
import { changed, may, state } from "../../state.js";

const PAGE = 100;

/** A button that shows more of a long list in a box. @param {() => Promise<void>} again */
export function moreButton(box, again) {
  const more = () => {
    box.count = (box.count ?? PAGE) + PAGE;
    again();
  };
  return h("button.button.more", { type: "button", onclick: more, hidden: true }, "Show more");
}

/**
 * The `show` of a section. Two answers may be on their way at once; only what was asked for last is drawn.
 * @template T @param {(community: object, count: number) => Promise<T>} fetch `count` is how much of a long list is wanted
 * @param {(box: Element, found: T, community: object, again: () => Promise<void>) => void} draw again and again in the same box
 */
export function fetched(fetch, draw) {
  return async function show(box, community) {
    const turn = (box.asked = (box.asked ?? 0) + 1);
    if (!box.children.length) box.replaceChildren(h("p", { role: "status" }, "Loading …"));
    try {
      const found = await fetch(community, box.count ?? PAGE);
      if (turn !== box.asked) return;
      box.isDrawn = true;
      draw(box, found, community, () => show(box, state.communities?.find(({ id }) => id === community.id) ?? community));
    } catch (problem) {
      if (turn !== box.asked || !signedInUser() || (box.isDrawn && problem.retryable)) return; // what is shown, and written, stays until it can be had anew
      box.isDrawn = false;
      box.replaceChildren(h("p.form-mistake", { role: "alert" }, problem.message));
    }
  };
}

/** Hear of what happens on a topic of a community that not every member may follow. @param {"invites"|"applications"|"entitlements"} kind which is a part of the state, too */
export function follow(kind, community, permission) {
  if (may(community, permission)) followFromHead(`${kind}:${community.id}`, () => changed(kind));
}
