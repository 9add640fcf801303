/** The rules of a community: reading and accepting them, what they were before, and changing them. */

import { acceptRules, getRules, listAcceptances, listRulesVersions, putRules } from "../../rules.js";
import { fill, h, keyed } from "../../dom.js";
import { loadCommunities } from "../../directory.js";
import { may } from "../../state.js";
import { avatar, dateOf, linked, nameOf, shortMomentOf } from "../../words.js";
import { openDialog } from "../dialogs.js";
import { formOf } from "../forms.js";
import { wayButton } from "../proof.js";
import { button, panel } from "../settings/panels.js";
import { complain, toast } from "../toasts.js";
import { fetched } from "./fetched.js";

/** Guests read what holds, and nothing of what was before. */
const fetch = (community) => Promise.all([getRules(community.id), may(community, "community.view") ? listRulesVersions(community.id) : []]);

export const rules = { name: "rules", title: "Rules", about: "What is allowed here. Whoever has to accept them reads until they have.", parts: ["rules"], show: fetched(fetch, draw) };

/** The editor keeps its element, so that what somebody writes stays while others accept. */
function draw(box, [mine, versions], community, again) {
  const manages = may(community, "community.manage");
  if (!box.querySelector(".now")) box.replaceChildren(h("div.now", { tabindex: "-1" }), editor(community, again), h("div.before"));
  box.querySelector(".editor").hidden = !manages;
  fill(box.querySelector(".now"), mine, () => [mine.rules ? textOf(community, mine, again) : panel("No rules yet", manages ? "Write them below." : "Nobody has written any.", [])]);
  renew(box.querySelector(".editor form"), mine.rules);
  const older = versions.slice(1);
  const past = box.querySelector(".before");
  past.hidden = !older.length;
  if (!past.children.length) past.append(h("h2", {}, "Before"), h("div.versions"));
  keyed(past.querySelector(".versions"), older, { key: ({ number }) => String(number), build: versionOf });
}

/** The text to change is the newest one, unless somebody has begun to change an older one. */
function renew(form, newest) {
  const { text } = form.elements;
  if (text.value === text.defaultValue) text.value = newest?.text ?? "";
  text.defaultValue = newest?.text ?? "";
}

/** Whether somebody who has accepted so much has to accept again before they write. */
const owes = ({ required_number, accepted_number }) => accepted_number < required_number;

function textOf(community, mine, again) {
  const { number, text, summary, created_at } = mine.rules;
  const way = owes(mine) && acceptButton(community, number, again);
  const state = owes(mine) ? "You read and do not write until you accept them." : mine.accepted_number ? "You have accepted them." : "Nobody has to accept them.";
  const who = may(community, "community.manage") && button("Who accepted", () => showAcceptances(community, number).catch(complain));
  return panel(`Version ${number}`, `Since ${dateOf(created_at)}. ${state}`, who || [], summary && h("p.notice", {}, `New in it: ${summary}`), h("div.rules-text", {}, linked(text)), way);
}

async function showAcceptances(community, number) {
  const { items, more } = await listAcceptances(community.id, number);
  const rows = items.map(({ user, accepted_at }) => h("li.entry", {}, avatar(user, nameOf(user), "small"), h("span.text", {}, h("strong", {}, nameOf(user)), h("small", {}, `@${user.username}, ${shortMomentOf(accepted_at)}`))));
  const close = h("button.button.primary", { type: "button", onclick: () => dialog.close() }, "Close");
  const dialog = openDialog(`Who accepted version ${number}`, more && h("p.about", {}, `The last ${items.length}.`), rows.length ? h("ul.entries", {}, rows) : h("p", {}, "Nobody yet."), h("div.actions", {}, close));
}

/** @param {number} number of the version that was read @param {() => Promise<void>} then */
export function acceptButton(community, number, then) {
  const way = wayButton("I accept the rules", async () => {
    try {
      await acceptRules(community.id, number);
    } catch (problem) {
      if (problem.code !== "rules.changed") throw problem;
      toast(problem.message);
    }
    await loadCommunities();
    await then();
  });
  way.firstChild.classList.add("primary");
  return way;
}

const versionOf = ({ number, text, summary, created_at }) =>
  h("details.panel", {}, h("summary", {}, `Version ${number}, ${dateOf(created_at)}${summary ? `: ${summary}` : ""}`), h("div.rules-text", {}, linked(text)));

function editor({ id }, again) {
  const fields = [
    { name: "text", label: "The rules", type: "textarea", rows: 10, maxlength: 20_000, required: true, missing: "Write the rules.", value: "" },
    { name: "summary", label: "What is new in them (optional)", maxlength: 500, hint: "Members see it where they would write, with the button that accepts." },
    { name: "must_accept", label: "Everybody must accept again before they write", type: "checkbox", checked: true, hint: "Without it the new text holds, and closes nothing. For corrections." },
  ];
  const submit = async ({ text, summary, must_accept }) => {
    const made = await putRules(id, { text: text.trim(), summary: summary.trim(), must_accept });
    toast(`Version ${made.number} holds from now on.`);
    form.elements.summary.value = "";
    await again();
  };
  const form = formOf(fields, { label: "Save as a new version", submit });
  return h("section.panel.editor", { "aria-label": "Change the rules" }, h("h2", {}, "Change the rules"), form);
}
