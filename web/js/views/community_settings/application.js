/** One application as reviewers see it: what was asked and answered, what they think of it, and what becomes of it. */

import { claim, release, vote } from "../../applications.js";
import { fill, h, icon, keyed } from "../../dom.js";
import { communitySettingsAddress } from "../../router.js";
import { state } from "../../state.js";
import { avatar, linked, nameOf, timeOf, shortMomentOf } from "../../words.js";
import { formOf } from "../forms.js";
import { button, panel } from "../settings/panels.js";
import { complain, toast } from "../toasts.js";
import { askApproval, askRefusal } from "./decisions.js";

const VERDICT = { name: "verdict", label: "What do you think?", options: [["approve", "Approve"], ["refuse", "Refuse"]] };
const NOTE = { name: "note", label: "A note for the other reviewers (optional)", type: "textarea", rows: 2, maxlength: 500 };
const ENDS = { approved: "Approved", refused: "Refused", withdrawn: "Taken back by the applicant" };

/** Panels keep their elements, so that what somebody writes stays while others claim and vote. */
export function drawApplication(box, { application, questions, answers, votes }, community, again) {
  if (!box.querySelector(".answers")) box.replaceChildren(...build(application, questions, answers, community, again));
  const [outcome, opinions] = [box.querySelector(".outcome"), box.querySelector(".opinions")];
  fill(outcome, application, () => [h("p", {}, standingOf(application)), h("div.panel-buttons", {}, buttons(application, community, again))]);
  keyed(opinions.querySelector(".entries"), votes, { key: ({ reviewer }) => reviewer.id, build: () => h("li.entry"), update: showVote });
  opinions.querySelector(".none").textContent = votes.length ? "" : "Nobody has said anything yet. Opinions decide nothing by themselves.";
  const form = opinions.querySelector("form");
  form.hidden = application.status !== "pending";
}

function build({ id, user, form, submitted_at }, questions, answers, community, again) {
  const name = nameOf(user);
  const back = h("p.way-back", {}, h("a", { href: communitySettingsAddress(community.id, "applications") }, icon("back"), "All applications"));
  const given = new Map(answers.map(({ question, answer }) => [question, answer]));
  const asked = questions.flatMap(({ id: question, label }) => [h("dt", {}, label), h("dd", {}, wordsOf(given.get(question)))]);
  const submit = async ({ verdict, note }) => {
    await vote(community.id, id, { verdict, note: note.trim() });
    toast("The other reviewers see what you think.");
    await again();
  };
  return [back,
    h("section.panel", { "aria-label": `The application of ${name}` },
      h("div.applicant", {}, avatar(user, name), h("div", {}, h("h2", {}, name), h("p", {}, `@${user.username}, applied ${shortMomentOf(submitted_at)} by version ${form} of the form`))),
      h("dl.answers", {}, asked), h("div.outcome", { tabindex: "-1" })),
    panelOfOpinions(submit)];
}

function panelOfOpinions(submit) {
  const box = panel("What reviewers think", "The applicant sees none of it.", [], h("p.none"), h("ul.entries"), formOf([VERDICT, NOTE], { label: "Say so", submit }));
  box.classList.add("opinions");
  return box;
}

const wordsOf = (answer) => (answer === undefined ? h("em", {}, "not answered") : typeof answer === "boolean" ? (answer ? "Yes" : "No") : linked(answer));

function standingOf({ status, claimed_by, claimed_until, decided_by, decided_at, reason }) {
  if (status !== "pending") return [`${ENDS[status]}${decided_by ? ` by ${nameOf(decided_by)}, ${shortMomentOf(decided_at)}` : ""}.`, reason && `Reason: ${reason}`].filter(Boolean).join(" ");
  if (!claimed_by) return "Nobody is at it.";
  return `${claimed_by.id === state.user.id ? "You are" : `${nameOf(claimed_by)} is`} at it until ${timeOf(new Date(claimed_until))}; nobody else decides before.`;
}

function buttons({ id, status, claimed_by }, community, again) {
  if (status !== "pending" || (claimed_by && claimed_by.id !== state.user.id)) return [];
  const change = (act) => () => act(community.id, id).then(again, (problem) => (complain(problem), again()));
  return [
    claimed_by ? button("Leave it to others", change(release)) : button("Take it on", change(claim)),
    button("Approve", () => askApproval(community, [id], again), "button.button.primary"),
    button("Refuse", () => askRefusal(community, [id], again), "button.button.danger"),
  ];
}

function showVote(row, { reviewer, verdict, note, voted_at }) {
  fill(row, [verdict, note, voted_at], () => [avatar(reviewer, nameOf(reviewer), "small"),
    h("span.text", {}, h("strong", {}, `${nameOf(reviewer)}: ${verdict === "approve" ? "approve" : "refuse"}`), note && h("span.note", {}, linked(note)), h("small", {}, shortMomentOf(voted_at)))]);
}
