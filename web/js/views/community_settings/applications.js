/** The queue of who wants to come in: choosing several of them. One application is in application.js, deciding in decisions.js. */

import { getApplication, listApplications } from "../../applications.js";
import { h, keyed, set } from "../../dom.js";
import { communitySettingsAddress } from "../../router.js";
import { may, state } from "../../state.js";
import { avatar, nameOf, plural, shortMomentOf } from "../../words.js";
import { button, panel } from "../settings/panels.js";
import { drawApplication } from "./application.js";
import { askApproval, askRefusal } from "./decisions.js";
import { fetched, follow, moreButton } from "./fetched.js";

const showQueue = fetched(({ id }, count) => listApplications(id, wanted, count), drawQueue);
const showOne = fetched(({ id }) => getApplication(id, state.route.detail), drawApplication);

export const applications = {
  name: "applications", title: "Applications", about: "Who wants to come in, the oldest first.",
  isFor: (community) => may(community, "application.review"), parts: ["applications"],
  show(box, community) {
    follow("applications", community, "application.review");
    return state.route.detail ? showOne(box, community) : showQueue(box, community);
  },
};

/** Which of them are listed. */
let wanted = "pending";
const STATUSES = [["pending", "Waiting"], ["approved", "Approved"], ["refused", "Refused"], ["withdrawn", "Taken back"]];

function drawQueue(box, { items: found, more }, community, again) {
  if (!box.querySelector(".queue")) box.replaceChildren(queue(community, again), moreButton(box, again));
  const list = box.querySelector(".queue");
  keyed(list, found, { key: ({ id }) => id, build: (application) => rowOf(application, community), update });
  box.querySelector(".none").textContent = found.length ? "" : "There is none.";
  box.querySelector(".more").hidden = !more;
  count(box);
}

function queue(community, again) {
  const choice = h("select", { id: "which-applications", onchange: ({ target }) => ((wanted = target.value), again()) }, STATUSES.map(([value, text]) => h("option", { value, selected: value === wanted }, text)));
  const list = h("ul.entries.queue", { onchange: ({ currentTarget }) => count(currentTarget.closest("section")) });
  const both = [button("Approve", () => askApproval(community, chosen(list), again), "button.button.primary"), button("Refuse", () => askRefusal(community, chosen(list), again), "button.button.danger")];
  return h("section.panel", { "aria-label": "The queue" },
    h("div.field.inline", {}, h("label", { for: "which-applications" }, "Show"), choice),
    h("div.bulk", {}, h("label", {}, h("input.tick.all", { type: "checkbox", onchange: ({ target }) => chooseAll(list, target.checked) }), "Choose all"), h("p", { role: "status" }), h("div.panel-buttons", {}, both)),
    h("p.none"), list);
}

/** As many as are decided about at once. */
const MOST = 50;

function chooseAll(list, whether) {
  [...list.querySelectorAll("input")].forEach((tick, at) => (tick.checked = whether && at < MOST));
  count(list.closest("section"));
}

const chosen = (list) => [...list.querySelectorAll("input:checked")].map(({ value }) => value);

function count(box) {
  const list = box.querySelector(".queue");
  const number = chosen(list).length;
  const bulk = box.querySelector(".bulk");
  bulk.querySelector("p").textContent = number ? `${plural(number, "application")} chosen` : "";
  bulk.querySelector(".all").checked = number > 0 && number === Math.min(list.children.length, MOST);
  bulk.hidden = wanted !== "pending" || !list.children.length;
  const held = bulk.contains(document.activeElement) && document.activeElement.matches("button");
  for (const control of bulk.querySelectorAll("button")) control.disabled = !number;
  if (held && !number) document.getElementById("stage").focus(); // a button that can do nothing loses it
}

function rowOf({ id, user, status }, community) {
  const name = nameOf(user);
  const tick = status === "pending" && h("input.tick", { type: "checkbox", value: id, "aria-label": `Choose the application of ${name}` });
  const address = communitySettingsAddress(community.id, "applications", id);
  return h("li.entry", {}, tick, avatar(user, name, "small"),
    h("span.text", {}, h("strong", {}, name, h("span.username", {}, ` @${user.username}`)), h("small")),
    h("a.button", { href: address, "aria-label": `Open the application of ${name}` }, "Open"));
}

function update(row, { submitted_at, claimed_by, decided_by, decided_at }) {
  const standing = claimed_by ? `${claimed_by.id === state.user.id ? "you are" : `${nameOf(claimed_by)} is`} at it` : decided_by && `decided by ${nameOf(decided_by)} ${shortMomentOf(decided_at)}`;
  row.querySelector("small").textContent = [`Applied ${shortMomentOf(submitted_at)}`, standing].filter(Boolean).join(", ");
  set(row, { "data-claimed": claimed_by ? "yes" : null });
}
