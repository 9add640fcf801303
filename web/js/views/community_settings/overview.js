/** About a community: what it is called, what it is for, who finds it and who may join; and changing that. */

import { changeCommunity } from "../../api.js";
import { loadCommunities } from "../../directory.js";
import { fill, h } from "../../dom.js";
import { may } from "../../state.js";
import { dateOf, plural } from "../../words.js";
import { askForm } from "../dialogs.js";
import { button, panel } from "../settings/panels.js";
import { toast } from "../toasts.js";

export const overview = { name: "overview", title: "Overview", about: "What this community is, and who finds it.", parts: ["communities"], show };

const POLICIES = [["closed", "Who is added or invited"], ["open", "Everybody who finds it"]];
const VISIBILITIES = [["listed", "Everybody, in the list"], ["unlisted", "Who has its address"], ["secret", "Members and who is invited"]];
const wordOf = (options, value) => options.find(([known]) => known === value)?.[1] ?? value;

function show(box, community) {
  fill(box, community, () => [card(community)]);
}

function card(community) {
  const { name, description, slug, visibility, join_policy: policy, member_count: count, created_at } = community;
  const rows = [["Address", slug], ["Found by", wordOf(VISIBILITIES, visibility)], ["May join", wordOf(POLICIES, policy)], ["Members", plural(count, "member")], ["Founded", dateOf(created_at)]];
  const facts = h("dl.facts", {}, rows.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value))));
  return panel(name, description || "It has no description.", may(community, "community.manage") ? [button("Change", () => askChange(community))] : [], facts);
}

function askChange(community) {
  const fields = [
    { name: "name", label: "Name", required: true, maxlength: 80, value: community.name },
    { name: "description", label: "What it is for (optional)", type: "textarea", maxlength: 500, rows: 3, value: community.description },
    { name: "visibility", label: "Who finds it", options: VISIBILITIES, value: community.visibility },
    { name: "join_policy", label: "Who may join", options: POLICIES, value: community.join_policy },
  ];
  askForm(`Change ${community.name}`, null, fields, {
    label: "Save",
    submit: async (form) => {
      await changeCommunity(community.id, form);
      await loadCommunities();
      toast("Saved.");
    },
  });
}
