/** The entrance by accounts at other sites: a button for each site, and the form for who comes from one for the first time. */

import { h } from "../dom.js";
import { leaveFor, listProviders, newcomer, signUpFromThere } from "../social.js";
import { EMAIL, SHOWN_NAME, USERNAME } from "./account_fields.js";
import { formOf } from "./forms.js";
import { wayButton } from "./proof.js";

/** The sites do not change while the page is open. @type {?Promise<import("../social.js").Provider[]>} */
let asked = null;

/** @returns {Element} empty and hidden where there is no other site */
export function siteButtons() {
  const box = h("div.stack.sites", { role: "group", "aria-label": "Continue with an account elsewhere", hidden: true });
  const draw = (sites) => {
    box.replaceChildren(...sites.map(({ id, name }) => wayButton(`Continue with ${name}`, () => leaveFor(id, "login", location.hash || "#/"))));
    box.hidden = !sites.length;
  };
  (asked ??= listProviders()).then(draw, () => (asked = null));
  return box;
}

/** What the other site says is a suggestion. @param {(problem: Error) => void} refused goes on when another step comes first */
export function newcomerForm(refused) {
  const box = h("div.stack", {}, h("p.notice", { role: "status" }, "One moment …"));
  newcomer().then((known) => drawForm(box, known, refused), (problem) => box.replaceChildren(h("p.form-mistake", { role: "alert" }, tooLate(problem).message)));
  return box;
}

function drawForm(box, { site, username, email, name }, refused) {
  const fields = [{ ...USERNAME, value: username }, { ...SHOWN_NAME, label: "Name shown to others (optional)", autocomplete: "name", value: name }, { ...EMAIL, value: email }];
  const submit = (form) => signUpFromThere(trimmed(form)).catch((problem) => refused(tooLate(problem)));
  const form = formOf(fields, { label: "Create account", submit });
  form.querySelector("[type=submit]").classList.add("wide");
  box.replaceChildren(h("p.notice", { role: "status" }, `You come from ${site}. Choose how you are called here; from now on ${site} signs you in.`), form);
  form.elements.username.focus();
}

/** The visit is remembered for a while only, and by this browser. */
const tooLate = (problem) => (problem.status === 409 ? Object.assign(problem, { message: "That took too long. Go back and come from the other site once more." }) : problem);

const trimmed = (form) => Object.fromEntries(Object.entries(form).map(([name, value]) => [name, value.trim()]));
