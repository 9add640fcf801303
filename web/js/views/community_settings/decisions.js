/** Deciding about one application or several alike: the question, and what became of it. */

import { decide } from "../../applications.js";
import { plural } from "../../words.js";
import { askForm, askYes } from "../dialogs.js";
import { toast } from "../toasts.js";

const REASON = { name: "reason", label: "Why, in words that the applicants read", type: "textarea", rows: 3, maxlength: 500, required: true, missing: "Say why: they are told." };

/** Why one of several could not be decided, by the code. */
const KEPT = {
  "application.claimed": "another reviewer is at it",
  "application.decided_already": "it is not pending any more",
  "application.applicant_gone": "the account is closed",
  "member.banned": "the applicant is banned here",
};

/** @param {string[]} ids */
export const askApproval = (community, ids, again) =>
  askYes(ids.length === 1 ? "Approve this application?" : `Approve ${ids.length} applications?`, `Whoever applied becomes a member of ${community.name} at once.`, "Approve",
    () => decided(community, ids, { verdict: "approve" }, again), { decline: "Not yet", kind: "button.button.primary" });

export const askRefusal = (community, ids, again) =>
  askForm(ids.length === 1 ? "Refuse this application?" : `Refuse ${ids.length} applications?`, "They are told the reason, not who decided.", [REASON], {
    label: "Refuse",
    submit: ({ reason }) => decided(community, ids, { verdict: "refuse", reason: reason.trim() }, again),
  });

async function decided(community, ids, form, again) {
  const outcomes = await decide(community.id, ids, form);
  const kept = outcomes.filter(({ refused }) => refused);
  const done = outcomes.length - kept.length;
  const reasons = new Set(kept.map(({ refused }) => KEPT[refused] ?? "it is gone"));
  const verb = form.verdict === "approve" ? "approved" : "refused";
  toast([done > 0 && `${plural(done, "application")} ${verb}.`, kept.length > 0 && `${kept.length} not: ${[...reasons].join("; ")}.`].filter(Boolean).join(" "));
  await again();
}
