/** Versions of a gate to read: what each asks for, what it changed, and the way back to it. */

import { comparedOutlines, outlineOf } from "../../gate_trees.js";
import { listVersions, rollBack, simulateGate } from "../../gates.js";
import { saying, titleOfRequirement } from "../../gate_words.js";
import { h } from "../../dom.js";
import { nameOf, plural, shortMomentOf } from "../../words.js";
import { openDialog } from "../dialogs.js";
import { formOf } from "../forms.js";
import { button, named } from "../settings/panels.js";
import { complain, toast } from "../toasts.js";
import { comparisonOf } from "./gate_comparison.js";

const DAY_SECONDS = 86_400;
const NOTHING = [{ depth: 0, text: "Nothing is asked for: every member comes in." }];
const CHANGES = { added: ["ins", "added: "], removed: ["del", "removed: "], same: ["span", ""] };

const linesOf = ({ tree }, communityId) => (tree ? outlineOf(tree, saying(communityId)) : NOTHING);

/** What a version asks for, in lines; with another one, what it changed of that. @param {object} version @param {object} [before] */
export function outlineView(version, communityId, before) {
  const lines = linesOf(version, communityId);
  const told = before ? comparedOutlines(linesOf(before, communityId), lines) : lines.map((line) => ({ ...line, change: "same" }));
  return h("ul.outline", {}, told.map(({ depth, text, change }) => {
    const [tag, word] = CHANGES[change];
    const line = h(`li.${change}`, {}, h(tag, {}, word && h("span.visually-hidden", {}, word), text));
    line.style.setProperty("--depth", depth);
    return line;
  }));
}

/** For whom a version is lenient, in sentences; empty for none. */
export function leniencyOf({ grace, grandfathered_until: until, created_at }) {
  const spared = Object.entries(grace).map(([type, seconds]) => `${titleOfRequirement(type)}: who was a member on ${shortMomentOf(created_at)} has ${plural(seconds / DAY_SECONDS, "day")} for it.`);
  return [until && `Who was a member before it is held to the gate before it until ${shortMomentOf(until)}.`, ...spared].filter(Boolean);
}

/** @param {object} version "by Olive on 23 Nov" */
export const originOf = ({ author, created_at }) => `${author ? `by ${nameOf(author)}, ` : ""}${shortMomentOf(created_at)}`;

/**
 * Every version, newest first, page by page.
 * @param {import("../../gates.js").Place} place @param {() => void} again when another version decides
 */
export function historyView(place, again) {
  const list = h("ol.versions");
  const more = button("Show older versions", () => load().catch(complain));
  let cursor = null;
  /** @type {object[]} */ let shown = [];
  /** The last of a page is shown with the next one, when it is known what was before it. */
  const load = async () => {
    const page = await listVersions(place, cursor);
    const from = Math.max(0, shown.length - 1);
    shown = [...shown, ...page.items];
    cursor = page.next;
    const known = cursor ? shown.slice(0, -1) : shown;
    const added = known.slice(from).map((version, at) => h("li", {}, versionView(version, shown[from + at + 1], place, again)));
    list.append(...added);
    if (!shown.length) list.append(h("li.none", {}, "There has been no gate yet."));
    const pressed = more === document.activeElement;
    more.hidden = !cursor;
    if (pressed) added[0]?.querySelector("summary").focus();
  };
  load().catch(complain);
  return h("div.stack", {}, list, more);
}

function versionView(version, before, place, again) {
  const { number, mode, is_live, reason } = version;
  const marks = [is_live && "decides now", mode === "shadow" && "shadow"].filter(Boolean);
  const back = !is_live && named(button("Go back to this", () => askBack(version, place, again).catch(complain)), `Go back to version ${number}`);
  return h("details.version", {},
    h("summary", {}, h("strong", {}, `Version ${number}`), marks.map((mark) => h("span.mark", {}, mark)), h("small", {}, originOf(version)), reason && h("span.reason", {}, `“${reason}”`)),
    outlineView(version, place.community, before), leniencyOf(version).map((sentence) => h("p.hint", {}, sentence)), back);
}

/** What it would do is told first; a going back is a new version, and lets nobody off. */
async function askBack({ number, tree }, place, again) {
  const compared = await simulateGate(place, { tree });
  const reason = { name: "reason", label: "Why (kept in the history)", maxlength: 500 };
  const cancel = button("Cancel", () => dialog.close());
  const form = formOf([reason], {
    label: "Go back",
    extra: [cancel],
    submit: async (values) => {
      await rollBack(place, number, values.reason.trim());
      dialog.close();
      toast(`Version ${number} decides again.`);
      again();
    },
  });
  const dialog = openDialog(`Go back to version ${number}?`, h("div.about", {}, comparisonOf(compared)), form);
}
