/** Settings, account: how one is called, by what one signs in, and leaving. Each panel is its own function. */

import { hasPassword, myBirthDate, myNumber, rename } from "../../account.js";
import { h } from "../../dom.js";
import { signedInUser } from "../../session.js";
import { state } from "../../state.js";
import { nameOf } from "../../words.js";
import { SHOWN_NAME } from "../account_fields.js";
import { askForm } from "../dialogs.js";
import { birthDatePanel } from "./birth_date.js";
import { leavingPanel } from "./leaving.js";
import { button, named, panel } from "./panels.js";
import { passwordPanel } from "./password.js";
import { numberPanel } from "./phone_number.js";

export const account = { name: "account", title: "Account", about: "How you are called, how you sign in, and how you leave.", parts: ["user", "phone"], show };

/** Two answers may be on their way at once; only what was asked for last is shown. */
let asked = 0;

/**
 * A panel stays where it is, with the focus in it, and is told what has changed.
 * @typedef {{element: Element, refresh: (facts: {user: object, number: ?string, birthDate: ?string, hasPassword: boolean}) => void}} Panel
 */

async function show(box) {
  const turn = ++asked;
  if (!box.children.length) box.replaceChildren(h("p", { role: "status" }, "Loading …"));
  try {
    const [number, birthDate, withPassword] = await Promise.all([myNumber(), myBirthDate(), hasPassword()]);
    if (turn === asked && state.user) draw(box, { user: state.user, number, birthDate, hasPassword: withPassword });
  } catch (problem) {
    if (turn === asked && signedInUser()) box.replaceChildren(h("p.form-mistake", { role: "alert" }, problem.message));
  }
}

function draw(box, facts) {
  if (!box.querySelector(".panel")) {
    const again = () => show(box);
    /** @type {Panel[]} */
    box.panels = [namePanel(again), numberPanel(again), birthDatePanel(again), passwordPanel(again), leavingPanel()];
    box.replaceChildren(...box.panels.map(({ element }) => element));
  }
  for (const { refresh } of box.panels) refresh(facts);
}

function namePanel(again) {
  const change = () => askForm("Change your name", "This is how you are shown to others. Your username stays.", [{ ...SHOWN_NAME, required: true, value: state.user.display_name }], {
    label: "Save",
    submit: async ({ display_name }) => {
      state.user = { ...state.user, ...(await rename(display_name.trim())) };
      await again();
    },
  });
  const element = panel("Name", "", [named(button("Change", change), "Change your name")]);
  const refresh = ({ user }) => (element.querySelector("p").textContent = `Others see you as ${nameOf(user)}, @${user.username}.`);
  return { element, refresh };
}
