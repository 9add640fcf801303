/** Settings, connected accounts: the accounts at other sites that sign the person in, connecting one and disconnecting it. */

import { h, keyed } from "../../dom.js";
import { settingsAddress } from "../../router.js";
import { signedInUser } from "../../session.js";
import { disconnect, leaveFor, listConnections, listProviders } from "../../social.js";
import { askYes } from "../dialogs.js";
import { prove, withProof } from "../proof.js";
import { complain, toast } from "../toasts.js";
import { button, entry, named, panel } from "./panels.js";

export const connections = { name: "connections", title: "Connected accounts", about: "Accounts at other sites by which you sign in here.", parts: ["connections"], show };

/** Two answers may be on their way at once; only what was asked for last is shown. */
let asked = 0;

async function show(box) {
  const turn = ++asked;
  if (!box.children.length) box.replaceChildren(h("p", { role: "status" }, "Loading …"));
  try {
    const [mine, sites] = await Promise.all([listConnections(), listProviders()]);
    if (turn === asked) draw(box, mine, sites);
  } catch (problem) {
    if (turn === asked && signedInUser()) box.replaceChildren(h("p.form-mistake", { role: "alert" }, problem.message));
  }
}

function draw(box, mine, sites) {
  if (!box.querySelector(".entries")) box.replaceChildren(panel("Your accounts", "", [], h("ul.entries")), panel("Other sites", "", [], h("ul.entries")));
  const [yours, others] = box.children;
  yours.querySelector("p").textContent = mine.length ? "Each of these signs you in, without your password." : "You have connected none.";
  keyed(yours.querySelector(".entries"), mine, { key: keyOf, build: (connection) => connectedEntry(connection, () => show(box)) });
  others.querySelector("p").textContent = sites.length ? "Connect an account that you have there, and it signs you in." : "No other site can sign you in here.";
  keyed(others.querySelector(".entries"), sites, { key: ({ id }) => id, build: siteEntry });
}

const keyOf = ({ uid, provider }) => `${provider.id} ${uid}`;

function connectedEntry(connection, again) {
  const { name } = connection.provider;
  const end = () => askYes(`Disconnect ${name}?`, "It no longer signs you in here. Your account there stays as it is.", "Disconnect it", async () => {
    if ((await withProof(() => disconnect(connection))) === undefined) return;
    toast(`${name} is disconnected.`);
    await again();
  });
  return entry("people", name, connection.display, named(button("Disconnect", end, "button.button.danger"), `Disconnect ${name}, ${connection.display}`));
}

function siteEntry({ id, name }) {
  const connect = () => prove().then((proven) => proven && leaveFor(id, "connect", settingsAddress(connections.name))).catch(complain);
  return entry("plus", name, "", named(button("Connect", connect), `Connect ${name}`));
}
