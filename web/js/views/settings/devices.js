/** Settings, devices: where the signed-in person is signed in, and signing out what they no longer use. */

import { endOtherSessions, endSession, listSessions } from "../../api.js";
import { h, keyed } from "../../dom.js";
import { signedInUser } from "../../session.js";
import { agoOf, dateOf, plural } from "../../words.js";
import { askYes } from "../dialogs.js";
import { toast } from "../toasts.js";
import { button, entry, named, panel } from "./panels.js";

export const devices = { name: "devices", title: "Devices", about: "Where you are signed in. Sign out what you do not know or no longer use.", parts: ["sessions"], show };

/** Two lists may be on their way at once; only the one that was asked for last is shown. */
let asked = 0;

async function show(box) {
  const turn = ++asked;
  if (!box.children.length) box.replaceChildren(h("p", { role: "status" }, "Loading …"));
  try {
    const sessions = await listSessions();
    if (turn === asked) draw(box, sessions);
  } catch (problem) {
    if (turn === asked && signedInUser()) box.replaceChildren(h("p.form-mistake", { role: "alert" }, problem.message));
  }
}

/** Entries that stay keep their element, so that the focus stays where it is while the list changes elsewhere. */
function draw(box, sessions) {
  const again = () => show(box);
  const here = sessions.filter(({ current }) => current);
  const others = sessions.filter(({ current }) => !current);
  if (!box.querySelector(".entries")) box.replaceChildren(hereBox(), othersBox(again));
  const [mine, theirs] = box.querySelectorAll(".entries");
  const rows = { key: ({ id }) => id, update: (row, session) => (row.querySelector("small").textContent = noteOf(session)) };
  keyed(mine, here, { ...rows, build: (session) => entry(iconOf(session), session.device, "") });
  keyed(theirs, others, { ...rows, build: (session) => otherEntry(session, again) });
  const [about, all] = box.querySelectorAll(".others .panel-head p, .others .panel-head button");
  about.textContent = others.length ? `${plural(others.length, "other device")} can read and write in your name.` : "You are signed in nowhere else.";
  all.hidden = others.length < 2;
}

const hereBox = () => panel("This device", "What you are looking at now.", [], h("ul.entries"));

function othersBox(again) {
  const ask = () => askYes("Sign out all other devices?", "They leave at once, and whoever uses them must sign in again. This device stays.", "Sign them out", async () => {
    await endOtherSessions();
    toast("All other devices are signed out.");
    await again();
  });
  const box = panel("Other devices", "", [button("Sign out all others", ask, "button.button.danger")], h("ul.entries"));
  box.classList.add("others");
  return box;
}

function otherEntry(session, again) {
  const { id, device } = session;
  const ask = () => askYes(`Sign out “${device}”?`, "It leaves at once, and whoever uses it must sign in again.", "Sign it out", async () => {
    await endSession(id);
    toast(`“${device}” is signed out.`);
    await again();
  });
  const label = `Sign out ${device}, signed in ${dateOf(session.created_at)}`;
  return entry(iconOf(session), device, "", named(button("Sign out", ask, "button.button.danger"), label));
}

const iconOf = ({ device }) => (/Android|iPhone|iPad/.test(device) ? "phone" : "screen");

const noteOf = ({ created_at, last_used_at, network }) =>
  `Signed in ${dateOf(created_at)}${network ? ` from the network ${network}` : ""}, last used ${agoOf(last_used_at)}`;
