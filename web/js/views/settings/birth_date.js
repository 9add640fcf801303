/** Settings, account: the birth date, which gates may ask for. It is told once. */

import { tellBirthDate } from "../../account.js";
import { askForm } from "../dialogs.js";
import { toast } from "../toasts.js";
import { button, named, panel } from "./panels.js";

const OLDEST = "1900-01-01";
const ONCE = "It is told once, and only support can take it back. Nobody else is shown it: communities learn whether you are old enough, and nothing more.";

/** @param {() => Promise<void>} again shows the section afresh @returns {import("./account.js").Panel} */
export function birthDatePanel(again) {
  const today = new Date().toISOString().slice(0, 10);
  const field = { name: "birth_date", label: "Birth date", type: "date", required: true, autocomplete: "bday", min: OLDEST, max: today, check: (value) => (value < OLDEST || value > today ? "Nobody who lives was born on that day." : null) };
  const tell = () => askForm("Tell your birth date", ONCE, [field], {
    label: "Tell it",
    submit: async ({ birth_date }) => {
      await tellBirthDate(birth_date);
      toast("Your birth date is kept.");
      await again();
    },
  });
  const opener = named(button("Tell it", tell), "Tell your birth date");
  const element = panel("Birth date", "", [opener]);
  const refresh = ({ birthDate }) => {
    if (birthDate && document.activeElement === opener) element.closest("[tabindex='-1']")?.focus(); // before it is hidden, with the focus
    opener.hidden = Boolean(birthDate);
    element.querySelector("p").textContent = birthDate ? `${dayOf(birthDate)}. Nobody else is shown it.` : "Some communities let in only who is old enough. They learn that, and not your birth date.";
  };
  return { element, refresh };
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeZone: "UTC" });
const dayOf = (date) => day.format(new Date(`${date}T00:00:00Z`));
