/** The questions of a form while it is edited: each with a kind, its words and choices; added, moved and taken away. */

import { h, iconButton } from "../../dom.js";
import { button } from "../settings/panels.js";

const MOST = 20;
const KINDS = [["text", "A text"], ["choice", "One of several"], ["yes_no", "Yes or no"]];
let made = 0;

/**
 * @param {object[]} questions to begin with
 * @returns {{element: Element, values: () => object[], isWhole: () => boolean, tell: (mistakes: Object<string, string[]>) => void}} `isWhole` says
 *   what is missing; `tell` shows what the server names, as in `questions[2].label`
 */
export function questionList(questions) {
  const list = h("ol.questions");
  const add = button("Add a question", () => {
    list.append(rowOf({ kind: "text", label: "", required: false, choices: [] }));
    list.lastElementChild.querySelector("input").focus();
    settle();
  });
  const settle = () => number(list, add);
  list.addEventListener("change", settle);
  list.addEventListener("moved", settle);
  list.append(...questions.map(rowOf));
  settle();
  const values = () => [...list.children].map(valueOf);
  const tell = (mistakes) => [...list.children].forEach((row, at) => showMistake(row, Object.entries(mistakes).find(([name]) => name.startsWith(`questions[${at}]`))?.[1]));
  const isWhole = () => [...list.children].map((row) => showMistake(row, missingIn(valueOf(row)))).every((whole) => whole);
  return { element: h("fieldset.questions-box", {}, h("legend", {}, "Questions"), list, add), values, isWhole, tell };
}

function rowOf({ kind, label, required, choices }) {
  const id = `question-${++made}`;
  const row = h("li.question", {},
    h("div.question-head", {}, h("strong"), mover("up", "Move up"), mover("down", "Move down"), iconButton("delete", "Take away", ({ currentTarget }) => takeAway(currentTarget.closest("li")))),
    h("div.field", {}, h("label", { for: id }, "Question"), h("input", { id, name: "label", maxlength: 200, value: label })),
    h("div.question-more", {},
      h("div.field", {}, h("label", { for: `${id}-kind` }, "Answer"), h("select", { id: `${id}-kind`, name: "kind" }, KINDS.map(([value, text]) => h("option", { value, selected: value === kind }, text)))),
      h("div.field.tick", {}, h("label", {}, h("input", { type: "checkbox", name: "required", checked: required }), "Must be answered"))),
    h("div.field.choices-field", {}, h("label", { for: `${id}-choices` }, "Choices, one in a line"), h("textarea", { id: `${id}-choices`, name: "choices", rows: 3, value: choices.join("\n") })),
    h("p.mistake", { role: "alert", hidden: true }));
  return row;
}

function mover(direction, label) {
  return iconButton(direction, label, ({ currentTarget }) => {
    const row = currentTarget.closest("li");
    if (direction === "up") row.previousElementSibling?.before(row);
    else row.nextElementSibling?.after(row);
    row.dispatchEvent(new Event("moved", { bubbles: true }));
    (currentTarget.disabled ? row.querySelector("input") : currentTarget).focus();
  });
}

function takeAway(row) {
  const list = row.parentElement;
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  list.dispatchEvent(new Event("moved"));
  next?.querySelector("input").focus();
}

/** Number the questions, and offer what can be done with each where it stands. */
function number(list, add) {
  const rows = [...list.children];
  rows.forEach((row, at) => {
    const [up, down, away] = row.querySelectorAll(".icon-button");
    row.querySelector("strong").textContent = `Question ${at + 1}`;
    for (const [control, label] of [[up, "Move up"], [down, "Move down"], [away, "Take away"]]) control.setAttribute("aria-label", `${label}, question ${at + 1}`);
    up.disabled = at === 0;
    down.disabled = at === rows.length - 1;
    away.disabled = rows.length === 1;
    row.querySelector(".choices-field").hidden = row.querySelector("[name=kind]").value !== "choice";
  });
  add.disabled = rows.length >= MOST;
}

function valueOf(row) {
  const part = (name) => row.querySelector(`[name=${name}]`);
  const kind = part("kind").value;
  const choices = kind === "choice" ? part("choices").value.split("\n").map((line) => line.trim()).filter(Boolean) : [];
  return { kind, label: part("label").value.trim(), required: part("required").checked, choices };
}

function missingIn({ kind, label, choices }) {
  if (!label) return ["Write the question."];
  if (kind === "choice" && choices.length < 2) return ["Offer at least two choices."];
  return null;
}

/** @returns {boolean} whether there is none */
function showMistake(row, sentences) {
  const mistake = row.querySelector(".mistake");
  mistake.textContent = sentences?.join(" ") ?? "";
  mistake.hidden = !sentences;
  return !sentences;
}
