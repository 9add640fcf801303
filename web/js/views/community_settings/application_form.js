/** The form that people answer who apply: its questions, in an order, and how long who was refused waits. Every change is a new version. */

import { closeForm, getForm, putForm } from "../../applications.js";
import { h } from "../../dom.js";
import { may } from "../../state.js";
import { dateOf } from "../../words.js";
import { askYes } from "../dialogs.js";
import { formOf } from "../forms.js";
import { button, panel } from "../settings/panels.js";
import { toast } from "../toasts.js";
import { fetched } from "./fetched.js";
import { questionList } from "./questions.js";

export const applicationForm = {
  name: "application-form", title: "Application form", about: "What people answer who want to come in. Reviewers see the questions beside the answers.",
  isFor: (community) => may(community, "community.manage"),
  show: fetched(({ id }) => getForm(id), draw),
};

const INTRODUCTION = { name: "introduction", label: "What applicants should know first (optional)", type: "textarea", rows: 3, maxlength: 2_000 };
const COOL_DOWN = { name: "cool_down_days", label: "Days until somebody who was refused may apply again", type: "number", min: 0, max: 365, required: true, inputmode: "numeric" };
const FIRST = { kind: "text", label: "", required: true, choices: [] };

function draw(box, form, community, again) {
  box.replaceChildren(standing(form, community, again), editor(form, community, again));
}

function standing(form, { id, name }, again) {
  if (!form) return panel("No applications", "Nobody can apply before you have saved a form.", []);
  if (form.closed_at) return panel("No applications", `Closed on ${dateOf(form.closed_at)}. Save a form to open it again.`, []);
  const close = () => askYes("Take no more applications?", "Those that wait stay, and can be decided.", "Close it", async () => {
    await closeForm(id);
    toast(`${name} takes no applications any more.`);
    await again();
  });
  return panel("Open", `Version ${form.number}, since ${dateOf(form.created_at)}. Who is answering an older one is asked to look again.`, [button("Close it", close, "button.button.danger")]);
}

function editor(form, { id }, again) {
  const questions = questionList(form?.questions ?? [FIRST]);
  const submit = async ({ introduction, cool_down_days }) => {
    if (!questions.isWhole()) throw new Error("A question is not complete.");
    try {
      await putForm(id, { introduction: introduction.trim(), cool_down_days: Number(cool_down_days), questions: questions.values() });
    } catch (problem) {
      questions.tell(problem.errors ?? {});
      throw problem;
    }
    toast("The form is saved.");
    await again();
  };
  const fields = [{ ...INTRODUCTION, value: form?.introduction ?? "" }, { ...COOL_DOWN, value: String(form?.cool_down_days ?? 7) }];
  const element = formOf(fields, { label: "Save the form", submit });
  element.children[1].after(questions.element);
  return h("section.panel", { "aria-label": "The form" }, h("h2", {}, "The form"), element);
}
