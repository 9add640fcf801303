/** The tree of a gate as something to build: groups, requirements with their parameters, and the one place where something is wrong. */

import { PARAMETERS, titleOfRequirement } from "../../gate_words.js";
import { GROUPS, depthOf, isGroup, newGroup, newNode } from "../../gate_trees.js";
import { h } from "../../dom.js";
import { named } from "../settings/panels.js";

const GROUP_WORDS = { all: "all of these", any: "one of these", at_least: "at least some of these" };

/**
 * @param {import("../../gate_trees.js").Node} root
 * @param {{vocabulary: object, roles: object[], words: Object<string, string[]>, onChange: () => void}} how
 * @returns {{element: Element, refuse: (fault: ?{node: object, parameter: ?string, text: string}) => void}}
 */
export function gateTree(root, { vocabulary, roles, words, onChange }) {
  const known = new Map(vocabulary.requirements.map((one) => [one.type, one]));
  const element = h("div.gate-tree");
  const suggested = Object.entries(words).map(([name, known]) => h("datalist", { id: `gate-known-${name}` }, known.map((value) => h("option", { value }))));
  /** @type {?{node: object, parameter: ?string, text: string}} */ let fault = null;

  /** Draw everything again, and put the focus where the change leads. */
  const redraw = (focus, control) => {
    element.replaceChildren(...suggested, group(root, null, 1));
    if (focus) (element.querySelector(`[data-node="${focus.key}"] ${control}`) ?? element.querySelector("select")).focus();
    onChange();
  };
  const change = (act, focus, control = ":is(input, select)") => {
    fault = null;
    act();
    redraw(focus, control);
  };
  const replace = (parent, node, ...nodes) => parent.of.splice(parent.of.indexOf(node), 1, ...nodes);

  function group(node, parent, depth) {
    const kind = h("select", { "aria-label": "How many have to be met", onchange: ({ target }) => change(() => (node.type = target.value), node) },
      GROUPS.map((type) => h("option", { value: type, selected: type === node.type }, GROUP_WORDS[type])));
    const count = node.type === "at_least" && number(node, { name: "k", minimum: 1, maximum: Math.max(1, node.of.length) }, "How many at least");
    const parts = node.of.length ? node.of.map((branch) => h("li", {}, part(branch, node, depth + 1))) : [h("li.gate-empty", {}, parent ? "Nothing yet: add something, or remove the group." : "Nothing is asked for: every member comes in.")];
    return h("fieldset.gate-group", { "data-node": node.key },
      h("legend", {}, parent ? "Group" : "Members come in who meet"),
      h("div.gate-head", {}, kind, count, parent && tools(node, parent, depth, "the group")), mistakeOf(node),
      h("ul.gate-parts", {}, parts), adder(node, depth));
  }

  /** What must not be so is shown as what it is, with a tick. */
  function part(node, parent, depth) {
    if (node.type === "not" && node.of[0].type !== "not") return turned(node.of[0], parent, depth + 1, node);
    if (node.type === "not") return h("fieldset.gate-group", { "data-node": node.key }, h("legend", {}, "Not:"), part(node.of[0], node, depth + 1));
    return turned(node, parent, depth, null);
  }

  function turned(node, parent, depth, not) {
    const title = isGroup(node) ? "the group" : titleOfRequirement(node.type);
    const turn = () => change(() => (not ? replace(parent, not, node) : replace(parent, node, newGroup("not", [node]))), node, ".gate-not input");
    const tick = h("label.gate-not", {}, h("input", { type: "checkbox", checked: Boolean(not), onchange: turn, "aria-label": `Must not be so: ${title}` }), "Must not be so");
    const outer = not ?? node;
    const body = isGroup(node) ? group(node, parent, depth) : requirement(node);
    if (isGroup(node)) body.querySelector(".gate-tools").replaceWith(tools(outer, parent, not ? depth - 1 : depth, title));
    else body.append(tools(outer, parent, not ? depth - 1 : depth, title));
    body.querySelector(".gate-tools").prepend(tick);
    body.classList.toggle("gate-turned", Boolean(not));
    return body;
  }

  function requirement(node) {
    const { about, parameters, is_known } = known.get(node.type) ?? { about: "This server does not know it.", parameters: [], is_known: false };
    return h("div.gate-requirement", { "data-node": node.key, role: "group", "aria-label": titleOfRequirement(node.type) },
      h("div.gate-what", {}, h("strong", {}, titleOfRequirement(node.type)), h("small", {}, about),
        !is_known && h("small.gate-warning", {}, "Nothing here tells this of anybody, so nobody would pass.")),
      parameters.length > 0 && h("div.gate-parameters", {}, parameters.map((one) => parameter(node, one))), mistakeOf(node));
  }

  function parameter(node, one) {
    const label = PARAMETERS[one.name] ?? one.name;
    const control = one.kind === "integer" ? number(node, one, label) : one.kind === "role" ? chooser(node, one) : word(node, one);
    return h("label.gate-parameter", {}, h("span", {}, label), control);
  }

  /** Take what was typed or chosen; whoever mends what was wrong is told no longer that it is. */
  const set = (node, name, value) => {
    node.parameters[name] = value;
    if (fault?.node === node) {
      fault = null;
      element.querySelectorAll(".mistake").forEach((mistake) => mistake.remove());
      element.querySelectorAll("[aria-invalid]").forEach((wrong) => ["aria-invalid", "aria-describedby"].forEach((attribute) => wrong.removeAttribute(attribute)));
    }
    onChange();
  };
  const control = (node, name, element) => {
    const wrong = fault?.node === node && (fault.parameter ?? name) === name;
    if (wrong) [["aria-invalid", "true"], ["aria-describedby", `gate-mistake-${node.key}`]].forEach(([attribute, value]) => element.setAttribute(attribute, value));
    return element;
  };
  const number = (node, { name, minimum, maximum }, label) =>
    control(node, name, named(h("input", { type: "number", min: minimum, max: maximum, inputmode: "numeric", value: node.parameters[name] ?? "", oninput: ({ target }) => set(node, name, target.value === "" ? null : Number(target.value)) }), label));
  const word = (node, { name }) =>
    control(node, name, h("input", { type: "text", maxlength: 60, autocapitalize: "none", autocomplete: "off", spellcheck: "false", list: words[name] ? `gate-known-${name}` : null, value: node.parameters[name] ?? "", oninput: ({ target }) => set(node, name, target.value.trim()) }));
  const chooser = (node, { name }) => {
    const options = [["", "Choose …"], ...roles.map(({ id, name: text }) => [id, text])];
    const chosen = node.parameters[name] ?? "";
    if (chosen && !roles.some(({ id }) => id === chosen)) options.push([chosen, "A role that is gone"]);
    return control(node, name, h("select", { onchange: ({ target }) => set(node, name, target.value) }, options.map(([value, text]) => h("option", { value, selected: value === chosen }, text))));
  };

  const mistakeOf = (node) => fault?.node === node && h("p.mistake", { id: `gate-mistake-${node.key}`, role: "alert" }, fault.text);

  function tools(node, parent, depth, title) {
    const press = (label, act) => named(h("button.link-button", { type: "button", onclick: act }, label), `${label}: ${title}`);
    const room = depth + depthOf(node) <= vocabulary.max_depth;
    const wrap = () => {
      const around = newGroup("any", [node]);
      change(() => replace(parent, node, around), around);
    };
    return h("div.gate-tools", {}, room && press("Put in a group", wrap), press("Remove", () => change(() => replace(parent, node), parent)));
  }

  function adder(node, depth) {
    const types = vocabulary.requirements.map(({ type }) => [type, titleOfRequirement(type)]).sort(([, a], [, b]) => a.localeCompare(b));
    if (depth + 1 < vocabulary.max_depth) types.push(["any", "A group"]);
    const choice = h("select", { "aria-label": "What to add" }, types.map(([value, text]) => h("option", { value }, text)));
    const add = () => {
      const added = GROUPS.includes(choice.value) ? newGroup(choice.value) : newNode(choice.value);
      change(() => node.of.push(added), added);
    };
    return h("div.gate-add", {}, choice, h("button.button", { type: "button", onclick: add }, "Add"));
  }

  redraw();
  /** Mark the very place that is wrong, and go there. */
  const refuse = (next) => {
    fault = next;
    element.replaceChildren(...suggested, group(root, null, 1));
    const place = fault && element.querySelector(`[data-node="${fault.node.key}"]`);
    (place?.querySelector("[aria-invalid]") ?? place?.querySelector("input, select, button"))?.focus();
  };
  return { element, refuse };
}
