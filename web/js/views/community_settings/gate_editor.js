/** A new version of a gate: its tree, why, whether it decides, and for whom it is lenient. What it would do can be seen before. */

import { everyNode, isGroup, nodeAt, nodesOf, sentNode, treeOf } from "../../gate_trees.js";
import { putGate, simulateGate } from "../../gates.js";
import { titleOfRequirement } from "../../gate_words.js";
import { fill, h } from "../../dom.js";
import { askYes } from "../dialogs.js";
import { button } from "../settings/panels.js";
import { toast } from "../toasts.js";
import { comparisonOf } from "./gate_comparison.js";
import { gateTree } from "./gate_tree.js";

const DAY_SECONDS = 86_400;

/**
 * @param {import("../../gates.js").Place} place
 * @param {{from: ?object, vocabulary: object, roles: object[], words: Object<string, string[]>, leave: () => void, saved: () => void}} how `from` is the version to begin with
 */
export function gateEditor(place, { from, vocabulary, roles, words, leave, saved }) {
  const root = nodesOf(from?.tree ?? null);
  const outcome = h("div.outcome", { "aria-live": "polite" });
  const mistake = h("p.form-mistake", { role: "alert", hidden: true });
  const grace = h("div.grace");
  const graceDays = new Map(Object.entries(from?.grace ?? {}).map(([type, seconds]) => [type, seconds / DAY_SECONDS]));
  const tell = (text) => {
    mistake.hidden = !text;
    mistake.textContent = text ?? "";
  };
  const changed = () => {
    outcome.replaceChildren();
    tell(null);
    fill(grace, typesIn(root), () => graceRows(typesIn(root), graceDays, vocabulary.max_grace_days));
  };
  const tree = gateTree(root, { vocabulary, roles, words, onChange: changed });
  const reason = h("input", { type: "text", id: "gate-reason", maxlength: 500, autocomplete: "off" });
  const { element: mode, value: modeNow } = choices("When it is saved", "gate-mode", [["live", "It decides at once", "Who does not pass loses access in the same moment."], ["shadow", "It only watches", "Nobody is shut out. You see whom it would shut out, until you let it decide."]]);
  const { element: holds, value: holdsNow } = choices("For whom it holds", "gate-holds", [["all", "For everybody", "From the moment in which it decides."], ["new", "For new members; for others from a day on", "Until then they are held to the gate that is there now."]]);
  const until = h("input", { type: "date", id: "gate-until", min: tomorrow(), "aria-label": "Members of today are held to it from" });
  holds.append(until);

  const draft = () => ({
    tree: treeOf(sentNode(root)),
    reason: reason.value.trim(),
    mode: modeNow(),
    grace_days: Object.fromEntries([...graceDays].filter(([type, days]) => days && typesIn(root).includes(type))),
    grandfathered_until: holdsNow() === "new" && until.value ? new Date(`${until.value}T00:00`).toISOString() : null,
  });

  /** Send what is drawn, unless it can be seen from here that something is missing. @returns {Promise<*>} undefined when it was refused */
  const attempt = async (act) => {
    changed();
    const fault = faultIn(root, vocabulary);
    tree.refuse(fault);
    if (fault) return undefined;
    if (holdsNow() === "new" && !until.value) return void (tell("Say from which day on members of today are held to it."), until.focus());
    try {
      return await act(draft());
    } catch (problem) {
      const found = problem.code === "gate.invalid" ? nodeAt(sentNode(root), problem.data.path) : null;
      if (found) tree.refuse({ ...found, text: problem.message.slice(problem.message.indexOf(": ") + 2) });
      else tell(refusal(problem));
      return undefined;
    }
  };
  const simulate = () => attempt(async (wanted) => outcome.replaceChildren(comparisonOf(await simulateGate(place, wanted))));
  const put = async (wanted) => {
    const { number, mode: put } = await putGate(place, wanted);
    toast(put === "shadow" ? `Version ${number} watches.` : `Version ${number} decides now.`);
    saved();
  };
  const save = () => attempt(async (wanted) => {
    if (wanted.mode === "shadow") return put(wanted);
    const compared = await simulateGate(place, wanted);
    if (!compared.loses) return put(wanted);
    const dialog = askYes("Let this gate decide?", "Who loses access, loses it at once, on every device.", "Let it decide", () => attempt(put), { decline: "Not yet" });
    dialog.querySelector(".about").after(comparisonOf(compared));
    return undefined;
  });

  return h("section.panel.gate-editor", { "aria-label": "New version" }, h("h2", { tabindex: "-1" }, "New version"), tree.element,
    h("details.lenient", {}, h("summary", {}, "Time for members of today"), h("p.hint", {}, "Who is a member when it begins need not meet these before so many days are over."), grace),
    holds, mode,
    h("div.field", {}, h("label", { for: "gate-reason" }, "Why (kept in the history)"), reason),
    mistake, outcome,
    h("div.actions", {}, button("Cancel", leave), button("See who gains and loses", simulate), button("Save", save, "button.button.primary")));
}

const tomorrow = () => new Date(Date.now() + DAY_SECONDS * 1000).toISOString().slice(0, 10);
const typesIn = (root) => [...new Set(everyNode(root).filter((node) => !node.of).map(({ type }) => type))];

function graceRows(types, days, most) {
  if (!types.length) return [h("p.hint", {}, "The gate asks for nothing yet.")];
  return types.map((type) =>
    h("label.gate-parameter", {}, h("span", {}, titleOfRequirement(type)),
      h("input", { type: "number", min: 0, max: most, inputmode: "numeric", value: days.get(type) ?? "", oninput: ({ target }) => days.set(type, Number(target.value)) }), h("span", {}, "days")));
}

/** @returns {{element: Element, value: () => string}} */
function choices(legend, name, options) {
  const element = h("fieldset.choices.gate-choices", {}, h("legend", {}, legend), options.map(([value, title, about], at) =>
    h("label.choice", {}, h("input", { type: "radio", name, value, checked: at === 0 }), h("span", {}, h("strong", {}, title), h("small", {}, about)))));
  return { element, value: () => element.querySelector(":checked").value };
}

/** What can be seen to be wrong from here: what the server would say, in words for people. */
function faultIn(root, { requirements }) {
  for (const node of everyNode(root)) {
    const given = node.parameters;
    if (isGroup(node) && !node.of.length && node !== root) return { node, parameter: null, text: "Add something, or remove the group." };
    if (node.type === "at_least" && !(given.k >= 1 && given.k <= node.of.length)) return { node, parameter: "k", text: `Between 1 and ${node.of.length}.` };
    for (const { name, kind, minimum, maximum } of requirements.find(({ type }) => type === node.type)?.parameters ?? []) {
      if (kind === "integer" && !(Number.isInteger(given[name]) && given[name] >= minimum && given[name] <= maximum)) return { node, parameter: name, text: `A number between ${minimum} and ${maximum}.` };
      if (kind !== "integer" && !given[name]) return { node, parameter: name, text: kind === "role" ? "Choose a role." : "This is missing." };
    }
  }
  return null;
}

/** One sentence; of a gate that would lock out who makes it, with what they lack. */
function refusal({ code, message, data }) {
  if (code !== "gate.locks_out" || !data.missing?.length) return message;
  const lacking = data.missing.map(({ requirement }) => titleOfRequirement(requirement));
  return `${message.replace(/\.$/, "")}: ${lacking.join(", ")}.`;
}
