/** Settings, API keys: the keys that act for the signed-in person, and their bots with the keys of those. */

import { h, keyed } from "../../dom.js";
import { deleteBot, listBots, listKeys, makeBot, renameBot } from "../../keys.js";
import { signedInUser } from "../../session.js";
import { botBadge, dateOf, nameOf } from "../../words.js";
import { SHOWN_NAME, USERNAME } from "../account_fields.js";
import { askForm, askYes } from "../dialogs.js";
import { toast } from "../toasts.js";
import { askForKey, keyEntry, updateKeyEntry } from "./key_entries.js";
import { button, named, panel } from "./panels.js";

export const apiKeys = { name: "api-keys", title: "API keys", about: "Programs that act for you, or as bots under a name of their own.", parts: ["keys"], show };

/** Two answers may be on their way at once; only what was asked for last is shown. */
let asked = 0;

async function show(box) {
  const turn = ++asked;
  if (!box.children.length) box.replaceChildren(h("p", { role: "status" }, "Loading …"));
  try {
    const [own, bots] = await Promise.all([listKeys(null), listBots()]);
    const keys = await Promise.all(bots.map(listKeys));
    if (turn === asked) draw(box, own, bots.map((bot, at) => ({ bot, keys: keys[at] })));
  } catch (problem) {
    if (turn === asked && signedInUser()) box.replaceChildren(h("p.form-mistake", { role: "alert" }, problem.message));
  }
}

/** Panels and entries that stay keep their elements, so that the focus stays where it is while something else changes. */
function draw(box, own, bots) {
  const again = () => show(box);
  if (!box.querySelector(".bots")) box.replaceChildren(ownPanel(again), botsPanel(again), h("div.bots"));
  const [mine, about] = box.children;
  fillKeys(mine, own, again, "You have no key. Programs that should not act as you need a bot.");
  about.querySelector("p").textContent = bots.length
    ? "Each is a member like any other, in a name of its own. It can do what its keys allow."
    : "You have no bot. A bot is a member like any other, in a name of its own, and acts by its keys.";
  keyed(box.querySelector(".bots"), bots, { key: ({ bot }) => bot.id, build: ({ bot }) => botPanel(bot, again), update: (node, { bot, keys }) => {
    node.setAttribute("aria-label", nameOf(bot));
    node.querySelector("h2").replaceChildren(nameOf(bot), botBadge(bot));
    fillKeys(node, keys, again, "It has no key, so nobody can act as it.");
  } });
}

function fillKeys(box, keys, again, none) {
  const replaced = new Set(keys.map((key) => key.rotated_from));
  keyed(box.querySelector(".entries"), keys, { key: ({ id }) => id, build: (key) => keyEntry(key, again), update: (row, key) => updateKeyEntry(row, key, replaced.has(key.id)) });
  box.querySelector(".none").textContent = keys.length ? "" : none;
}

const keyList = () => [h("p.none"), h("ul.entries")];

const ownPanel = (again) =>
  panel("Your keys", "A key lets a program act as you, as far as you allow. Keep it like your password.", [button("Make a key", () => askForKey(null, again))], ...keyList());

function botsPanel(again) {
  const username = { ...USERNAME, autocomplete: "off", hint: "3 to 32 letters, digits, dots, hyphens or underscores. It cannot be changed later." };
  const make = () => askForm("Make a bot", "It comes without a key and without communities: make it a key, then let it in where it is needed.", [username, { ...SHOWN_NAME, label: "Name shown to others (optional)" }], {
    label: "Make the bot",
    submit: async (form) => {
      const bot = await makeBot({ username: form.username.trim(), display_name: form.display_name.trim() });
      toast(`“${nameOf(bot)}” is there.`);
      await again();
    },
  });
  return panel("Bots", "", [button("Make a bot", make)]);
}

/** Of a bot's own things only its shown name changes; it is asked for anew when it matters. */
function botPanel(bot, again) {
  const current = (node) => node.closest("section").getAttribute("aria-label");
  const rename = ({ target }) => askForm("Rename the bot", null, [{ ...SHOWN_NAME, required: true, value: current(target) }], {
    label: "Save",
    submit: async ({ display_name }) => (await renameBot(bot.id, display_name.trim()), again()),
  });
  const end = ({ target }) => askYes(`Delete “${current(target)}”?`, "Its keys are refused at once and it leaves its communities. What it wrote stays, without its name. This cannot be undone.", "Delete the bot", async () => {
    await deleteBot(bot.id);
    toast("The bot is deleted.");
    await again();
  });
  const of = (label) => `${label}, @${bot.username}`;
  const buttons = [
    named(button("Make a key", () => askForKey(bot, again)), of("Make a key")),
    named(button("Rename", rename), of("Rename")),
    named(button("Delete", end, "button.button.danger"), of("Delete")),
  ];
  return panel(nameOf(bot), `@${bot.username}, made on ${dateOf(bot.created_at)}.`, buttons, ...keyList());
}
