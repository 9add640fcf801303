/** Settings, account: closing it for a while, or for good. */

import { deactivate, scheduleDeletion } from "../../account.js";
import { listOf } from "../../words.js";
import { askYes } from "../dialogs.js";
import { withProof } from "../proof.js";
import { h } from "../../dom.js";
import { button, panel } from "./panels.js";

const WHILE = "You are signed out everywhere, and your API keys end. What you wrote stays, and so do your memberships. Sign in when you want to come back.";
const GOOD = "You are signed out everywhere at once. The deletion itself waits: we tell you the day, and until then you can sign in and keep the account. Then your name, your address and your memberships are gone for good; what you wrote stays, without your name.";

/** @returns {import("./account.js").Panel} */
export function leavingPanel() {
  const rest = () => askYes("Deactivate your account?", WHILE, "Deactivate it", () => withProof(deactivate));
  const end = () => askYes("Delete your account?", GOOD, "Delete my account", () => withProof(scheduleDeletion).catch(explained));
  const line = (title, about, opener) => h("li.entry", {}, h("span.text", {}, h("strong", {}, title), h("small", {}, about)), h("div.panel-buttons", {}, opener));
  const element = panel("Leaving", "Your account is yours to close.", [],
    h("ul.entries", {},
      line("For a while", "Nobody can use the account until you sign in again.", button("Deactivate", rest, "button.button.danger")),
      line("For good", "The account is deleted later, on a day that you are told. Until then you can change your mind.", button("Delete account", end, "button.button.danger"))));
  return { element, refresh: () => {} };
}

/** Say where the communities are that need another owner first. */
function explained(problem) {
  if (problem.code !== "account.owns_communities") throw problem;
  const names = problem.data.communities.map(({ name }) => `“${name}”`);
  throw Object.assign(problem, { message: `Make another member owner of ${listOf(names)} first: nobody else could run ${names.length > 1 ? "them" : "it"} without you.` });
}
