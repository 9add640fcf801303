/** One API key in a list, and the dialogs that make, replace and end one. */

import { h, icon } from "../../dom.js";
import { SCOPES, endKey, makeKey, replaceKey, scopesInWords } from "../../keys.js";
import { agoOf, dateOf, momentOf, nameOf } from "../../words.js";
import { askYes, openDialog } from "../dialogs.js";
import { formOf } from "../forms.js";
import { withProof } from "../proof.js";
import { toast } from "../toasts.js";
import { button, named } from "./panels.js";
import { showSecret } from "./secrets.js";

const NAME = { name: "name", label: "Name", required: true, maxlength: 64, autocomplete: "off", hint: "What it is for, as in “Backup of the archive”." };
const DAYS = { name: "days", label: "Ends after", value: "90", options: [["7", "7 days"], ["30", "30 days"], ["90", "90 days"], ["365", "a year"]] };
const OVERLAP = { name: "overlap_hours", label: "The old key works for", value: "24", options: [["0", "no longer: it ends at once"], ["1", "1 more hour"], ["24", "1 more day"], ["168", "7 more days"]] };
const KEPT = "It is shown this once: we keep only what recognises it.";

/** @param {object} key @param {() => Promise<void>} again shows the list afresh */
export function keyEntry(key, again) {
  const { id, name, prefix, scopes } = key;
  const end = () => askYes(`End “${name}”?`, "Programs that use it are refused at once. This cannot be undone.", "End the key", async () => {
    await endKey(id);
    toast(`“${name}” has ended.`);
    await again();
  });
  return h("li.entry", {}, icon("passkey"),
    h("span.text", {}, h("strong", {}, name), h("small.prefix", {}, `${prefix}…`), h("small", {}, scopesInWords(scopes)), h("small.times")),
    h("div.panel-buttons", {},
      named(h("button.button.replace", { type: "button", onclick: () => askForSuccessor(key, again) }, "Replace"), `Replace ${name}, ${prefix}`),
      named(button("End", end, "button.button.danger"), `End ${name}, ${prefix}`)));
}

/** What can change while a key is listed. @param {Element} row @param {object} key @param {boolean} isReplaced whether it has a successor */
export function updateKeyEntry(row, { expires_at, last_used_at }, isReplaced) {
  const ends = isReplaced ? `Replaced, works until ${momentOf(new Date(expires_at))}` : `Ends on ${dateOf(expires_at)}`;
  row.querySelector(".times").textContent = `${ends}, ${last_used_at ? `last used ${agoOf(last_used_at)}` : "not used yet"}`;
  row.querySelector(".replace").hidden = isReplaced;
}

/** Ask what a new key is for and may do, then show it. @param {?object} bot whom it acts for; null for oneself */
export function askForKey(bot, again) {
  const ticks = SCOPES.map(([name, label]) => ({ name, label, type: "checkbox" }));
  const submit = async ({ name, days, ...ticked }) => {
    const scopes = SCOPES.map(([scope]) => scope).filter((scope) => ticked[scope]);
    if (!scopes.length) throw new Error("Allow the key at least one thing.");
    await keep(() => makeKey(bot, { name: name.trim(), scopes, days: Number(days) }), dialog, again);
  };
  const cancel = button("Cancel", () => dialog.close());
  const form = formOf([NAME, DAYS, ...ticks], { label: "Make the key", extra: [cancel], submit });
  gather(form, "What it may do");
  const about = bot ? `It acts as ${nameOf(bot)}, wherever the bot is a member.` : "It acts as you, wherever you are a member.";
  const dialog = openDialog("Make a key", h("p.about", {}, about), form);
}

/** Put the ticks of a form together under what they are about. */
function gather(form, legend) {
  const rows = [...form.querySelectorAll(".field.tick")];
  const box = h("fieldset.ticks", {}, h("legend", {}, legend));
  rows[0].before(box);
  box.append(...rows);
}

function askForSuccessor({ id, name }, again) {
  const submit = ({ overlap_hours }) => keep(() => replaceKey(id, Number(overlap_hours)), dialog, again);
  const cancel = button("Cancel", () => dialog.close());
  const dialog = openDialog(`Replace “${name}”`,
    h("p.about", {}, "The new key has the same name, may do the same and lives as long. Put it in place while both work."),
    formOf([OVERLAP], { label: "Make the new key", extra: [cancel], submit }));
}

/** Make a key, after a proof where the server wants one, and show its secret in place of the question. */
async function keep(act, dialog, again) {
  const made = await withProof(act);
  if (!made) return;
  dialog.close();
  await again();
  showSecret("Your new key", `Copy it to where the program finds it. ${KEPT}`, made.secret);
}
