/** The page on which somebody applies to a community: its questions, and their answers. */

import { apply, getForm } from "../applications.js";
import { loadCard } from "../cards.js";
import { h } from "../dom.js";
import { communityAddress, goInstead } from "../router.js";
import { state } from "../state.js";
import { formOf } from "./forms.js";
import { toast } from "./toasts.js";

const CHANGED = "The form has changed meanwhile. What you wrote is kept where the question is the same: look it over and send it again.";
const LONGEST = 2_000;

/** @param {string} id of a community whose card is loaded, with an open form @returns {Element[]} */
export function applyPage(id) {
  const { community, form } = state.cards.get(id);
  const box = h("div.apply");
  draw(box, id, form, {});
  return [h("div.page", {}, h("h1", { tabindex: "-1" }, `Apply to ${community.name}`), box)];
}

/** @param {Object<string, string>} kept earlier answers, by question @param {string} [notice] */
function draw(box, id, form, kept, notice) {
  const submit = async (values) => {
    try {
      await apply(id, form.number, answersOf(form, values));
    } catch (problem) {
      if (problem.code !== "application.form_changed") throw problem;
      return draw(box, id, await getForm(id), keptOf(form, values), CHANGED);
    }
    await loadCard(id);
    toast("Your application is sent.");
    goInstead(communityAddress(id));
  };
  const cancel = h("a.button", { href: communityAddress(id) }, "Cancel");
  box.replaceChildren(
    ...(notice ? [h("p.notice", { role: "alert" }, notice)] : []),
    ...(form.introduction ? [h("p.lead.introduction", {}, form.introduction)] : []),
    formOf(form.questions.map((question) => fieldOf(question, kept)), { label: "Send the application", extra: [cancel], submit }));
}

const nameOf = ({ id }) => `answers.${id}`;
/** What tells that a question of another version is the same. */
const meaning = ({ kind, label }) => `${kind} ${label}`;

function fieldOf(question, kept) {
  const { kind, label, required, choices } = question;
  const field = { name: nameOf(question), label: required ? label : `${label} (optional)`, required, missing: "Answer this question.", value: kept[meaning(question)] ?? "" };
  if (kind === "text") return { ...field, type: "textarea", rows: 4, maxlength: LONGEST };
  const options = kind === "yes_no" ? [["yes", "Yes"], ["no", "No"]] : choices.map((choice) => [choice, choice]);
  return { ...field, options: [["", "Choose …"], ...options] };
}

function answersOf({ questions }, values) {
  const given = questions.map((question) => [question, values[nameOf(question)].trim()]).filter(([, value]) => value);
  return Object.fromEntries(given.map(([{ id, kind }, value]) => [id, kind === "yes_no" ? value === "yes" : value]));
}

const keptOf = ({ questions }, values) => Object.fromEntries(questions.map((question) => [meaning(question), values[nameOf(question)]]));
