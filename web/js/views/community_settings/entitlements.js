/** Entitlements: what one has in a community and may try; for who manages them, what everybody has, and what is on offer. */

import { findMember } from "../../api.js";
import { grant, listEntitlements, listMyEntitlements, listTrials, offerTrial, revoke, startTrial, withdrawTrial } from "../../entitlements.js";
import { fill, h, keyed } from "../../dom.js";
import { may } from "../../state.js";
import { dateOf, nameOf, plural, shortMomentOf } from "../../words.js";
import { askForm, askYes } from "../dialogs.js";
import { button, entry, named, panel } from "../settings/panels.js";
import { complain, toast } from "../toasts.js";
import { fetched, follow, moreButton } from "./fetched.js";

const manages = (community) => may(community, "entitlement.manage");

export const entitlements = {
  name: "entitlements", title: "Entitlements", about: "Rights that gates may ask for: given by hand, tried once, or bought.", parts: ["entitlements"],
  show: fetched(fetchAll, draw),
};

async function fetchAll(community, count) {
  const { id } = community;
  const [mine, trials, all] = await Promise.all([listMyEntitlements(), listTrials(id), manages(community) ? listEntitlements(id, count) : null]);
  return { mine: mine.filter((one) => one.community === id), trials, all };
}

const KEY = { name: "key", label: "Key", required: true, maxlength: 60, autocapitalize: "none", autocomplete: "off", hint: "Small letters, digits, dots, hyphens and underscores, as gates name it.", check: (value) => (/^[a-z0-9._-]+$/.test(value) ? null : "Use small letters, digits, dots, hyphens and underscores.") };
const SOURCES = { grant: "given", trial: "on trial", purchase: "bought" };

function draw(box, { mine, trials, all }, community, again) {
  follow("entitlements", community, "entitlement.manage");
  if (!box.querySelector(".mine")) box.replaceChildren(...build(community, again), moreButton(box, again));
  const [own, offers, everybody, more] = box.children;
  showList(own, mine, { key: ({ id }) => id, build: (one) => entry("passkey", one.key, ""), update: (row, one) => (row.querySelector("small").textContent = timesOf(one)) }, "You have none here.");
  offers.hidden = !trials.length && !all;
  const tried = new Set(mine.filter(({ source }) => source === "trial").map(({ key }) => key));
  showList(offers, trials, { key: ({ id, days }) => `${id} ${days} ${all !== null}`, build: (offer) => offerRow(offer, community, again), update: (row, { key }) => (row.querySelector(".begin").hidden = tried.has(key)) }, "Nothing is on offer.");
  everybody.hidden = !all;
  more.hidden = !all?.more;
  showList(everybody, all?.items ?? [], { key: ({ id }) => id, build: (one) => grantedRow(one, community, again), update: showGranted }, "Nobody has any.");
}

function showList(box, found, how, none) {
  box.querySelector(".none").textContent = found.length ? "" : none;
  keyed(box.querySelector(".entries"), found, how);
}

function build(community, again) {
  const list = () => [h("p.none"), h("ul.entries")];
  const offer = manages(community) && button("Offer a trial", () => askForOffer(community, again));
  const own = panel("What you have", "It counts by itself, wherever a gate asks for it.", [], ...list());
  own.classList.add("mine");
  return [own,
    panel("On offer", "To be tried once, for some days.", offer || [], ...list()),
    panel("What everybody has", "What is over stays in the list.", [button("Give one", () => askForGrant(community, again), "button.button.primary")], ...list())];
}

function timesOf({ source, starts_at, ends_at, revoked_at }) {
  if (revoked_at) return `${SOURCES[source]}, revoked on ${dateOf(revoked_at)}`;
  const until = ends_at ? `until ${shortMomentOf(ends_at)}` : "for good";
  const from = new Date(starts_at) > new Date() ? `from ${shortMomentOf(starts_at)} ` : "";
  return `${SOURCES[source]}, ${from}${isOver({ ends_at }) ? `ended on ${dateOf(ends_at)}` : until}`;
}

const isOver = ({ ends_at, revoked_at }) => Boolean(revoked_at || (ends_at && new Date(ends_at) <= new Date()));

function offerRow({ id, key, days }, community, again) {
  const begin = button("Begin the trial", () => startTrial(community.id, id).then(again, complain));
  begin.classList.add("begin");
  const end = () => askYes(`Offer “${key}” no longer?`, "Nobody begins this trial any more. Those that run go on.", "Withdraw it", () => withdrawTrial(community.id, id).then(again));
  return entry("passkey", key, plural(days, "day"), named(begin, `Begin the trial of ${key}`),
    manages(community) && named(button("Withdraw", end, "button.button.danger"), `Withdraw the trial of ${key}`));
}

function grantedRow({ id, key, user }, community, again) {
  const end = () => askYes(`Revoke “${key}” of ${nameOf(user)}?`, "What it opens is closed to them from this moment on.", "Revoke it", () => revoke(community.id, id).then(again));
  return entry("passkey", nameOf(user), "", named(button("Revoke", end, "button.button.danger"), `Revoke ${key} of ${nameOf(user)}`));
}

function showGranted(row, one) {
  fill(row.querySelector("small"), [one, isOver(one)], () => [`${one.key}, ${timesOf(one)}`, one.granted_by && ` by ${nameOf(one.granted_by)}`, one.reason && `: ${one.reason}`]);
  row.querySelector("button").hidden = isOver(one);
}

function askForOffer({ id }, again) {
  const days = { name: "days", label: "Days", type: "number", min: 1, max: 365, required: true, value: "7", inputmode: "numeric" };
  askForm("Offer a trial", "Whoever sees the community may have it once. Offering a key again changes its days.", [KEY, days], {
    label: "Offer it",
    submit: async (form) => (await offerTrial(id, { key: form.key.trim(), days: Number(form.days) }), again()),
  });
}

function askForGrant(community, again) {
  const fields = [
    { name: "username", label: "Username of a member", required: true, autocapitalize: "none", autocomplete: "off" },
    KEY,
    { name: "until", label: "Until the end of (optional)", type: "date", hint: "Without a day it is for good." },
    { name: "reason", label: "Why", required: true, maxlength: 500, hint: "Kept, and not shown to them." },
  ];
  askForm("Give an entitlement", null, fields, {
    label: "Give it",
    submit: async ({ username, key, until, reason }) => {
      const member = await findMember(community.id, username.trim());
      if (!member) throw new Error(`${community.name} has no member called ${username.trim()}.`);
      await grant(community.id, { user_id: member.user.id, key: key.trim(), reason: reason.trim(), ...(until && { ends_at: new Date(`${until}T23:59:59`).toISOString() }) });
      toast(`${nameOf(member.user)} has “${key.trim()}”.`);
      await again();
    },
  });
}
