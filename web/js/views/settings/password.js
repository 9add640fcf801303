/** Settings, account: changing the password, or choosing the first one. */

import { changePassword } from "../../account.js";
import { CHOSEN_PASSWORD } from "../account_fields.js";
import { askForm } from "../dialogs.js";
import { withProof } from "../proof.js";
import { toast } from "../toasts.js";
import { button, panel } from "./panels.js";

const PRESENT = { name: "current_password", label: "Present password", type: "password", required: true, autocomplete: "current-password" };
const NEW = { ...CHOSEN_PASSWORD, name: "new_password", label: "New password" };

/** @param {() => Promise<void>} again shows the section afresh @returns {import("./account.js").Panel} */
export function passwordPanel(again) {
  let known = true;
  const change = () => askForm(known ? "Change your password" : "Choose a password", "All other devices are signed out.", known ? [PRESENT, NEW] : [NEW], {
    label: known ? "Change password" : "Choose password",
    submit: async (form) => {
      if ((await withProof(() => changePassword(form))) === undefined) return;
      toast("Your password is changed, and all other devices are signed out.");
      await again();
    },
  });
  const opener = button("", change);
  const element = panel("Password", "", [opener]);
  const refresh = ({ hasPassword }) => {
    known = hasPassword;
    opener.textContent = known ? "Change password" : "Choose a password";
    element.querySelector("p").textContent = known
      ? "You need it to sign in, unless you have a passkey or an account elsewhere that is connected."
      : "You have none: you sign in by an account elsewhere. With one, you are not lost without that.";
  };
  return { element, refresh };
}
