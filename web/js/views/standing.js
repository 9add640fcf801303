/** How somebody stands before a gate: every part of it in a sentence, whether it is passed, and a way to mend what is not. */

import { h, icon } from "../dom.js";
import { remedyOf } from "../remedies.js";
import { shortMomentOf } from "../words.js";
import { complain, toast } from "./toasts.js";

const SIGNS = { true: ["check", "passed"], false: ["close", "missing"], null: ["unknown", "not known yet"] };

/**
 * The parts of gates as a list. Links to what mends them are for who stands there themselves.
 * @param {object[]} gates as the server explains them @param {?string} communityId null without links
 */
export const checksOf = (gates, communityId) => h("ul.checks", {}, gates.flatMap(partsOf).map((part) => check(part, communityId, true)));

/** "All of these" says nothing that a list does not say. */
const partsOf = (gate) => (gate.type === "all" ? gate.of : [gate]);

/** @param {boolean} needed whether anything is left to do around it: what one of several has passed needs no second */
function check(part, communityId, needed) {
  const { type, passed, text, of } = part;
  const [sign, word] = SIGNS[passed];
  const open = needed && passed !== true;
  if (type === "not") return row({ sign, word, passed }, `${text} ${of[0].text}`, listOf(of[0].of, plain));
  return row({ sign, word, passed }, text, listOf(of, (branch) => check(branch, communityId, open)),
    h("p.remedy", {}, notesOf(part, open)), open && communityId && wayFor(part, communityId));
}

/** Inside of what must not be so, it is no matter of having or missing. */
const plain = ({ text, of }) => h("li.check", {}, h("span"), h("div.check-text", {}, h("p", {}, text), listOf(of, plain)));

const row = ({ sign, word, passed }, text, ...more) =>
  h("li.check", { "data-passed": String(passed) }, h("span.sign", {}, icon(sign)),
    h("div.check-text", {}, h("p", {}, text, h("span.visually-hidden", {}, ` (${word})`)), ...more));

const listOf = (branches, build) => branches.length > 0 && h("ul.checks", {}, branches.map(build));

function notesOf({ passed, remedy, until, of }, open) {
  const when = of.length === 0 && until && (passed === true ? `Until ${shortMomentOf(until)}.` : `From ${shortMomentOf(until)} on.`);
  return [open && remedy?.text, when].filter(Boolean).join(" ");
}

function wayFor({ type, remedy }, communityId) {
  const way = remedy && remedyOf(type);
  if (way?.act) return h("button.button", { type: "button", onclick: () => way.act(communityId).then(() => toast(way.done), complain) }, way.label);
  return way?.to ? h("a.button", { href: way.to(communityId) }, way.label) : null;
}

/** What is missing, as a refusal names it. @param {{requirement: string, remedy: ?{text: string}}[]} missing @param {string} communityId */
export const missingList = (missing, communityId) =>
  h("ul.checks", {}, missing.filter(({ requirement }) => remedyOf(requirement)).map(({ requirement, remedy }) =>
    check({ type: requirement, passed: false, text: remedyOf(requirement).what, remedy, until: null, of: [] }, communityId, true)));
