/** In place of the box to write in, for who has to accept the rules first: why they cannot write, the rules, and the button. */

import { getRules } from "../rules.js";
import { h } from "../dom.js";
import { currentCommunity } from "../state.js";
import { linked } from "../words.js";
import { acceptButton } from "./community_settings/rules.js";
import { openDialog } from "./dialogs.js";
import { complain } from "./toasts.js";

/** @returns {Element} hidden until somebody owes acceptance */
export function owedRules() {
  const read = h("button.button.primary", { type: "button", onclick: () => askAcceptance().catch(complain) }, "Read the rules");
  return h("section.owed", { "aria-label": "The rules come first", hidden: true },
    h("p", {}, h("strong", {}, "You can read here, and write once you have accepted the rules.")), read);
}

async function askAcceptance() {
  const community = currentCommunity();
  const { rules } = await getRules(community.id);
  const later = h("button.button", { type: "button", onclick: () => dialog.close() }, "Later");
  const accept = acceptButton(community, rules.number, async () => {
    dialog.close();
    document.getElementById("message-box")?.focus();
  });
  const dialog = openDialog(`The rules of ${community.name}`, rules.summary && h("p.notice", {}, `New in them: ${rules.summary}`), h("div.rules-text", { tabindex: "0" }, linked(rules.text)), accept, h("div.actions", {}, later));
}
